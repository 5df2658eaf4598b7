//! Files that take the place of others, committed unless what they were worked out on has changed.

use std::collections::HashMap;
use std::sync::Arc;

use iceberg::spec::Operation;

use super::Committed;
use super::attempts::{ATTEMPTS, Trace, after_conflict, finish};
use crate::commit::{Draft, NewFile, State, next_instant};
use crate::error::{LakeError, Result};
use crate::files::FileEntry;
use crate::shared::Core;
use crate::staging::Staging;

/// Files that take the place of others: a compaction or a delete.
pub(crate) struct Rewrite {
    pub(crate) operation: Operation,
    pub(crate) removed: Vec<Arc<FileEntry>>,
    pub(crate) added: Vec<NewFile>,
    /// The snapshot it was worked out on.
    pub(crate) base: i64,
    /// The leads that are gone; files newer than `base` must not hold any.
    pub(crate) leads: Vec<String>,
    /// Keeps the added files from the sweep.
    pub(crate) staging: Staging,
}

/// Commits a rewrite, unless what it was worked out on has changed: then `None`, and it must be done again.
pub(super) async fn replace(core: &Core, rewrite: Rewrite) -> Result<Option<Committed>> {
    rewrite
        .staging
        .check(rewrite.added.iter().map(|file| &file.data))
        .await?;
    let mut state = core.state.load_full();
    for attempt in 0..ATTEMPTS {
        if !still_holds(core, &state, &rewrite).await? {
            return Ok(None);
        }
        let mut draft = Draft::new(rewrite.operation.clone(), next_instant(&state, core.env.now()));
        draft.removed = rewrite.removed.iter().map(|file| file.path.clone()).collect();
        let added = rewrite.added.iter();
        draft.added = added
            .map(|file| NewFile {
                data: file.data.clone(),
                sequence: file.sequence,
            })
            .collect();
        draft.expired = core.history.surplus(&state.loaded.metadata, draft.at);
        let trace = Trace::Leads(Some(rewrite.leads.iter().cloned().collect()));
        match finish(core, &state, draft, trace).await? {
            Some(committed) => return Ok(Some(committed)),
            None => state = after_conflict(core, attempt).await?,
        }
    }
    Err(LakeError::Conflict {
        table: core.def.name.to_string(),
    })
}

/// All removed files are live, and no newer file holds a lead that is meant to be gone.
async fn still_holds(core: &Core, state: &State, rewrite: &Rewrite) -> Result<bool> {
    let live: HashMap<&str, ()> = state.snapshot.files().iter().map(|file| (&*file.path, ())).collect();
    if !rewrite.removed.iter().all(|file| live.contains_key(&*file.path)) {
        return Ok(false);
    }
    let reader = core.access().reader;
    for file in state
        .snapshot
        .files()
        .iter()
        .filter(|file| file.file_sequence > rewrite.base)
    {
        for lead in &rewrite.leads {
            if reader.may_hold(file, lead).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
