//! Whether the place of a table is its own: a sweep takes what its catalog does not name, so no other may write there.

use crate::catalog::Loaded;
use crate::error::{LakeError, Result};
use crate::storage::Storage;

/// The first metadata file of a table; it is all that a creation which was cut short leaves.
const FIRST: &str = "/metadata/00000-";

/// What is wrong with a place where somebody else's table lies.
pub(crate) fn taken(location: &str) -> String {
    format!(
        "files of a table lie at {location} that this catalog does not know: point lake.catalog at its catalog, or use \
         another warehouse"
    )
}

/// Whether a table that no pointer leads to lies at `location`.
pub(crate) async fn is_taken(storage: &Storage, location: &str) -> Result<bool> {
    let files = storage.list(location).await?;
    Ok(files.iter().any(|file| !file.uri.contains(FIRST)))
}

/// Refuses a table that nothing was written to where another has been written to: both were made while the place was
/// empty. A table with a snapshot was there first.
pub(crate) async fn check(storage: &Storage, table: &Loaded) -> Result<()> {
    let (metadata, uuid) = (&table.metadata, table.metadata.uuid().to_string());
    if metadata.current_snapshot_id().is_some() {
        return Ok(());
    }
    for file in storage.list(&format!("{}/metadata", metadata.location())).await? {
        let is_later = file.uri.ends_with(".metadata.json") && !file.uri.contains(FIRST);
        if !is_later || file.uri == table.location {
            continue;
        }
        // One that is gone or was cut short is nobody's state.
        let content = storage.read(&file.uri).await.unwrap_or_default();
        let json: serde_json::Value = serde_json::from_slice(&content).unwrap_or_default();
        if json["table-uuid"].as_str().is_some_and(|theirs| theirs != uuid) {
            return Err(LakeError::Invalid(taken(metadata.location())));
        }
    }
    Ok(())
}
