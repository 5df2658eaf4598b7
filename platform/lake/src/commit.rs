//! Every snapshot of every table is built here: append, overwrite, replace and expire are drafts of one commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use iceberg::TableUpdate;
use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile, MAIN_BRANCH, ManifestFile, ManifestListWriter, ManifestWriter, ManifestWriterBuilder, Operation,
    Snapshot as Written, SnapshotReference, SnapshotRetention, Summary, TableMetadata,
};

use crate::catalog::{Change, Loaded, Outcome, Receipt};
use crate::error::{LakeError, Result};
use crate::fault;
use crate::files::{FileEntry, Manifest};
use crate::lake::Core;
use crate::snapshot::Snapshot;

/// Manifests of about the same size that are merged into one.
const MERGE_MANIFESTS: usize = 8;

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

/// A commit under construction.
struct Build<'a> {
    metadata: &'a TableMetadata,
    lead: i32,
    snapshot_id: i64,
    sequence: i64,
    unique: uuid::Uuid,
    files: Vec<(String, Bytes)>,
}

impl<'a> Build<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "names of files and snapshots must be unique across processes"
    )]
    fn new(metadata: &'a TableMetadata, lead: i32) -> Self {
        let unique = uuid::Uuid::new_v4();
        let snapshot_id = (unique.as_u128() >> 65) as i64;
        let sequence = metadata.next_sequence_number();
        Self {
            metadata,
            lead,
            snapshot_id,
            sequence,
            unique,
            files: Vec::new(),
        }
    }

    /// The manifests of the new snapshot: those of `base` without removed files, merged where many are small,
    /// and one for the added files.
    async fn manifests(&mut self, base: &[Arc<Manifest>], draft: &Draft) -> Result<Vec<Arc<Manifest>>> {
        let mut out = Vec::with_capacity(base.len() + 1);
        for manifest in base {
            match manifest.live.iter().any(|file| draft.removed.contains(&file.path)) {
                true => out.extend(self.without(manifest, &draft.removed).await?),
                false => out.push(Arc::clone(manifest)),
            }
        }
        let mut out = self.merge_small(out).await?;
        if !draft.added.is_empty() {
            out.push(self.adding(&draft.added).await?);
        }
        Ok(out)
    }

    async fn adding(&mut self, added: &[NewFile]) -> Result<Arc<Manifest>> {
        let (mut writer, io) = self.writer()?;
        let mut live = Vec::with_capacity(added.len());
        for file in added {
            writer.add_file(file.data.clone(), file.sequence.unwrap_or(-1))?;
            let numbers = (file.sequence.unwrap_or(self.sequence), self.sequence, self.snapshot_id);
            live.push(Arc::new(FileEntry::new(file.data.clone(), self.lead, numbers)));
        }
        self.finish(writer, io, live).await
    }

    /// A manifest rewritten: removed files are marked as deleted by this snapshot, the others stay.
    async fn without(&mut self, manifest: &Manifest, removed: &HashSet<Arc<str>>) -> Result<Option<Arc<Manifest>>> {
        let (mut writer, io) = self.writer()?;
        let mut live = Vec::new();
        for file in &manifest.live {
            if removed.contains(&file.path) {
                writer.add_delete_file(file.data.clone(), file.sequence, Some(file.file_sequence))?;
            } else {
                writer.add_existing_file(
                    file.data.clone(),
                    file.added_by,
                    file.sequence,
                    Some(file.file_sequence),
                )?;
                live.push(Arc::clone(file));
            }
        }
        Ok(Some(self.finish(writer, io, live).await?))
    }

    /// Merges manifests tier by tier, so that a table of many commits keeps few of them and each file is
    /// listed anew only a logarithmic number of times. Manifests without live files are dropped.
    async fn merge_small(&mut self, manifests: Vec<Arc<Manifest>>) -> Result<Vec<Arc<Manifest>>> {
        let fresh = |manifest: &Manifest| manifest.file.added_snapshot_id == self.snapshot_id;
        let (fresh, mut rest): (Vec<_>, Vec<_>) = manifests.into_iter().partition(|manifest| fresh(manifest));
        rest.retain(|manifest| !manifest.live.is_empty());
        let mut tiers: HashMap<u32, Vec<Arc<Manifest>>> = HashMap::new();
        for manifest in rest {
            let tier = manifest.live.len().ilog(MERGE_MANIFESTS);
            tiers.entry(tier).or_default().push(manifest);
        }
        let mut out = Vec::new();
        for tier in tiers.into_values() {
            match tier.len() >= MERGE_MANIFESTS {
                true => out.push(self.merged(&tier).await?),
                false => out.extend(tier),
            }
        }
        out.sort_by_key(|manifest| manifest.file.sequence_number);
        out.extend(fresh);
        Ok(out)
    }

    async fn merged(&mut self, manifests: &[Arc<Manifest>]) -> Result<Arc<Manifest>> {
        let (mut writer, io) = self.writer()?;
        let live: Vec<Arc<FileEntry>> = manifests
            .iter()
            .flat_map(|manifest| manifest.live.iter().cloned())
            .collect();
        for file in &live {
            writer.add_existing_file(
                file.data.clone(),
                file.added_by,
                file.sequence,
                Some(file.file_sequence),
            )?;
        }
        self.finish(writer, io, live).await
    }

    fn writer(&self) -> Result<(ManifestWriter, FileIO)> {
        let io = FileIO::new_with_memory();
        let (schema, spec) = (
            self.metadata.current_schema().clone(),
            (**self.metadata.default_partition_spec()).clone(),
        );
        let output = io.new_output("memory:/manifest.avro")?;
        Ok((
            ManifestWriterBuilder::new(output, Some(self.snapshot_id), schema, spec).build_v2_data(),
            io,
        ))
    }

    async fn finish(&mut self, writer: ManifestWriter, io: FileIO, live: Vec<Arc<FileEntry>>) -> Result<Arc<Manifest>> {
        let mut file: ManifestFile = writer.write_manifest_file().await?;
        let path = format!(
            "{}/metadata/{}-m{}.avro",
            self.metadata.location(),
            self.unique,
            self.files.len()
        );
        let bytes = io.new_input("memory:/manifest.avro")?.read().await?;
        self.files.push((path.clone(), bytes));
        file.manifest_path = path;
        file.sequence_number = self.sequence;
        file.min_sequence_number = live.iter().map(|file| file.sequence).min().unwrap_or(self.sequence);
        Ok(Arc::new(Manifest { file, live }))
    }

    async fn list(&mut self, manifests: &[Arc<Manifest>], parent: Option<i64>) -> Result<String> {
        let io = FileIO::new_with_memory();
        let writer = io.new_output("memory:/list.avro")?.writer().await?;
        let mut list = ManifestListWriter::v2(writer, self.snapshot_id, parent, self.sequence);
        list.add_manifests(manifests.iter().map(|manifest| manifest.file.clone()))?;
        list.close().await?;
        let path = format!(
            "{}/metadata/snap-{}-1-{}.avro",
            self.metadata.location(),
            self.snapshot_id,
            self.unique
        );
        self.files
            .push((path.clone(), io.new_input("memory:/list.avro")?.read().await?));
        Ok(path)
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
