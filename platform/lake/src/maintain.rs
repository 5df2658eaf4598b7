//! Keeping a table small: expiry of snapshots, the sweep of orphan files, and what there is to see.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use iceberg::spec::{FormatVersion, Manifest as Avro, ManifestList, Snapshot as Written};

use crate::commit::State;
use crate::error::Result;
use crate::fault;
use crate::place;
use crate::retention::Retention;
use crate::shared::version;
use crate::storage::{Listed, Storage};
use crate::table::Table;
use crate::writer::Job;

/// The least grace of a sweep where others may be writing: longer than any request may take. A write that goes on for
/// longer looks for its files before it commits.
pub const LEAST_GRACE: Duration = Duration::minutes(65);

/// A snapshot as a person sees it.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotInfo {
    /// Iceberg's identifier.
    pub id: i64,
    /// Its sequence number.
    pub sequence: i64,
    /// When it was committed.
    pub at: DateTime<Utc>,
    /// `append`, `replace`, `overwrite` or `delete`.
    pub operation: String,
    /// Rows in all its files.
    pub total_rows: u64,
    /// Data files.
    pub total_files: u64,
    /// Rows it added.
    pub added_rows: u64,
}

/// The size of a table.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// As `namespace.name`.
    pub table: String,
    /// Where its files are.
    pub location: String,
    /// The current metadata file, for other engines.
    pub metadata_location: String,
    /// Rows in its files, superseded ones included.
    pub rows: u64,
    /// Bytes of its data files.
    pub bytes: u64,
    /// Data files.
    pub files: usize,
    /// Data files that a compaction would merge.
    pub small_files: usize,
    /// Manifests.
    pub manifests: usize,
    /// Snapshots in its history.
    pub snapshots: usize,
    /// The oldest moment its history reaches back to.
    pub oldest_snapshot: Option<DateTime<Utc>>,
    /// Whether compactions are stopped.
    pub compaction_paused: bool,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Files looked at.
    pub files_seen: usize,
    /// Orphans removed.
    pub files_removed: usize,
    /// Their bytes.
    pub bytes_removed: u64,
}

impl Table {
    /// The snapshots of its history, from the newest to the oldest.
    pub async fn snapshots(&self) -> Result<Vec<SnapshotInfo>> {
        let state = self.core.refresh().await?;
        let mut out: Vec<SnapshotInfo> = state.loaded.metadata.snapshots().map(info).collect();
        out.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.sequence));
        Ok(out)
    }

    /// Its size now.
    pub async fn stats(&self) -> Result<Stats> {
        let state = self.core.refresh().await?;
        let (snapshot, metadata) = (&state.snapshot, &state.loaded.metadata);
        Ok(Stats {
            table: self.core.name.to_string(),
            location: metadata.location().to_string(),
            metadata_location: state.loaded.location.clone(),
            rows: snapshot.stored_rows(),
            bytes: snapshot.stored_bytes(),
            files: snapshot.files().len(),
            small_files: snapshot.files().iter().filter(|file| file.bytes() < 32 << 20).count(),
            manifests: snapshot.manifests().len(),
            snapshots: metadata.snapshots().len(),
            oldest_snapshot: metadata
                .snapshots()
                .filter_map(|snapshot| snapshot.timestamp().ok())
                .min(),
            compaction_paused: self.is_paused(),
        })
    }

    /// Removes from the history the snapshots that `kept` does not keep and that no tag or branch of another engine
    /// names. Their files go with the next sweep. Returns how many snapshots went.
    pub async fn expire(&self, kept: &Retention) -> Result<usize> {
        let state = self.core.refresh().await?;
        let snapshots = kept.expired(&state.loaded.metadata, self.core.env.now());
        let count = snapshots.len();
        self.send(|done| Job::Expire { snapshots, done }).await?;
        Ok(count)
    }

    /// Removes files that no snapshot names and that are older than `grace`. A file that is being written here, or that
    /// a snapshot in use here needs, stays; those of other processes are safe from [`LEAST_GRACE`] on. A metadata file
    /// stays for `grace` after the next took its place.
    pub async fn sweep(&self, grace: Duration) -> Result<Swept> {
        let before = self.core.refresh().await?;
        let storage = before.snapshot.access().storage.clone();
        place::check(&storage, &before.loaded).await?;
        let listed = storage.list(before.loaded.metadata.location()).await?;
        let youngest = self.core.env.now().checked_sub_signed(grace);
        let youngest = youngest.unwrap_or(DateTime::<Utc>::MIN_UTC);
        let files_seen = listed.len();
        let mut named = self.named_files(&storage, &before).await?;
        named.extend(current_at(&listed, youngest));
        // Before the catalog is asked again: what is staged no longer was committed by then, or never will be.
        named.extend(self.core.staged_files());
        let after = self.core.refresh().await?;
        if after.loaded.location != before.loaded.location {
            named.extend(self.named_files(&storage, &after).await?);
        }
        let orphans = listed
            .into_iter()
            .filter(|file| file.modified < youngest && !named.contains(&file.uri));
        let (mut uris, mut bytes_removed) = (Vec::new(), 0);
        for orphan in orphans {
            bytes_removed += orphan.size;
            uris.push(orphan.uri);
        }
        fault::point("sweep.before_delete");
        storage.delete(&uris).await?;
        Ok(Swept {
            files_seen,
            files_removed: uris.len(),
            bytes_removed,
        })
    }

    /// Every file that the table's history or a snapshot held in this process needs.
    async fn named_files(&self, storage: &Storage, state: &State) -> Result<HashSet<String>> {
        let metadata = &state.loaded.metadata;
        let mut named = HashSet::from([state.loaded.location.clone()]);
        named.extend(metadata.metadata_log().iter().map(|entry| entry.metadata_file.clone()));
        let mut manifests = HashSet::new();
        for snapshot in metadata.snapshots() {
            let list = storage.read(snapshot.manifest_list()).await?;
            named.insert(snapshot.manifest_list().to_string());
            let list = ManifestList::parse_with_version(&list, FormatVersion::V2)?;
            manifests.extend(list.entries().iter().map(|manifest| manifest.manifest_path.clone()));
        }
        let known = state
            .snapshot
            .manifests()
            .iter()
            .map(|manifest| (manifest.file.manifest_path.as_str(), manifest));
        let known: std::collections::HashMap<_, _> = known.collect();
        for path in manifests {
            match known.get(path.as_str()) {
                Some(manifest) => named.extend(manifest.live.iter().map(|file| file.path.to_string())),
                None => {
                    let avro = Avro::parse_avro(&storage.read(&path).await?)?;
                    let alive = avro.entries().iter().filter(|entry| entry.is_alive());
                    named.extend(alive.map(|entry| entry.file_path().to_string()));
                }
            }
            named.insert(path);
        }
        let pinned = self.core.pinned.lock().expect("no panic while holding the lock");
        for snapshot in pinned.iter().filter_map(std::sync::Weak::upgrade) {
            named.extend(snapshot.file_paths());
        }
        Ok(named)
    }
}

/// The metadata file that was the current one at a time.
fn current_at(listed: &[Listed], time: DateTime<Utc>) -> Option<String> {
    let before = listed
        .iter()
        .filter(|file| file.modified < time && file.uri.ends_with(".metadata.json"));
    Some(before.max_by_key(|file| version(&file.uri))?.uri.clone())
}

fn info(snapshot: &Arc<Written>) -> SnapshotInfo {
    let summary = snapshot.summary();
    let number = |name: &str| {
        summary
            .additional_properties
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    SnapshotInfo {
        id: snapshot.snapshot_id(),
        sequence: snapshot.sequence_number(),
        at: snapshot.timestamp().unwrap_or_default(),
        operation: summary.operation.as_str().to_string(),
        total_rows: number("total-records"),
        total_files: number("total-data-files"),
        added_rows: number("added-records"),
    }
}
