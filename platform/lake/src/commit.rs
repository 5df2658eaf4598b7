//! Every snapshot of every table is built here: append, overwrite, replace and expire are drafts of one commit.

mod manifests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use iceberg::TableUpdate;
use iceberg::spec::{
    DataFile, MAIN_BRANCH, Operation, Snapshot as Written, SnapshotReference, SnapshotRetention, Summary,
};

use crate::catalog::{Change, Loaded, Outcome, Receipt};
use crate::error::{LakeError, Result};
use crate::fault;
use crate::files::{FileEntry, Manifest};
use crate::place;
use crate::shared::Core;
use crate::snapshot::Snapshot;
use manifests::Build;

/// The table as this process knows it.
pub(crate) struct State {
    pub(crate) loaded: Loaded,
    pub(crate) snapshot: Arc<Snapshot>,
}

/// A data file that a commit adds.
pub(crate) struct NewFile {
    pub(crate) data: DataFile,
    /// How new its rows are; `None` is as new as the commit.
    pub(crate) sequence: Option<i64>,
}

/// What a commit changes.
pub(crate) struct Draft {
    pub(crate) operation: Operation,
    pub(crate) added: Vec<NewFile>,
    pub(crate) removed: HashSet<Arc<str>>,
    /// Data files that are written together with the metadata.
    pub(crate) files: Vec<(String, Bytes)>,
    pub(crate) receipts: Vec<Receipt>,
    /// Snapshots that leave the table's history.
    pub(crate) expired: Vec<i64>,
    pub(crate) at: DateTime<Utc>,
}

impl Draft {
    pub(crate) fn new(operation: Operation, at: DateTime<Utc>) -> Self {
        let (added, removed, files) = (Vec::new(), HashSet::new(), Vec::new());
        Self {
            operation,
            added,
            removed,
            files,
            receipts: Vec::new(),
            expired: Vec::new(),
            at,
        }
    }
}

/// The time of a commit on top of `base`: now, or just after the commit before when the clock went back.
pub(crate) fn next_instant(base: &State, now: DateTime<Utc>) -> DateTime<Utc> {
    let last = DateTime::from_timestamp_millis(base.loaded.metadata.last_updated_ms()).unwrap_or_default();
    now.max(base.snapshot.at().max(last) + Duration::milliseconds(1))
}

/// Commits `draft` on top of `base`. `None` means somebody else was faster: nothing of it is visible.
pub(crate) async fn commit(core: &Core, base: &State, draft: Draft) -> Result<Option<State>> {
    fault::point("commit.before_files");
    place::check(&base.snapshot.access().storage, &base.loaded).await?;
    let metadata = &base.loaded.metadata;
    let mut build = Build::new(metadata, base.snapshot.access().key[0]);
    let manifests = build.manifests(base.snapshot.manifests(), &draft).await?;
    let list = build.list(&manifests, metadata.current_snapshot_id()).await?;
    let summary = summary(base.snapshot.files(), &draft, &manifests);
    let snapshot = Written::builder()
        .with_snapshot_id(build.snapshot_id)
        .with_parent_snapshot_id(metadata.current_snapshot_id())
        .with_sequence_number(build.sequence)
        .with_timestamp_ms(draft.at.timestamp_millis())
        .with_manifest_list(list)
        .with_schema_id(metadata.current_schema_id())
        .with_summary(Summary {
            operation: draft.operation,
            additional_properties: summary,
        })
        .build();
    let retention = SnapshotRetention::branch(None, None, None);
    let reference = SnapshotReference::new(build.snapshot_id, retention);
    let mut updates = vec![
        TableUpdate::AddSnapshot { snapshot },
        TableUpdate::SetSnapshotRef {
            ref_name: MAIN_BRANCH.to_string(),
            reference,
        },
    ];
    if !draft.expired.is_empty() {
        updates.push(TableUpdate::RemoveSnapshots {
            snapshot_ids: draft.expired,
        });
    }
    let files = build.files.into_iter().chain(draft.files).collect();
    let change = Change {
        base: &base.loaded,
        updates,
        files,
        receipts: draft.receipts,
        now: draft.at,
    };
    match core.catalog.commit(&core.name, change).await? {
        Outcome::Conflict => Ok(None),
        Outcome::Repeated(keys) => Err(LakeError::Repeated(keys)),
        Outcome::Committed(loaded) => {
            let current = loaded.metadata.current_snapshot();
            let snapshot = Snapshot::assemble(base.snapshot.access(), &loaded.metadata, (current, manifests))?;
            Ok(Some(State {
                snapshot: Arc::new(snapshot),
                loaded,
            }))
        }
    }
}

/// Commits changes of the metadata alone: expiry without a write, or new columns.
pub(crate) async fn commit_metadata(core: &Core, base: &State, updates: Vec<TableUpdate>) -> Result<Option<State>> {
    let now = next_instant(base, core.env.now());
    let change = Change {
        base: &base.loaded,
        updates,
        files: Vec::new(),
        receipts: Vec::new(),
        now,
    };
    match core.catalog.commit(&core.name, change).await? {
        Outcome::Conflict => Ok(None),
        Outcome::Repeated(keys) => Err(LakeError::Repeated(keys)),
        Outcome::Committed(loaded) => {
            let schema = loaded.metadata.current_schema().clone();
            let snapshot = Arc::new(base.snapshot.with_schema(schema)?);
            Ok(Some(State { loaded, snapshot }))
        }
    }
}

/// The summary other engines show: what changed and what there is now.
fn summary(before: &[Arc<FileEntry>], draft: &Draft, manifests: &[Arc<Manifest>]) -> HashMap<String, String> {
    let mut out = HashMap::new();
    let mut put = |names: [&str; 3], files: &mut dyn Iterator<Item = (u64, u64)>| {
        let sum = files.fold((0, 0, 0), |(files, rows, bytes), (row, byte)| {
            (files + 1, rows + row, bytes + byte)
        });
        for (name, number) in names.into_iter().zip([sum.0, sum.1, sum.2]) {
            out.insert(name.to_string(), number.to_string());
        }
    };
    let added = draft
        .added
        .iter()
        .map(|file| (file.data.record_count(), file.data.file_size_in_bytes()));
    put(["added-data-files", "added-records", "added-files-size"], &mut {
        added
    });
    let removed = before.iter().filter(|file| draft.removed.contains(&file.path));
    let removed = removed.map(|file| (file.rows(), file.bytes()));
    put(["deleted-data-files", "deleted-records", "removed-files-size"], &mut {
        removed
    });
    let total = manifests
        .iter()
        .flat_map(|manifest| &manifest.live)
        .map(|file| (file.rows(), file.bytes()));
    put(["total-data-files", "total-records", "total-files-size"], &mut {
        total
    });
    for name in ["total-delete-files", "total-position-deletes", "total-equality-deletes"] {
        out.insert(name.to_string(), "0".to_string());
    }
    out
}

impl From<iceberg::spec::DataFileBuilderError> for LakeError {
    fn from(error: iceberg::spec::DataFileBuilderError) -> Self {
        Self::Corrupt {
            uri: "a new data file".to_string(),
            what: error.to_string(),
        }
    }
}
