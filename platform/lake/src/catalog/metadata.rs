//! Metadata files: what the next one says, what it is called, written and read.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use iceberg::TableUpdate;
use iceberg::spec::TableMetadata;
use uuid::Uuid;

use super::Loaded;
use crate::error::{LakeError, Result};
use crate::storage::Storage;

/// Applies updates to a state. Metadata files that leave the log are left to the sweep: somebody may be reading by them.
pub(super) fn next(base: &Loaded, updates: Vec<TableUpdate>, now: DateTime<Utc>) -> Result<TableMetadata> {
    let has_its_time = updates
        .iter()
        .any(|update| matches!(update, TableUpdate::AddSnapshot { .. }));
    let mut builder = TableMetadata::clone(&base.metadata).into_builder(Some(base.location.clone()));
    for update in updates {
        builder = update.apply(builder)?;
    }
    let metadata = builder.build()?.metadata;
    match has_its_time {
        true => Ok(metadata),
        false => stamped(metadata, now),
    }
}

/// The library reads the machine's clock where no snapshot brings a time; ours is the one of the host.
pub(super) fn stamped(metadata: TableMetadata, now: DateTime<Utc>) -> Result<TableMetadata> {
    let stamp = || {
        let mut json = serde_json::to_value(&metadata)?;
        json["last-updated-ms"] = now.timestamp_millis().into();
        serde_json::from_value(json)
    };
    stamp().map_err(|error| not_json(metadata.location(), error))
}

/// Writes a metadata file together with the files it refers to.
pub(super) async fn write(
    storage: &Storage,
    metadata: TableMetadata,
    version: u32,
    mut files: Vec<(String, Bytes)>,
) -> Result<Loaded> {
    let location = format!(
        "{}/metadata/{version:05}-{}.metadata.json",
        metadata.location(),
        new_id()
    );
    let json = serde_json::to_vec(&metadata).map_err(|error| not_json(&location, error))?;
    files.push((location.clone(), json.into()));
    storage.write_all(files).await?;
    Ok(Loaded {
        metadata: Arc::new(metadata),
        location,
    })
}

/// Reads a metadata file of ours or of another engine.
pub(super) async fn read(storage: &Storage, location: &str) -> Result<Loaded> {
    let content = storage.read(location).await?;
    if content.starts_with(&[0x1f, 0x8b]) {
        return Err(LakeError::Unsupported("a compressed metadata file".to_owned()));
    }
    let metadata = serde_json::from_slice(&content).map_err(|error| not_json(location, error))?;
    Ok(Loaded {
        metadata: Arc::new(metadata),
        location: location.to_owned(),
    })
}

/// Metadata files are numbered so that people see their order; engines do not rely on it.
pub(super) fn next_version(location: &str) -> u32 {
    let file = location.rsplit('/').next().unwrap_or_default();
    let number = file
        .trim_start_matches('v')
        .split(['-', '.'])
        .next()
        .unwrap_or_default();
    number.parse::<u32>().map_or(0, |version| version.saturating_add(1))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file name must differ from every other, and no test depends on it"
)]
fn new_id() -> Uuid {
    Uuid::new_v4()
}

fn not_json(uri: &str, error: serde_json::Error) -> LakeError {
    LakeError::Corrupt {
        uri: uri.to_owned(),
        what: format!("expected table metadata: {error}"),
    }
}
