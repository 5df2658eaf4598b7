//! The manifests of a commit: what is added, what is gone, and many small ones merged into one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use iceberg::io::FileIO;
use iceberg::spec::{ManifestFile, ManifestListWriter, ManifestWriter, ManifestWriterBuilder, TableMetadata};

use super::{Draft, NewFile};
use crate::error::Result;
use crate::files::{FileEntry, Manifest};

/// Manifests of about the same size that are merged into one.
const MERGE_MANIFESTS: usize = 8;

/// The files of a commit under construction.
pub(super) struct Build<'a> {
    metadata: &'a TableMetadata,
    lead: i32,
    pub(super) snapshot_id: i64,
    pub(super) sequence: i64,
    unique: uuid::Uuid,
    /// What is written under new names.
    pub(super) files: Vec<(String, Bytes)>,
}

impl<'a> Build<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "names of files and snapshots must be unique across processes"
    )]
    pub(super) fn new(metadata: &'a TableMetadata, lead: i32) -> Self {
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
    pub(super) async fn manifests(&mut self, base: &[Arc<Manifest>], draft: &Draft) -> Result<Vec<Arc<Manifest>>> {
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
                add_again(&mut writer, file)?;
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
            add_again(&mut writer, file)?;
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

    /// The list of all manifests: the snapshot's own file.
    pub(super) async fn list(&mut self, manifests: &[Arc<Manifest>], parent: Option<i64>) -> Result<String> {
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

/// Lists a file that stays, as the commit that added it did.
fn add_again(writer: &mut ManifestWriter, file: &FileEntry) -> Result<()> {
    writer.add_existing_file(
        file.data.clone(),
        file.added_by,
        file.sequence,
        Some(file.file_sequence),
    )?;
    Ok(())
}
