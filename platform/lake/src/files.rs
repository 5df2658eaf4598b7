//! The live files of a snapshot and the manifests that list them, as kept in memory.

use std::sync::Arc;

use iceberg::spec::{DataContentType, DataFile, Manifest as Avro, ManifestFile};

use crate::data_file::lead_bounds;
use crate::error::{LakeError, Result};

/// A live data file.
#[derive(Debug)]
pub(crate) struct FileEntry {
    /// Its address.
    pub(crate) path: Arc<str>,
    /// What Iceberg knows of it.
    pub(crate) data: DataFile,
    /// How new its rows are: of equal keys the row of the higher number wins.
    pub(crate) sequence: i64,
    /// The sequence number of the snapshot that added it.
    pub(crate) file_sequence: i64,
    /// The snapshot that added it.
    pub(crate) added_by: i64,
    /// Its lowest and highest lead; `None` when not known.
    pub(crate) bounds: Option<(Arc<str>, Arc<str>)>,
}

impl FileEntry {
    pub(crate) fn new(data: DataFile, lead: i32, (sequence, file_sequence, added_by): (i64, i64, i64)) -> Self {
        let bounds = lead_bounds(&data, lead);
        Self {
            path: Arc::from(data.file_path()),
            data,
            sequence,
            file_sequence,
            added_by,
            bounds,
        }
    }

    /// Whether the file may hold rows of `lead`.
    pub(crate) fn spans(&self, lead: &str) -> bool {
        self.bounds
            .as_ref()
            .is_none_or(|(low, high)| &**low <= lead && lead <= &**high)
    }

    /// Whether two files may hold rows of the same lead.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (&self.bounds, &other.bounds) {
            (Some((low, high)), Some((from, to))) => low <= to && from <= high,
            _ => true,
        }
    }

    /// Its size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.data.file_size_in_bytes()
    }

    /// Its number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.data.record_count()
    }
}

/// A manifest and its live files.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// What the manifest list says of it.
    pub(crate) file: ManifestFile,
    /// The files in it that are not deleted.
    pub(crate) live: Vec<Arc<FileEntry>>,
}

impl Manifest {
    /// Reads a manifest's bytes. Delete files of other writers are refused: rows would come back to life here.
    pub(crate) fn parse(file: ManifestFile, bytes: &[u8], lead: i32) -> Result<Self> {
        let mut live = Vec::new();
        for entry in Avro::parse_avro(bytes)?
            .entries()
            .iter()
            .filter(|entry| entry.is_alive())
        {
            if entry.content_type() != DataContentType::Data {
                return Err(LakeError::Unsupported(format!(
                    "a table with delete files ({})",
                    entry.file_path()
                )));
            }
            let added_by = entry.snapshot_id().unwrap_or(file.added_snapshot_id);
            let sequence = entry.sequence_number().unwrap_or(file.sequence_number);
            let file_sequence = entry.file_sequence_number.unwrap_or(file.sequence_number);
            live.push(Arc::new(FileEntry::new(
                entry.data_file().clone(),
                lead,
                (sequence, file_sequence, added_by),
            )));
        }
        Ok(Self { file, live })
    }
}
