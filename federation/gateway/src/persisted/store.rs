//! The operations that are listed in a manifest or a folder.

use std::{collections::HashMap, ffi::OsStr, fs, path::Path, sync::Arc};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Allow, PersistedError, PersistedSettings, parse_hash};

const FORMAT: &str = "apollo-persisted-query-manifest";

/// Operations by id and by text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Store {
    by_id: HashMap<String, Arc<str>>,
    by_digest: HashMap<[u8; 32], Arc<str>>,
}

#[derive(Deserialize)]
struct Manifest {
    format: String,
    version: u32,
    operations: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    body: String,
}

impl Store {
    /// Reads what the settings name.
    pub(crate) fn read(settings: &PersistedSettings) -> Result<Self, PersistedError> {
        if !settings.has_list() && settings.allow != Allow::Any {
            return Err(PersistedError::NoList);
        }
        let mut store = Self::default();
        if let Some(file) = &settings.manifest {
            let failed = |reason: String| PersistedError::Manifest {
                file: file.clone(),
                reason,
            };
            store.read_manifest(file).map_err(failed)?;
        }
        if let Some(folder) = &settings.directory {
            let failed = |reason: String| PersistedError::Manifest {
                file: folder.clone(),
                reason,
            };
            store.read_directory(folder).map_err(failed)?;
        }
        Ok(store)
    }

    /// The text of an id. Ids of a manifest need not be hashes, but its texts have one that clients can work out.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<str>> {
        let by_hash = || self.by_digest.get(&parse_hash(id)?);
        self.by_id.get(id).or_else(by_hash)
    }

    /// The very same text, if it is known.
    pub(crate) fn by_text(&self, text: &str) -> Option<&Arc<str>> {
        self.by_digest.get(&digest(text))
    }

    /// All texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_digest.values()
    }

    /// All texts with their ids, in the order of these.
    pub(super) fn by_ids(&self) -> Vec<(&str, &Arc<str>)> {
        let mut listed: Vec<_> = self.by_id.iter().map(|(id, text)| (id.as_str(), text)).collect();
        listed.sort_unstable();
        listed
    }

    fn add(&mut self, id: String, text: Arc<str>) -> Result<(), String> {
        if self.by_id.get(&id).is_some_and(|known| *known != text) {
            return Err(format!("the id {id:?} stands for two operations"));
        }
        self.by_digest.insert(digest(&text), text.clone());
        self.by_id.insert(id, text);
        Ok(())
    }

    fn read_manifest(&mut self, file: &str) -> Result<(), String> {
        let bytes = fs::read(file).map_err(|error| error.to_string())?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if manifest.format != FORMAT || manifest.version != 1 {
            return Err(format!("expected format {FORMAT:?} of version 1"));
        }
        for entry in manifest.operations {
            self.add(entry.id, entry.body.into())?;
        }
        Ok(())
    }

    fn read_directory(&mut self, folder: &str) -> Result<(), String> {
        for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.extension() != Some(OsStr::new("graphql")) {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let id = stem(&path);
            if id != hex(&digest(&text)) {
                return Err(format!(
                    "{} is not named by the SHA-256 hash of its text",
                    path.display()
                ));
            }
            self.add(id, text.into())?;
        }
        Ok(())
    }
}

/// The SHA-256 hash of a text.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase()
}
