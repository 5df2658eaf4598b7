//! Parquet data files: how rows are encoded, and what Iceberg is told of a file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};
use iceberg::spec::{DataContentType, DataFile, DataFileBuilder, DataFileFormat, Datum, PrimitiveType, Schema};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{ParquetMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;

use crate::error::{LakeError, Result};
use crate::schema::field_id;

/// Iceberg's number of the order by the key, in which all our files are.
pub(crate) const SORT_ORDER: i32 = 1;
/// Rows in a row group, at most.
pub(crate) const ROW_GROUP_ROWS: usize = 131_072;
/// Rows in a page, the unit a look-up decodes: a page is full when it has so many and another lead begins.
pub(crate) const PAGE_ROWS: usize = 2_048;
/// A page that would have more rows is cut where its last lead begins, and a lead with more rows into several pages.
pub(crate) const PAGE_ROWS_MOST: usize = 4_096;
/// Text in a page, about.
pub(crate) const PAGE_BYTES: usize = 1 << 20;
/// Text in a row group, and in a file that is read whole: what is decoded at once must stay small unpacked, too.
pub(crate) const GROUP_BYTES: usize = 32 << 20;

/// How files are written. Only encodings that every engine reads: wide decimals are plain, never split or delta.
pub(crate) fn properties(schema: &SchemaRef, key: &[&str]) -> WriterProperties {
    // Each write of the encoder becomes a page, because one row fills it.
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_write_batch_size(PAGE_ROWS_MOST)
        .set_data_page_row_count_limit(1)
        .set_sorting_columns(Some(sorting(schema, key)));
    for (at, field) in schema.fields().iter().enumerate() {
        let column = ColumnPath::from(field.name().as_str());
        builder = match field.data_type() {
            DataType::Date32 | DataType::Timestamp(..) => builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED),
            DataType::Decimal128(..) => builder.set_column_dictionary_enabled(column, false),
            // Runs of a dictionary are small already: unpacking them would take longer than reading them.
            DataType::Int32 | DataType::Boolean => builder.set_column_compression(column, Compression::UNCOMPRESSED),
            _ if at == 0 => builder.set_column_compression(column, Compression::UNCOMPRESSED),
            _ => builder,
        };
    }
    builder.build()
}

fn sorting(schema: &SchemaRef, key: &[&str]) -> Vec<SortingColumn> {
    let column = |name: &&str| schema.index_of(name).ok();
    let sorting = |at: usize| SortingColumn {
        column_idx: at as i32,
        descending: false,
        nulls_first: true,
    };
    key.iter().filter_map(column).map(sorting).collect()
}

/// What Iceberg is told of a file at `uri` of `size` bytes.
pub(crate) fn describe(uri: String, size: u64, metadata: &ParquetMetaData, schema: &Schema) -> Result<DataFile> {
    let mut columns = Columns::default();
    for group in metadata.row_groups() {
        for column in group.columns() {
            let info = column.column_descr().self_type().get_basic_info();
            let Some(field) = info.has_id().then(|| schema.field_by_id(info.id())).flatten() else {
                continue;
            };
            *columns.sizes.entry(field.id).or_default() += column.compressed_size() as u64;
            *columns.counts.entry(field.id).or_default() += column.num_values() as u64;
            let nulls = column.statistics().and_then(Statistics::null_count_opt).unwrap_or(0);
            *columns.nulls.entry(field.id).or_default() += nulls;
            // Where all is null there is nothing to bound.
            if nulls < column.num_values() as u64 {
                let kind = field.field_type.as_primitive_type();
                columns.bound(field.id, kind.and_then(|kind| bounds(kind, column.statistics()?)));
            }
        }
    }
    let unbounded = columns.unbounded;
    columns.lower.retain(|id, _| !unbounded.contains(id));
    columns.upper.retain(|id, _| !unbounded.contains(id));
    let offsets = metadata.row_groups().iter().filter_map(|group| group.file_offset());
    let file = DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_path(uri)
        .file_format(DataFileFormat::Parquet)
        .record_count(metadata.file_metadata().num_rows() as u64)
        .file_size_in_bytes(size)
        .column_sizes(columns.sizes)
        .value_counts(columns.counts)
        .null_value_counts(columns.nulls)
        .lower_bounds(columns.lower)
        .upper_bounds(columns.upper)
        .split_offsets(Some(offsets.collect()))
        .sort_order_id(SORT_ORDER)
        .build()?;
    Ok(file)
}

#[derive(Default)]
struct Columns {
    sizes: HashMap<i32, u64>,
    counts: HashMap<i32, u64>,
    nulls: HashMap<i32, u64>,
    lower: HashMap<i32, Datum>,
    upper: HashMap<i32, Datum>,
    /// Columns of which some row group says nothing: the others do not bound them.
    unbounded: HashSet<i32>,
}

impl Columns {
    /// Widens the bounds of a column by those of a row group.
    fn bound(&mut self, id: i32, bounds: Option<(Datum, Datum)>) {
        let Some((low, high)) = bounds else {
            self.unbounded.insert(id);
            return;
        };
        if self.lower.get(&id).is_none_or(|known| low < *known) {
            self.lower.insert(id, low);
        }
        if self.upper.get(&id).is_none_or(|known| high > *known) {
            self.upper.insert(id, high);
        }
    }
}

/// The bounds of a row group's column. Of long texts they are cut, the upper one then incremented.
fn bounds(kind: &PrimitiveType, statistics: &Statistics) -> Option<(Datum, Datum)> {
    let datum = |bytes: &[u8]| match (kind, statistics) {
        // Parquet keeps decimals of up to 18 digits as integers, whose lowest byte comes first.
        (PrimitiveType::Decimal { .. }, Statistics::Int32(_) | Statistics::Int64(_)) => {
            let bytes: Vec<u8> = bytes.iter().rev().copied().collect();
            Datum::try_from_bytes(minimal(&bytes), kind.clone()).ok()
        }
        (PrimitiveType::Decimal { .. }, _) => Datum::try_from_bytes(minimal(bytes), kind.clone()).ok(),
        _ => Datum::try_from_bytes(bytes, kind.clone()).ok(),
    };
    Some((datum(statistics.min_bytes_opt()?)?, datum(statistics.max_bytes_opt()?)?))
}

/// A big-endian two's complement number without its redundant leading bytes, as Iceberg wants it.
fn minimal(bytes: &[u8]) -> &[u8] {
    let redundant = |pair: &[u8]| (pair[0] == 0 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80);
    let spare = bytes.windows(2).take_while(|pair| redundant(pair)).count();
    &bytes[spare..]
}

/// The lowest and highest lead of a file; files without bounds may hold any.
pub(crate) fn lead_bounds(file: &DataFile, lead: i32) -> Option<(Arc<str>, Arc<str>)> {
    let text = |datum: &Datum| match datum.literal() {
        iceberg::spec::PrimitiveLiteral::String(text) => Some(Arc::from(text.as_str())),
        _ => None,
    };
    Some((
        text(file.lower_bounds().get(&lead)?)?,
        text(file.upper_bounds().get(&lead)?)?,
    ))
}

/// The lead column of a batch, which is always plain text here.
pub(crate) fn lead_column(batch: &RecordBatch) -> Result<&StringArray> {
    let text = batch
        .columns()
        .first()
        .and_then(|column| column.as_any().downcast_ref::<StringArray>());
    text.ok_or_else(|| LakeError::Invalid("the first column of a table is its lead and must be text".to_string()))
}

/// The rows of a sorted batch whose lead is `lead`.
pub(crate) fn lead_rows(batch: &RecordBatch, lead: &str) -> Result<(usize, usize)> {
    let column = lead_column(batch)?;
    let from = partition_point(column.len(), |at| column.value(at) < lead);
    let to = partition_point(column.len(), |at| column.value(at) <= lead);
    Ok((from, to - from))
}

/// The first position in `0..count` for which `before` no longer holds.
pub(crate) fn partition_point(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        match before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

/// Where the column with Iceberg's field `id` stands in a file, by id, or by name in files that carry no ids.
pub(crate) fn position(file: &SchemaRef, id: Option<i32>, name: &str) -> Option<usize> {
    let by_id = file
        .fields()
        .iter()
        .position(|field| id.is_some() && field_id(field) == id);
    let unmarked = || file.fields().iter().all(|field| field_id(field).is_none());
    by_id.or_else(|| unmarked().then(|| file.index_of(name).ok()).flatten())
}
