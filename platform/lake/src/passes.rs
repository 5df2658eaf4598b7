//! Merging more files than memory allows at once: in passes, through sorted files that no snapshot ever names.

use std::sync::Arc;

use futures::StreamExt;

use crate::error::Result;
use crate::files::FileEntry;
use crate::merge::Rank;
use crate::output::TARGET_BYTES;
use crate::reader::LeadRange;
use crate::rewrite::all_names;
use crate::snapshot::{Snapshot, disjoint_runs};
use crate::staging::Staging;
use crate::table::Table;
use crate::writer::new_name;

/// About what one run takes while it is merged: a row group's pages, a decoded batch, its keys.
const RUN_BYTES: usize = 4 << 20;
/// How many runs are merged at once, at least and at most.
const RUNS: (usize, usize) = (4, 64);

/// Files of few runs. Those that were made for it go when this does.
pub(crate) struct Passes {
    pub(crate) files: Vec<(Rank, Arc<FileEntry>)>,
    staging: Staging,
    between: Vec<Arc<FileEntry>>,
}

impl Passes {
    /// Brings files, given from the oldest to the newest, down to as many runs as can be merged at once.
    pub(crate) async fn over(table: &Table, snapshot: &Snapshot, files: Vec<(Rank, Arc<FileEntry>)>) -> Result<Self> {
        let most = (table.core.memory.writes() / RUN_BYTES).clamp(RUNS.0, RUNS.1);
        let mut passes = Self {
            files,
            staging: Staging::new(&table.core),
            between: Vec::new(),
        };
        while disjoint_runs(passes.files.clone()).len() > most {
            let mut merged = Vec::new();
            for group in passes.files.chunks(most) {
                let made = merge(table, snapshot, (group, &passes.staging)).await?;
                passes.between.extend(made.iter().map(|(_, file)| file.clone()));
                merged.extend(made);
            }
            passes.files = merged;
        }
        Ok(passes)
    }

    /// Deletes what was made between the passes. What cannot be deleted is left to the sweep.
    pub(crate) async fn finish(self, snapshot: &Snapshot) {
        let paths: Vec<String> = self.between.iter().map(|file| file.path.to_string()).collect();
        if let Err(error) = snapshot.access().storage.delete(&paths).await {
            tracing::warn!(%error, "files between two passes of a compaction are left to the sweep");
        }
    }
}

/// Merges neighbours in age into files without a common lead, as new as the newest of them.
async fn merge(
    table: &Table,
    snapshot: &Snapshot,
    (group, staging): (&[(Rank, Arc<FileEntry>)], &Staging),
) -> Result<Vec<(Rank, Arc<FileEntry>)>> {
    let rank = group.last().map_or(0, |(rank, _)| *rank);
    let everything = (&LeadRange::default(), &all_names(snapshot)[..]);
    let rows = snapshot.merged(group.to_vec(), everything).await?;
    let written = table
        .write_sorted(
            snapshot,
            table.unpaused(rows).boxed(),
            (&new_name(), TARGET_BYTES, staging),
        )
        .await?;
    let lead = snapshot.access().key[0];
    let entry = |data| (rank, Arc::new(FileEntry::new(data, lead, (0, 0, 0))));
    Ok(written.into_iter().map(entry).collect())
}
