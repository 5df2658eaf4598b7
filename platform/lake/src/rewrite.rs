//! Copy-on-write: deletes and compactions write new files in the place of old ones.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::stream::{BoxStream, Stream, StreamExt};
use iceberg::spec::{DataFile, Operation};

use crate::commit::NewFile;
use crate::compact::plan;
use crate::data_file::{describe, lead_column, properties};
use crate::encode::Encoder;
use crate::error::{LakeError, Result};
use crate::fault;
use crate::files::FileEntry;
use crate::lake::{Core, Table};
use crate::passes::Passes;
use crate::reader::LeadRange;
use crate::snapshot::Snapshot;
use crate::writer::{Committed, Job, Rewrite, data_path, new_name};

/// The size that files of the sorted base aim at.
pub(crate) const TARGET_BYTES: u64 = 128 << 20;
/// Tries of a delete or a compaction that others keep changing files under.
const ATTEMPTS: usize = 10;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compacted {
    /// Files that were merged.
    pub files_before: usize,
    /// Files that took their place.
    pub files_after: usize,
    /// Rows read.
    pub rows_before: u64,
    /// Rows written: superseded ones are gone.
    pub rows_after: u64,
    /// Bytes read.
    pub bytes_before: u64,
    /// Bytes written.
    pub bytes_after: u64,
}

/// How much a compaction by hand takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What is due by the rules of the background.
    Due,
    /// Everything into disjoint files.
    Full,
}

impl Table {
    /// Removes every row of these leads, in one commit. `None` when there was none.
    pub async fn delete(&self, leads: &[String]) -> Result<Option<Committed>> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.core.refresh().await?.snapshot.clone();
            fault::point("delete.before_rewrite");
            let Some(rewrite) = self.without(&snapshot, leads).await? else {
                return Ok(None);
            };
            fault::point("delete.after_rewrite");
            let _staged = Staging::of(&self.core, &rewrite);
            if let Some(committed) = self.send(|done| Job::Rewrite { rewrite, done }).await? {
                fault::point("delete.after_commit");
                return Ok(Some(committed));
            }
        }
        Err(LakeError::Conflict {
            table: self.core.def.name.to_string(),
        })
    }

    /// The files that hold `leads`, rewritten without them; each keeps its age.
    async fn without(&self, snapshot: &Arc<Snapshot>, leads: &[String]) -> Result<Option<Rewrite>> {
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for file in snapshot.files() {
            if !self.holds_any(snapshot, file, leads).await? {
                continue;
            }
            let rows = snapshot
                .merged(vec![(0, file.clone())], (&LeadRange::default(), &all_names(snapshot)))
                .await?;
            let gone: HashSet<String> = leads.iter().cloned().collect();
            let rows = rows.map(move |batch| keep_others(&batch?, &gone)).boxed();
            let written = self.write_sorted(snapshot, rows, u64::MAX).await?;
            added.extend(written.into_iter().map(|data| NewFile {
                data,
                sequence: Some(file.sequence),
            }));
            removed.push(file.clone());
        }
        let (operation, base, leads) = (Operation::Delete, snapshot.sequence(), leads.to_vec());
        Ok((!removed.is_empty()).then_some(Rewrite {
            operation,
            removed,
            added,
            base,
            leads,
        }))
    }

    async fn holds_any(&self, snapshot: &Snapshot, file: &FileEntry, leads: &[String]) -> Result<bool> {
        let lead_name = snapshot.columns().field(0).name().clone();
        let wanted = Arc::new(Schema::new(vec![
            snapshot.columns().field_with_name(&lead_name)?.clone(),
        ]));
        let leads: Vec<&str> = leads
            .iter()
            .map(String::as_str)
            .filter(|lead| file.spans(lead))
            .collect();
        if leads.is_empty() {
            return Ok(false);
        }
        let found = snapshot.access().reader.leads(file, &leads, &wanted).await?;
        Ok(found.iter().any(Option::is_some))
    }

    /// Merges files as far as `effort` says. `None` when there is nothing to do.
    pub async fn compact(&self, effort: Effort) -> Result<Option<Compacted>> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.core.refresh().await?.snapshot.clone();
            let Some(inputs) = plan(snapshot.files(), effort) else {
                return Ok(None);
            };
            fault::point("compact.before_read");
            let (rewrite, done) = self.merge(&snapshot, inputs).await?;
            fault::point("compact.before_commit");
            let _staged = Staging::of(&self.core, &rewrite);
            if self.send(|done| Job::Rewrite { rewrite, done }).await?.is_some() {
                fault::point("compact.after_commit");
                metrics::counter!("lake_compacted_rows_total", "table" => self.core.def.name)
                    .increment(done.rows_before);
                return Ok(Some(done));
            }
        }
        Err(LakeError::Conflict {
            table: self.core.def.name.to_string(),
        })
    }

    async fn merge(&self, snapshot: &Arc<Snapshot>, inputs: Vec<Arc<FileEntry>>) -> Result<(Rewrite, Compacted)> {
        let rank = |wanted: &Arc<FileEntry>| snapshot.files().iter().position(|file| file.path == wanted.path);
        let mut ranked: Vec<_> = inputs
            .iter()
            .map(|file| (rank(file).unwrap_or_default() as u32, file.clone()))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let passes = Passes::over(self, snapshot, ranked).await?;
        let rows = snapshot
            .merged(passes.files.clone(), (&LeadRange::default(), &all_names(snapshot)))
            .await?;
        let written = self
            .write_sorted(snapshot, self.unpaused(rows).boxed(), TARGET_BYTES)
            .await?;
        passes.finish(snapshot).await;
        let sum = |files: &[Arc<FileEntry>], of: fn(&FileEntry) -> u64| files.iter().map(|file| of(file)).sum();
        let done = Compacted {
            files_before: inputs.len(),
            files_after: written.len(),
            rows_before: sum(&inputs, FileEntry::rows),
            rows_after: written.iter().map(|data| data.record_count()).sum(),
            bytes_before: sum(&inputs, FileEntry::bytes),
            bytes_after: written.iter().map(|data| data.file_size_in_bytes()).sum(),
        };
        let newest = inputs.iter().map(|file| file.sequence).max();
        let added = written
            .into_iter()
            .map(|data| NewFile { data, sequence: newest })
            .collect();
        let (operation, base) = (Operation::Replace, snapshot.sequence());
        Ok((
            Rewrite {
                operation,
                removed: inputs,
                added,
                base,
                leads: Vec::new(),
            },
            done,
        ))
    }

    /// The same batches, none of them while compactions are stopped.
    pub(crate) fn unpaused<'a>(
        &'a self,
        rows: BoxStream<'a, Result<RecordBatch>>,
    ) -> impl Stream<Item = Result<RecordBatch>> + Send + 'a {
        rows.then(move |batch| async move {
            self.wait_while_paused().await;
            batch
        })
    }

    /// Writes sorted batches to files of about `target` bytes that share no lead.
    pub(crate) async fn write_sorted(
        &self,
        snapshot: &Snapshot,
        mut rows: BoxStream<'_, Result<RecordBatch>>,
        target: u64,
    ) -> Result<Vec<DataFile>> {
        let (location, name) = (
            self.core.state.load().loaded.metadata.location().to_string(),
            new_name(),
        );
        let mut written = Vec::new();
        let mut output: Option<Output> = None;
        while let Some(batch) = rows.next().await {
            let mut batch = batch?;
            if let Some(mut full) = output.take_if(|output| output.bytes() >= target) {
                let rest = full.finish_lead(&mut batch).await?;
                match rest {
                    true => written.push(full.close(snapshot).await?),
                    false => output = Some(full),
                }
            }
            if batch.num_rows() == 0 {
                continue;
            }
            let open = match output.take() {
                Some(open) => open,
                None => {
                    let uri = data_path(&location, &name, written.len());
                    self.core
                        .staged
                        .lock()
                        .expect("no panic while holding the lock")
                        .insert(uri.clone());
                    Output::create(self, snapshot, uri).await?
                }
            };
            output = Some(open.write(batch).await?);
        }
        if let Some(last) = output {
            written.push(last.close(snapshot).await?);
        }
        Ok(written)
    }

    async fn wait_while_paused(&self) {
        while self.core.paused.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Stops compactions between two batches until [`Table::resume`].
    pub fn pause(&self) {
        self.core.paused.store(true, Ordering::Relaxed);
    }

    /// Lets compactions go on.
    pub fn resume(&self) {
        self.core.paused.store(false, Ordering::Relaxed);
    }

    /// Whether compactions are stopped.
    pub fn is_paused(&self) -> bool {
        self.core.paused.load(Ordering::Relaxed)
    }
}

pub(crate) fn all_names(snapshot: &Snapshot) -> Vec<String> {
    snapshot
        .columns()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}

/// A batch without the rows of `gone`.
fn keep_others(batch: &RecordBatch, gone: &HashSet<String>) -> Result<RecordBatch> {
    let leads = lead_column(batch)?;
    let keep: BooleanArray = leads
        .iter()
        .map(|lead| Some(lead.is_none_or(|lead| !gone.contains(lead))))
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}

/// Lets the sweep have files again once their commit is over, whichever way it ended.
struct Staging {
    core: Arc<Core>,
    paths: Vec<String>,
}

impl Staging {
    fn of(core: &Arc<Core>, rewrite: &Rewrite) -> Self {
        let paths = rewrite
            .added
            .iter()
            .map(|file| file.data.file_path().to_string())
            .collect();
        Self {
            core: core.clone(),
            paths,
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut staged = self.core.staged.lock().expect("no panic while holding the lock");
        for path in &self.paths {
            staged.remove(path);
        }
    }
}

/// A file being written, a row group at a time.
struct Output {
    uri: String,
    schema: SchemaRef,
    upload: crate::storage::Upload,
    writer: Box<Encoder>,
    last_lead: String,
    sent: u64,
}

impl Output {
    async fn create(table: &Table, snapshot: &Snapshot, uri: String) -> Result<Self> {
        let schema = snapshot.columns().clone();
        let properties = properties(&schema, table.core.def.key);
        let writer = Box::new(Encoder::new(schema.clone(), properties)?);
        let upload = snapshot.access().storage.create(&uri).await?;
        Ok(Self {
            uri,
            schema,
            upload,
            writer,
            last_lead: String::new(),
            sent: 0,
        })
    }

    fn bytes(&self) -> u64 {
        self.sent + self.writer.waiting() as u64
    }

    /// Takes what is left of the lead that the file ends with; says whether the file is complete now.
    async fn finish_lead(&mut self, batch: &mut RecordBatch) -> Result<bool> {
        let leads = lead_column(batch)?;
        let same = crate::data_file::partition_point(leads.len(), |at| leads.value(at) <= self.last_lead.as_str());
        let (head, tail) = (batch.slice(0, same), batch.slice(same, batch.num_rows() - same));
        self.writer.write(self.ordered(&head)?)?;
        *batch = tail;
        Ok(batch.num_rows() > 0)
    }

    /// Columns in the order of the table: merging puts the key first.
    fn ordered(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let given = batch.schema();
        let at = self
            .schema
            .fields()
            .iter()
            .map(|field| given.index_of(field.name()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(batch.project(&at)?)
    }

    async fn write(mut self, batch: RecordBatch) -> Result<Self> {
        let leads = lead_column(&batch)?;
        self.last_lead = leads.value(leads.len() - 1).to_string();
        let batch = self.ordered(&batch)?;
        let mut output = tokio::task::spawn_blocking(move || {
            self.writer.write(batch)?;
            Ok::<_, LakeError>(self)
        })
        .await??;
        let buffer = output.writer.take();
        if !buffer.is_empty() {
            output.sent += buffer.len() as u64;
            output.upload.write(buffer.into()).await?;
        }
        Ok(output)
    }

    async fn close(mut self, snapshot: &Snapshot) -> Result<DataFile> {
        let parquet = self.writer.finish()?;
        let rest = self.writer.take();
        self.upload.write(rest.into()).await?;
        let size = self.upload.finish().await?;
        fault::point("compact.after_file");
        describe(self.uri, size, &parquet, snapshot.schema())
    }
}
