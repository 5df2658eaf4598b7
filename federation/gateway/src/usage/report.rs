//! The counts as people, tools and the next start read them.

use std::{collections::BTreeMap, fs, io, path::Path};

use federation_composition::diff::RecordedOperation;
use serde::{Deserialize, Serialize};

use crate::persisted::parse_hash;

/// Everything counted since a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// The operations, the most used first.
    pub operations: Vec<OperationUse>,
    /// How often each field or argument was asked for.
    pub fields: BTreeMap<String, u64>,
}

/// One operation and how often it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationUse {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The SHA-256 hash of its text and of its name in there.
    pub hash: String,
    /// `query`, `mutation` or `subscription`.
    pub kind: String,
    /// How often it ran.
    pub count: u64,
    /// How often with errors.
    pub errors: u64,
    /// The last time, in seconds since 1970.
    pub last_seen: i64,
    /// The fields and arguments it asks for: `User.email`, `Query.user(id:)`. A field read through an interface is read
    /// from each of its objects, and so is `__typename`, which may be all that is asked of a type.
    pub fields: Vec<String>,
    /// Its text, unless it is very long.
    pub document: Option<String>,
}

impl Report {
    /// The operations as the comparison of schemas takes them: only what they ask for counts as in use.
    pub fn recorded(&self) -> Vec<RecordedOperation> {
        let told_apart = self.operations.iter().map(|operation| RecordedOperation {
            text: operation.document.clone(),
            fields: operation.fields.clone(),
            count: operation.count,
        });
        // The others' fields: as if each came from an operation of its own.
        let forgotten = self.forgotten().into_iter().map(|(field, count)| RecordedOperation {
            text: None,
            fields: vec![field],
            count,
        });
        told_apart.chain(forgotten).collect()
    }

    /// What operations that are no longer told apart have read.
    pub(super) fn forgotten(&self) -> BTreeMap<String, u64> {
        let mut forgotten = self.fields.clone();
        for operation in &self.operations {
            for field in &operation.fields {
                if let Some(count) = forgotten.get_mut(field) {
                    *count = count.saturating_sub(operation.count);
                }
            }
        }
        forgotten.retain(|_, count| *count > 0);
        forgotten
    }
}

impl OperationUse {
    pub(super) fn key(&self) -> Option<[u8; 32]> {
        parse_hash(&self.hash)
    }
}

/// What was written before, or nothing where there is no file yet.
pub(super) fn read(file: &Path) -> io::Result<Option<Report>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes beside the file and renames, so that a crash leaves the old one.
pub(super) fn write(file: &Path, report: &Report) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = file.with_extension("json.new");
    fs::write(&fresh, serde_json::to_vec_pretty(report)?)?;
    fs::rename(fresh, file)
}
