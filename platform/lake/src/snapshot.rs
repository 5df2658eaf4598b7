//! A table at one moment: which files it had, and how they are read together.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use chrono::{DateTime, Utc};
use futures::stream::{BoxStream, StreamExt};
use futures::{TryStreamExt, future};
use iceberg::spec::{FormatVersion, ManifestList, SchemaRef as IcebergSchema, Snapshot as Written, TableMetadata};

use crate::error::{LakeError, Result};
use crate::files::{FileEntry, Manifest};
use crate::foreign;
use crate::merge::{KeyCodec, Rank, Run, merge};
use crate::reader::{LeadRange, Reader};
use crate::schema::arrow_schema;
use crate::storage::Storage;

/// What every snapshot of a table shares.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) storage: Storage,
    pub(crate) reader: Reader,
    /// Field ids of the key, the lead first.
    pub(crate) key: Arc<[i32]>,
}

/// A table as of one commit. It stays readable as long as it is held.
pub struct Snapshot {
    id: Option<i64>,
    sequence: i64,
    at: DateTime<Utc>,
    schema: IcebergSchema,
    columns: SchemaRef,
    manifests: Vec<Arc<Manifest>>,
    /// From the oldest write to the newest: a file's position is its rank.
    files: Vec<Arc<FileEntry>>,
    access: Access,
}

impl Snapshot {
    /// The snapshot that `written` stands for, or the empty table. Manifests that were `seen` are not read again.
    pub(crate) async fn load(
        access: &Access,
        metadata: &TableMetadata,
        (written, seen): (Option<&Arc<Written>>, &[Arc<Manifest>]),
    ) -> Result<Self> {
        let Some(written) = written else {
            return Self::assemble(access, metadata, (None, Vec::new()));
        };
        let list = access.storage.read(written.manifest_list()).await?;
        let list = ManifestList::parse_with_version(&list, FormatVersion::V2)?;
        let known: HashMap<&str, &Arc<Manifest>> = seen
            .iter()
            .map(|manifest| (manifest.file.manifest_path.as_str(), manifest))
            .collect();
        let load = |file: iceberg::spec::ManifestFile| {
            let known = known
                .get(file.manifest_path.as_str())
                .map(|manifest| Arc::clone(manifest));
            async move {
                if let Some(manifest) = known {
                    return Ok(manifest);
                }
                let bytes = access.storage.read(&file.manifest_path).await?;
                Ok::<_, LakeError>(Arc::new(Manifest::parse(file, &bytes, access.key[0])?))
            }
        };
        let manifests = future::try_join_all(list.consume_entries().into_iter().map(load)).await?;
        let loaded = Self::assemble(access, metadata, (Some(written), manifests))?;
        foreign::check(&loaded, seen).await?;
        Ok(loaded)
    }

    /// The snapshot made of these manifests.
    pub(crate) fn assemble(
        access: &Access,
        metadata: &TableMetadata,
        (written, manifests): (Option<&Arc<Written>>, Vec<Arc<Manifest>>),
    ) -> Result<Self> {
        let schema = match written {
            Some(written) => written.schema(metadata)?,
            None => metadata.current_schema().clone(),
        };
        let columns = arrow_schema(&schema)?;
        let mut files: Vec<Arc<FileEntry>> = manifests
            .iter()
            .flat_map(|manifest| manifest.live.iter().cloned())
            .collect();
        files.sort_by(|a, b| (a.sequence, &a.path).cmp(&(b.sequence, &b.path)));
        Ok(Self {
            id: written.map(|written| written.snapshot_id()),
            sequence: written.map_or(0, |written| written.sequence_number()),
            at: written.map_or(DateTime::UNIX_EPOCH, |written| written.timestamp().unwrap_or_default()),
            schema,
            columns,
            manifests,
            files,
            access: access.clone(),
        })
    }

    /// The same files under another schema, after the table's columns changed.
    pub(crate) fn with_schema(&self, schema: IcebergSchema) -> Result<Self> {
        Ok(Self {
            columns: arrow_schema(&schema)?,
            schema,
            manifests: self.manifests.clone(),
            files: self.files.clone(),
            access: self.access.clone(),
            ..*self
        })
    }

    /// Iceberg's identifier of the snapshot; `None` before the first write.
    pub fn id(&self) -> Option<i64> {
        self.id
    }

    /// Iceberg's sequence number: higher is later.
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// When it was committed.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Its columns.
    pub fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// How many rows its files hold, superseded ones included.
    pub fn stored_rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows()).sum()
    }

    /// How many bytes its data files have.
    pub fn stored_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes()).sum()
    }

    /// The addresses of its data files, from the oldest write to the newest.
    pub fn file_paths(&self) -> Vec<String> {
        self.files.iter().map(|file| file.path.to_string()).collect()
    }

    pub(crate) fn manifests(&self) -> &[Arc<Manifest>] {
        &self.manifests
    }

    pub(crate) fn files(&self) -> &[Arc<FileEntry>] {
        &self.files
    }

    pub(crate) fn schema(&self) -> &IcebergSchema {
        &self.schema
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn key_names(&self) -> Result<Vec<&str>> {
        let name = |id: &i32| self.schema.name_by_field_id(*id);
        let names: Option<Vec<&str>> = self.access.key.iter().map(name).collect();
        names.ok_or_else(|| LakeError::Invalid("the table lacks a column of its key".to_string()))
    }

    /// The columns called `names`, after those of `first` that are not among them.
    pub(crate) fn project(&self, first: &[&str], names: &[&str]) -> Result<SchemaRef> {
        let extra = names.iter().filter(|name| !first.contains(name));
        let fields = first.iter().chain(extra).map(|name| {
            let field = self.columns.field_with_name(name);
            field
                .cloned()
                .map_err(|_| LakeError::Invalid(format!("there is no column {name}")))
        });
        Ok(Arc::new(ArrowSchema::new(fields.collect::<Result<Vec<_>>>()?)))
    }

    /// The rows of one lead in the columns called `names`, sorted by the key, the newest write of each key.
    pub async fn read(&self, lead: &str, names: &[&str]) -> Result<RecordBatch> {
        Ok(self.read_many(&[lead], names).await?.swap_remove(0))
    }

    /// The rows of each of `leads`, as [`Snapshot::read`] gives them. Every page that holds some of them is read once.
    pub async fn read_many(&self, leads: &[&str], names: &[&str]) -> Result<Vec<RecordBatch>> {
        let key = self.key_names()?;
        let inner = self.project(&key[1..], names)?;
        let mut found: Vec<Vec<RecordBatch>> = vec![Vec::new(); leads.len()];
        for file in &self.files {
            let spanned: Vec<usize> = (0..leads.len()).filter(|at| file.spans(leads[*at])).collect();
            if spanned.is_empty() {
                continue;
            }
            let those: Vec<&str> = spanned.iter().map(|at| leads[*at]).collect();
            let rows = self.access.reader.leads(file, &those, &inner).await?;
            spanned
                .into_iter()
                .zip(rows)
                .for_each(|(at, rows)| found[at].extend(rows));
        }
        let merge = |found: Vec<RecordBatch>| match found.as_slice() {
            [] => select(&RecordBatch::new_empty(inner.clone()), names),
            [only] => select(only, names),
            many => select(&KeyCodec::new(&inner, &key[1..])?.merge_all(&inner, many)?, names),
        };
        found.into_iter().map(merge).collect()
    }

    /// The rows of a range of leads in the columns called `names`, sorted by the key, the newest write of each key.
    pub async fn scan(&self, range: &LeadRange, names: &[&str]) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let everything: Vec<(Rank, Arc<FileEntry>)> = (0..).zip(self.files.iter().cloned()).collect();
        let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        let merged = self.merged(everything, (range, &names)).await?;
        let narrow = move |batch| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            future::ready(select(&batch, &names))
        };
        Ok(merged.and_then(narrow).boxed())
    }

    /// Some files of this snapshot merged; the key comes first in the batches.
    pub(crate) async fn merged(
        &self,
        files: Vec<(Rank, Arc<FileEntry>)>,
        (range, names): (&LeadRange, &[String]),
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let key = self.key_names()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let inner = self.project(&key, &names)?;
        let met =
            |(_, file): &(Rank, Arc<FileEntry>)| file.bounds.as_ref().is_none_or(|(low, high)| range.meets(low, high));
        let runs = disjoint_runs(files.into_iter().filter(met).collect());
        let runs = runs.into_iter().map(|run| self.chain(run, range, &inner)).collect();
        Ok(merge(runs, &inner, KeyCodec::new(&inner, &key)?).boxed())
    }

    /// Files without a common lead, one after the other; only one is open at a time.
    fn chain(&self, files: Vec<(Rank, Arc<FileEntry>)>, range: &LeadRange, wanted: &SchemaRef) -> Run {
        let (reader, range, wanted) = (self.access.reader.clone(), range.clone(), wanted.clone());
        let open = move |(rank, file): (Rank, Arc<FileEntry>)| {
            let (reader, range, wanted) = (reader.clone(), range.clone(), wanted.clone());
            async move { reader.range(&file, rank, (&range, &wanted)).await }
        };
        futures::stream::iter(files).then(open).try_flatten().boxed()
    }
}

/// Files cut into as few runs as possible, each sorted by lead and without overlaps.
pub(crate) fn disjoint_runs(mut files: Vec<(Rank, Arc<FileEntry>)>) -> Vec<Vec<(Rank, Arc<FileEntry>)>> {
    files.sort_by(|(_, a), (_, b)| a.bounds.cmp(&b.bounds));
    let mut runs: Vec<Vec<(Rank, Arc<FileEntry>)>> = Vec::new();
    for (rank, file) in files {
        let fits = |run: &&mut Vec<(Rank, Arc<FileEntry>)>| match (run.last(), &file.bounds) {
            (Some((_, last)), Some((low, _))) => last.bounds.as_ref().is_some_and(|(_, high)| high < low),
            _ => false,
        };
        match runs.iter_mut().find(fits) {
            Some(run) => run.push((rank, file)),
            None => runs.push(vec![(rank, file)]),
        }
    }
    runs
}

/// The columns called `names` in that order.
fn select(batch: &RecordBatch, names: &[&str]) -> Result<RecordBatch> {
    let schema = batch.schema();
    let at = names
        .iter()
        .map(|name| schema.index_of(name))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(batch.project(&at)?)
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("id", &self.id)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}
