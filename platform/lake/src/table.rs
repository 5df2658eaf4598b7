//! A table: what it holds, what it held, and its columns.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iceberg::TableUpdate;
use iceberg::spec::{Snapshot as Written, TableMetadata};
use tokio::sync::mpsc;

use crate::catalog::Receipt;
use crate::commit::State;
use crate::error::{LakeError, Result};
use crate::schema::SchemaChange;
use crate::shared::Core;
use crate::snapshot::Snapshot;
use crate::writer::Job;

/// A moment of a table's own history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// What Iceberg's snapshot of this id held.
    Snapshot(i64),
    /// What was stored at this time.
    Time(DateTime<Utc>),
}

/// A table that can be read and written. Cheap to clone.
#[derive(Clone)]
pub struct Table {
    pub(crate) core: Arc<Core>,
    pub(crate) jobs: mpsc::Sender<Job>,
}

impl Table {
    /// The newest snapshot this process knows, without asking the catalog.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.core.state.load().snapshot.clone()
    }

    /// The newest snapshot of all, after asking the catalog.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>> {
        Ok(self.core.refresh().await?.snapshot.clone())
    }

    /// The table as it was at a moment that its history still holds.
    pub async fn snapshot_at(&self, moment: Moment) -> Result<Arc<Snapshot>> {
        let state = self.core.refresh().await?;
        let metadata = &state.loaded.metadata;
        let found = match moment {
            Moment::Snapshot(id) => metadata
                .snapshot_by_id(id)
                .ok_or_else(|| LakeError::NoSuchSnapshot(id.to_string()))?,
            Moment::Time(time) => current_at(metadata, time)?,
        };
        let known = state.snapshot.manifests();
        let snapshot = Snapshot::load(state.snapshot.access(), metadata, (Some(found), known)).await?;
        let snapshot = Arc::new(snapshot);
        self.core.pin(&snapshot);
        Ok(snapshot)
    }

    /// Whether rows of `lead` may have changed after the commit with this sequence number. Every answer of no is
    /// certain, so what was decoded at that commit is still what a read would give.
    pub fn touched_since(&self, lead: &str, sequence: i64) -> bool {
        self.core.touched.since(lead, sequence)
    }

    /// What was acknowledged for a batch with this idempotency key.
    pub async fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        self.core.catalog.receipt(&self.core.name, key).await
    }

    /// Acknowledges a batch of which nothing was to be written. What was acknowledged under its key before, if anything.
    pub async fn acknowledge(&self, receipt: &Receipt) -> Result<Option<Receipt>> {
        self.core.catalog.acknowledge(&self.core.name, receipt).await
    }

    /// Changes the table's columns.
    pub async fn evolve(&self, changes: Vec<SchemaChange>) -> Result<()> {
        self.send(|done| Job::Evolve { changes, done }).await
    }

    pub(crate) async fn add_missing_columns(&self) -> Result<()> {
        let known = self.snapshot();
        let missing = self
            .core
            .def
            .columns
            .iter()
            .filter(|column| known.columns().index_of(column.name).is_err());
        let changes: Vec<SchemaChange> = missing
            .map(|column| SchemaChange::Add {
                name: column.name.into(),
                kind: column.kind,
                doc: column.doc.into(),
            })
            .collect();
        match changes.is_empty() {
            true => Ok(()),
            false => self.evolve(changes).await,
        }
    }

    /// The location of the current metadata file, for other engines.
    pub fn metadata_location(&self) -> String {
        self.core.state.load().loaded.location.clone()
    }
}

/// The snapshot that was the current one at a time, unless snapshots that have left the history may have been.
fn current_at(metadata: &TableMetadata, time: DateTime<Utc>) -> Result<&Arc<Written>> {
    let asked = time.timestamp_millis();
    // Without gaps, but it begins after the last snapshot that left.
    let log = metadata.history().iter();
    if let Some(entry) = log.rev().find(|entry| entry.timestamp_ms <= asked)
        && let Some(snapshot) = metadata.snapshot_by_id(entry.snapshot_id)
    {
        return Ok(snapshot);
    }
    let at = |snapshot: &&Arc<Written>| (snapshot.timestamp_ms(), snapshot.sequence_number());
    let (before, after): (Vec<_>, Vec<_>) = metadata.snapshots().partition(|one| one.timestamp_ms() <= asked);
    let Some(before) = before.into_iter().max_by_key(at) else {
        return Err(LakeError::NoSuchSnapshot(format!("of {} or before", time.to_rfc3339())));
    };
    match after.into_iter().min_by_key(at) {
        Some(next) if before.timestamp_ms() != asked && next.parent_snapshot_id() != Some(before.snapshot_id()) => {
            Err(LakeError::Thinned {
                time,
                before: before.timestamp()?,
                after: next.timestamp()?,
            })
        }
        _ => Ok(before),
    }
}

/// The updates that give a table the schema that `changes` make of its own.
pub(crate) fn schema_updates(state: &State, changes: &[SchemaChange]) -> Result<Vec<TableUpdate>> {
    let schema = crate::schema::evolve(&state.loaded.metadata, changes)?;
    Ok(vec![
        TableUpdate::AddSchema { schema },
        TableUpdate::SetCurrentSchema { schema_id: -1 },
    ])
}
