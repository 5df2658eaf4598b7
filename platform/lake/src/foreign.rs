//! Data files of other engines: they are read where they are as ours are, in the order of the key and the lead first.

use std::sync::Arc;

use arrow::row::OwnedRow;
use futures::StreamExt;

use crate::data_file::SORT_ORDER;
use crate::error::{LakeError, Result};
use crate::files::{FileEntry, Manifest};
use crate::merge::KeyCodec;
use crate::reader::LeadRange;
use crate::snapshot::Snapshot;

/// Refuses a snapshot with a file of another engine in which look-ups and merges would find other rows than it has.
/// Manifests that are `known` were looked at before.
pub(crate) async fn check(snapshot: &Snapshot, known: &[Arc<Manifest>]) -> Result<()> {
    let is_new = |manifest: &&Arc<Manifest>| !known.iter().any(|known| Arc::ptr_eq(known, manifest));
    let files = snapshot.manifests().iter().filter(is_new).flat_map(|new| &new.live);
    for file in files.filter(|file| file.data.sort_order_id() != Some(SORT_ORDER)) {
        if !is_like_ours(snapshot, file).await? {
            return Err(LakeError::Unsupported(format!(
                "a data file of another engine that is not in the order of the key ({})",
                file.path
            )));
        }
    }
    Ok(())
}

async fn is_like_ours(snapshot: &Snapshot, file: &FileEntry) -> Result<bool> {
    let (names, reader) = (snapshot.key_names()?, &snapshot.access().reader);
    let schema = snapshot.project(&names, &[])?;
    if !reader.begins_with(file, schema.field(0)).await? {
        return Ok(false);
    }
    let codec = KeyCodec::new(&schema, &names)?;
    let mut batches = reader.range(file, 0, (&LeadRange::default(), &schema)).await?;
    let mut last: Option<OwnedRow> = None;
    while let Some(batch) = batches.next().await {
        let keys = codec.rows(&batch?.1)?;
        let count = keys.num_rows();
        let follows = |at: usize| match at.checked_sub(1) {
            Some(before) => keys.row(before) < keys.row(at),
            None => last.as_ref().is_none_or(|last| last.row() < keys.row(at)),
        };
        if !(0..count).all(follows) {
            return Ok(false);
        }
        last = count.checked_sub(1).map(|end| keys.row(end).owned()).or(last);
    }
    Ok(true)
}
