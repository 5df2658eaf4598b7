//! Commits without data: snapshots that leave the history, and columns that change.

use iceberg::TableUpdate;

use super::attempts::{ATTEMPTS, after_conflict};
use crate::commit::{State, commit_metadata};
use crate::error::{LakeError, Result};
use crate::retention::unnamed;
use crate::schema::SchemaChange;
use crate::shared::Core;
use crate::table::schema_updates;

/// A change of the metadata alone.
pub(super) enum Change {
    Expire(Vec<i64>),
    Evolve(Vec<SchemaChange>),
}

impl Change {
    fn updates(&self, state: &State) -> Result<Vec<TableUpdate>> {
        match self {
            Self::Evolve(changes) => schema_updates(state, changes),
            Self::Expire(snapshots) => {
                let metadata = &state.loaded.metadata;
                let current = metadata.current_snapshot_id();
                let there = |id: &i64| metadata.snapshot_by_id(*id).is_some() && Some(*id) != current;
                let snapshot_ids: Vec<i64> = snapshots.iter().copied().filter(there).collect();
                let snapshot_ids = unnamed(metadata, snapshot_ids);
                Ok((!snapshot_ids.is_empty())
                    .then_some(TableUpdate::RemoveSnapshots { snapshot_ids })
                    .into_iter()
                    .collect())
            }
        }
    }
}

/// Commits a change until nobody else is faster.
pub(super) async fn change_metadata(core: &Core, change: Change) -> Result<()> {
    let mut state = core.refresh().await?;
    for attempt in 0..ATTEMPTS {
        let updates = change.updates(&state)?;
        if updates.is_empty() {
            return Ok(());
        }
        if let Some(next) = commit_metadata(core, &state, updates).await? {
            core.publish(next);
            return Ok(());
        }
        state = after_conflict(core, attempt).await?;
    }
    Err(LakeError::Conflict {
        table: core.def.name.to_string(),
    })
}
