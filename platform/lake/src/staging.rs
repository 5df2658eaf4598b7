//! Files written for a commit that has not happened: no sweep of this process takes them while somebody holds this.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use iceberg::spec::DataFile;

use crate::error::{LakeError, Result};
use crate::maintain::LEAST_GRACE;
use crate::shared::Core;

/// Files on their way into a commit. When this goes, those that no snapshot names are left to the sweep.
pub(crate) struct Staging {
    core: Arc<Core>,
    since: DateTime<Utc>,
    uris: Mutex<Vec<String>>,
}

impl Staging {
    /// For files that are written from now on.
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: core.clone(),
            since: core.env.now(),
            uris: Mutex::default(),
        }
    }

    /// Keeps a file that is about to be written.
    pub(crate) fn add(&self, uri: &str) {
        let mut staged = self.core.staged.lock().expect("no panic while holding the lock");
        staged.insert(uri.to_string());
        let mut uris = self.uris.lock().expect("no panic while holding the lock");
        uris.push(uri.to_string());
    }

    /// Refuses files that are about to be committed when a sweep of another process took some of them: it may where
    /// their writing took longer than its least grace.
    pub(crate) async fn check(&self, mut files: impl Iterator<Item = &DataFile> + Send) -> Result<()> {
        if self.core.env.now() - self.since < LEAST_GRACE {
            return Ok(());
        }
        let state = self.core.state.load_full();
        let directory = format!("{}/data", state.loaded.metadata.location());
        let listed = state.snapshot.access().storage.list(&directory).await?;
        let there: HashSet<String> = listed.into_iter().map(|file| file.uri).collect();
        match files.all(|file| there.contains(file.file_path())) {
            true => Ok(()),
            false => Err(LakeError::Swept {
                table: self.core.def.name.to_string(),
            }),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut staged = self.core.staged.lock().expect("no panic while holding the lock");
        for uri in self.uris.get_mut().expect("no panic while holding the lock") {
            staged.remove(uri);
        }
    }
}
