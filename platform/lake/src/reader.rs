//! Reading one data file: the rows of one lead by row groups and pages, or a range of leads as a stream.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, new_null_array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int32Type, Schema as ArrowSchema, SchemaRef};
use futures::{StreamExt, TryStreamExt};
use moka::sync::Cache;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, RowGroupMetaData};

use crate::data_file::{GROUP_BYTES, lead_column, lead_rows, partition_point, position};
use crate::error::{LakeError, Result};
use crate::files::FileEntry;
use crate::memory::Memory;
use crate::merge::{BATCH_ROWS, Rank, Run};
use crate::pages::{Place, Selected};
use crate::schema::field_id;
use crate::storage::{File, Storage};

/// Files of so many rows or fewer are read whole and kept in memory while they are recent, unless their texts are long.
pub(crate) const SMALL_ROWS: u64 = 65_536;

/// Which leads are wanted: from one to another, both included; `None` is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadRange {
    /// The first lead wanted.
    pub from: Option<String>,
    /// The last lead wanted.
    pub to: Option<String>,
}

impl LeadRange {
    /// Whether a span of leads and this range have any in common.
    pub(crate) fn meets(&self, low: &str, high: &str) -> bool {
        self.from.as_deref().is_none_or(|from| from <= high) && self.to.as_deref().is_none_or(|to| low <= to)
    }

    fn cut(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let leads = lead_column(batch)?;
        let from = self
            .from
            .as_deref()
            .map_or(0, |from| partition_point(leads.len(), |at| leads.value(at) < from));
        let to = self.to.as_deref().map_or(leads.len(), |to| {
            partition_point(leads.len(), |at| leads.value(at) <= to)
        });
        Ok(batch.slice(from, to.saturating_sub(from)))
    }
}

/// What a file's footer says, with its lead as text for streams and as a dictionary for look-ups. The file itself is
/// opened by each read: an open one would keep its place on the disk after it left the table.
#[derive(Clone)]
struct Footer {
    plain: ArrowReaderMetadata,
    coded: ArrowReaderMetadata,
}

/// Reads data files through caches that all tables of a lake share.
#[derive(Clone)]
pub(crate) struct Reader {
    storage: Storage,
    footers: Cache<Arc<str>, Footer>,
    recent: Cache<Arc<str>, RecordBatch>,
}

impl Reader {
    pub(crate) fn new(storage: Storage, memory: &Memory) -> Self {
        let weigh = |_: &Arc<str>, footer: &Footer| footer.plain.metadata().memory_size() as u32 + 4096;
        let footers = Cache::builder()
            .max_capacity(memory.footers() as u64)
            .weigher(weigh)
            .build();
        let weigh = |_: &Arc<str>, batch: &RecordBatch| batch.get_array_memory_size().min(u32::MAX as usize) as u32;
        let recent = Cache::builder()
            .max_capacity(memory.recent() as u64)
            .weigher(weigh)
            .build();
        Self {
            storage,
            footers,
            recent,
        }
    }

    /// Remembers the rows of a file just written.
    pub(crate) fn remember(&self, path: Arc<str>, batch: RecordBatch) {
        if batch.num_rows() as u64 <= SMALL_ROWS {
            self.recent.insert(path, batch);
        }
    }

    fn open(&self, entry: &FileEntry) -> Result<File> {
        self.storage.open_file(&entry.path, entry.data.file_size_in_bytes())
    }

    async fn footer(&self, entry: &FileEntry) -> Result<Footer> {
        if let Some(footer) = self.footers.get(&entry.path) {
            return Ok(footer);
        }
        let mut file = self.open(entry)?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let plain = ArrowReaderMetadata::load_async(&mut file, options.clone()).await?;
        let coded = match coded_schema(plain.schema()) {
            Some(schema) => ArrowReaderMetadata::try_new(plain.metadata().clone(), options.with_schema(schema))?,
            None => plain.clone(),
        };
        let footer = Footer { plain, coded };
        self.footers.insert(entry.path.clone(), footer.clone());
        Ok(footer)
    }

    /// A small file whole, in the columns it was written with; `None` when it is not small.
    async fn whole(&self, entry: &FileEntry) -> Result<Option<RecordBatch>> {
        if entry.rows() > SMALL_ROWS {
            return Ok(None);
        }
        if let Some(batch) = self.recent.get(&entry.path) {
            return Ok(Some(batch));
        }
        let footer = self.footer(entry).await?;
        if unpacked(footer.plain.metadata().row_groups()) > GROUP_BYTES as u64 {
            return Ok(None);
        }
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(self.open(entry)?, footer.plain.clone());
        let batches: Vec<RecordBatch> = builder
            .with_batch_size(SMALL_ROWS as usize)
            .build()?
            .try_collect()
            .await?;
        let batch = concat_batches(footer.plain.schema(), &batches)?;
        self.recent.insert(entry.path.clone(), batch.clone());
        Ok(Some(batch))
    }

    /// Whether the first column of a file is `lead`, as plain text.
    pub(crate) async fn begins_with(&self, entry: &FileEntry, lead: &Field) -> Result<bool> {
        let footer = self.footer(entry).await?;
        let (file, is_text) = (footer.plain.schema(), footer.plain.schema().field(0).data_type());
        Ok(position(file, field_id(lead), lead.name()) == Some(0) && *is_text == DataType::Utf8)
    }

    /// Whether a file has rows of `lead`; the answer may be yes in error for large files.
    pub(crate) async fn may_hold(&self, entry: &FileEntry, lead: &str) -> Result<bool> {
        if !entry.spans(lead) {
            return Ok(false);
        }
        match self.whole(entry).await? {
            Some(batch) => Ok(lead_rows(&batch, lead)?.1 > 0),
            None => Ok(true),
        }
    }

    /// The rows of each of `leads` in the columns of `wanted`; `None` for those that the file does not have.
    pub(crate) async fn leads(
        &self,
        entry: &FileEntry,
        leads: &[&str],
        wanted: &SchemaRef,
    ) -> Result<Vec<Option<RecordBatch>>> {
        if let Some(batch) = self.whole(entry).await? {
            let rows = leads.iter().map(|lead| lead_rows(&batch, lead));
            return rows.map(|rows| cut(&batch, rows?, wanted)).collect();
        }
        let footer = self.footer(entry).await?;
        let metadata = footer.plain.metadata();
        let places: Vec<Place> = leads.iter().map(|lead| Place::of(lead, metadata)).collect();
        let selected = Selected::union(&places);
        if selected.rows() == 0 {
            return Ok(vec![None; leads.len()]);
        }
        let mixed = places.iter().any(|place| place.mixed);
        let mask = mask(&footer.coded, wanted, mixed);
        let batch = selected.decode(&self.open(entry)?, &footer.coded, mask).await?;
        let rows = leads.iter().zip(&places).map(|(lead, place)| match mixed {
            true => coded_rows(&batch, lead),
            false => selected.find(place),
        });
        rows.map(|rows| cut(&batch, rows, wanted)).collect()
    }

    /// The rows of a range of leads, in the columns of `wanted`, whose first is the lead.
    pub(crate) async fn range(
        &self,
        entry: &FileEntry,
        rank: Rank,
        (range, wanted): (&LeadRange, &SchemaRef),
    ) -> Result<Run> {
        let (range, wanted) = (range.clone(), wanted.clone());
        if let Some(batch) = self.whole(entry).await? {
            let batch = range.cut(&conform(&batch, &wanted)?)?;
            return Ok(futures::stream::iter([Ok((rank, batch))]).boxed());
        }
        let footer = self.footer(entry).await?;
        let groups = footer.plain.metadata().row_groups().iter().enumerate();
        let groups = groups.filter(|(_, group)| group_span(group).is_none_or(|(low, high)| range.meets(&low, &high)));
        let groups = groups.map(|(at, _)| at).collect();
        let mask = mask(&footer.plain, &wanted, false);
        let stream = ParquetRecordBatchStreamBuilder::new_with_metadata(self.open(entry)?, footer.plain)
            .with_projection(mask)
            .with_row_groups(groups)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        let cut = move |batch: RecordBatch| Ok((rank, range.cut(&conform(&batch, &wanted)?)?));
        Ok(stream
            .map(move |batch| batch.map_err(LakeError::from).and_then(&cut))
            .boxed())
    }
}

/// The file's schema with its lead as a dictionary, when its lead is text.
fn coded_schema(schema: &SchemaRef) -> Option<SchemaRef> {
    let lead = schema
        .fields()
        .first()
        .filter(|lead| *lead.data_type() == DataType::Utf8)?;
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let coded = Field::new(lead.name(), coded, lead.is_nullable()).with_metadata(lead.metadata().clone());
    let rest = schema.fields().iter().skip(1).cloned();
    let fields: Vec<_> = std::iter::once(Arc::new(coded)).chain(rest).collect();
    Some(Arc::new(ArrowSchema::new_with_metadata(
        fields,
        schema.metadata().clone(),
    )))
}

/// Which columns of a file to decode: those wanted, and the lead for look-ups.
fn mask(file: &ArrowReaderMetadata, wanted: &SchemaRef, with_lead: bool) -> ProjectionMask {
    let wanted = wanted
        .fields()
        .iter()
        .filter_map(|field| position(file.schema(), field_id(field), field.name()));
    ProjectionMask::roots(file.parquet_schema(), wanted.chain(with_lead.then_some(0)))
}

/// A batch in the columns that are wanted: found by field id, widened, or empty where the file is older than the column.
fn conform(batch: &RecordBatch, wanted: &SchemaRef) -> Result<RecordBatch> {
    let schema = batch.schema();
    let column = |field: &Arc<Field>| match position(&schema, field_id(field), field.name()) {
        Some(at) if batch.column(at).data_type() == field.data_type() => Ok(batch.column(at).clone()),
        Some(at) => Ok(cast(batch.column(at), field.data_type())?),
        None => Ok::<_, LakeError>(new_null_array(field.data_type(), batch.num_rows())),
    };
    let columns = wanted.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(wanted.clone(), columns, &options)?)
}

/// Rows from one on, so many, in the columns that are wanted; `None` when there are none.
fn cut(batch: &RecordBatch, (from, count): (usize, usize), wanted: &SchemaRef) -> Result<Option<RecordBatch>> {
    (count > 0)
        .then(|| conform(&batch.slice(from, count), wanted))
        .transpose()
}

/// How long the texts of row groups are together; where it is not said, how large all columns are before compression.
fn unpacked(groups: &[RowGroupMetaData]) -> u64 {
    let text = |column: &ColumnChunkMetaData| column.unencoded_byte_array_data_bytes();
    let columns = groups.iter().flat_map(RowGroupMetaData::columns);
    columns
        .map(|column| text(column).unwrap_or_else(|| column.uncompressed_size()).max(0) as u64)
        .sum()
}

fn group_span(group: &RowGroupMetaData) -> Option<(String, String)> {
    let statistics = group.column(0).statistics()?;
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes?.to_vec()).ok();
    Some((text(statistics.min_bytes_opt())?, text(statistics.max_bytes_opt())?))
}

/// The rows of `lead` in a batch whose lead is a dictionary.
fn coded_rows(batch: &RecordBatch, lead: &str) -> (usize, usize) {
    if let Some(column) = batch.column(0).as_dictionary_opt::<Int32Type>() {
        let (keys, values) = (column.keys(), column.values().as_string::<i32>());
        let at = |row: usize| values.value(keys.value(row) as usize);
        let from = partition_point(keys.len(), |row| at(row) < lead);
        return (from, partition_point(keys.len(), |row| at(row) <= lead) - from);
    }
    lead_rows(batch, lead).unwrap_or((0, 0))
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}
