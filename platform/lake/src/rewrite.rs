//! Copy-on-write: deletes and compactions write new files in the place of old ones.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Schema;
use futures::stream::{BoxStream, Stream, StreamExt};
use iceberg::spec::Operation;

use crate::commit::NewFile;
use crate::compact::plan;
use crate::data_file::lead_column;
use crate::error::{LakeError, Result};
use crate::fault;
use crate::files::FileEntry;
use crate::output::TARGET_BYTES;
use crate::passes::Passes;
use crate::reader::LeadRange;
use crate::snapshot::Snapshot;
use crate::staging::Staging;
use crate::table::Table;
use crate::writer::{Committed, Job, Rewrite, new_name, successor};

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
        let (mut removed, mut added, staging) = (Vec::new(), Vec::new(), Staging::new(&self.core));
        for file in snapshot.files() {
            if !self.holds_any(snapshot, file, leads).await? {
                continue;
            }
            let rows = snapshot
                .merged(vec![(0, file.clone())], (&LeadRange::default(), &all_names(snapshot)))
                .await?;
            let gone: HashSet<String> = leads.iter().cloned().collect();
            let rows = rows.map(move |batch| keep_others(&batch?, &gone)).boxed();
            let written = self
                .write_sorted(snapshot, rows, (&successor(&file.path), u64::MAX, &staging))
                .await?;
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
            staging,
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
            if self.send(|done| Job::Rewrite { rewrite, done }).await?.is_some() {
                fault::point("compact.after_commit");
                metrics::counter!("lake_compacted_rows_total", "table" => self.core.def.name)
                    .increment(done.rows_after);
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
        let staging = Staging::new(&self.core);
        let written = self
            .write_sorted(
                snapshot,
                self.unpaused(rows).boxed(),
                (&new_name(), TARGET_BYTES, &staging),
            )
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
                staging,
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
