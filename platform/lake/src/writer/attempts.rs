//! Tries of a commit: drafted on the newest state, and again when somebody else was faster.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use iceberg::spec::Operation;

use super::rows::add_rows;
use super::{Committed, Staged};
use crate::catalog::Receipt;
use crate::commit::{Draft, NewFile, State, commit, next_instant};
use crate::data_file::lead_column;
use crate::error::{LakeError, Result};
use crate::shared::Core;

/// Tries of a commit that meets commits of others, before the caller is told.
pub(super) const ATTEMPTS: u32 = 24;

/// What a commit left behind for the cache of recent rows and the record of touched leads.
pub(super) enum Trace {
    Rows { path: Arc<str>, rows: RecordBatch },
    Leads(Option<HashSet<String>>),
    Nothing,
}

/// What an append commits.
pub(super) enum Write<'a> {
    Rows(&'a [RecordBatch]),
    Staged(&'a Staged),
}

impl Write<'_> {
    async fn draft(&self, core: &Core, state: &State) -> Result<(Draft, Trace)> {
        let at = next_instant(state, core.env.now());
        let mut draft = Draft::new(Operation::Append, at);
        draft.expired = core.history.surplus(&state.loaded.metadata, at);
        let trace = match self {
            Self::Rows(batches) => add_rows(core, state, (batches, &mut draft)).await?,
            Self::Staged(staged) => {
                draft.added.extend(staged.files.iter().map(|data| NewFile {
                    data: data.clone(),
                    sequence: None,
                }));
                Trace::Leads(staged.leads.clone())
            }
        };
        Ok((draft, trace))
    }
}

/// Drafts and commits until nobody else is faster.
pub(super) async fn retry(core: &Core, write: &Write<'_>, receipts: &[Receipt]) -> Result<Committed> {
    let mut state = core.state.load_full();
    for attempt in 0..ATTEMPTS {
        let (mut draft, trace) = write.draft(core, &state).await?;
        draft.receipts = receipts.to_vec();
        if let Some(committed) = finish(core, &state, draft, trace).await? {
            return Ok(committed);
        }
        state = after_conflict(core, attempt).await?;
    }
    Err(LakeError::Conflict {
        table: core.def.name.to_string(),
    })
}

/// Commits directly after the commit with this sequence number; `None` when somebody else was faster.
pub(super) async fn follow(core: &Core, write: &Write<'_>, sequence: i64) -> Result<Option<Committed>> {
    let state = core.state.load_full();
    if state.snapshot.sequence() != sequence {
        return Ok(None);
    }
    let (draft, trace) = write.draft(core, &state).await?;
    let committed = finish(core, &state, draft, trace).await?;
    if committed.is_none() {
        after_conflict(core, 0).await?;
    }
    Ok(committed)
}

/// Waits a little, longer each time, and asks for what somebody else has committed.
pub(super) async fn after_conflict(core: &Core, attempt: u32) -> Result<Arc<State>> {
    metrics::counter!("lake_commit_conflicts_total", "table" => core.def.name).increment(1);
    let spread = u64::from(std::process::id() % 7) + 1;
    tokio::time::sleep(Duration::from_millis((spread << attempt.min(5)).min(250))).await;
    core.refresh().await
}

/// Commits a draft and publishes it, unless somebody else was faster.
pub(super) async fn finish(core: &Core, base: &State, draft: Draft, trace: Trace) -> Result<Option<Committed>> {
    let at = draft.at;
    let Some(state) = commit(core, base, draft).await? else {
        return Ok(None);
    };
    let sequence = state.snapshot.sequence();
    match trace {
        Trace::Rows { path, rows } => {
            core.touched.leads(lead_column(&rows)?.iter().flatten(), sequence);
            base.snapshot.access().reader.remember(path, rows);
        }
        Trace::Leads(Some(leads)) => core.touched.leads(leads.iter().map(String::as_str), sequence),
        Trace::Leads(None) => {
            let new = state
                .snapshot
                .files()
                .iter()
                .filter(|file| file.file_sequence == sequence);
            core.touched.files(new.map(|file| &**file), sequence);
        }
        Trace::Nothing => {}
    }
    let committed = Committed {
        snapshot_id: state.snapshot.id().unwrap_or_default(),
        sequence,
        at,
    };
    core.publish(state);
    Ok(Some(committed))
}
