//! What all handles of a table in this process share: its newest state, and what must not be swept.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Weak};

use arc_swap::ArcSwap;

use crate::catalog::{Catalog, TableName};
use crate::commit::State;
use crate::env::Env;
use crate::error::{LakeError, Result};
use crate::memory::Memory;
use crate::schema::TableDef;
use crate::snapshot::{Access, Snapshot};
use crate::touched::Touched;

/// What all handles of a table in this process share.
pub(crate) struct Core {
    pub(crate) def: TableDef,
    pub(crate) name: TableName,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) env: Env,
    pub(crate) memory: Memory,
    pub(crate) history: crate::Retention,
    pub(crate) state: ArcSwap<State>,
    pub(crate) touched: Touched,
    /// Snapshots that somebody may still read: their files are not swept.
    pub(crate) pinned: Mutex<Vec<Weak<Snapshot>>>,
    /// Files written for a commit that has not happened: they are not swept.
    pub(crate) staged: Mutex<HashSet<String>>,
    pub(crate) paused: AtomicBool,
}

impl Core {
    pub(crate) fn access(&self) -> Access {
        self.state.load().snapshot.access().clone()
    }

    /// Makes `state` the one that new reads see, unless a newer one is known.
    pub(crate) fn publish(&self, state: State) -> Arc<State> {
        let mut pinned = self.pinned.lock().expect("no panic while holding the lock");
        let known = self.state.load_full();
        if version(&known.loaded.location) > version(&state.loaded.location) {
            return known;
        }
        pin(&mut pinned, &state.snapshot);
        let state = Arc::new(state);
        self.state.store(state.clone());
        state
    }

    /// Keeps the files of a snapshot for as long as somebody may read it.
    pub(crate) fn pin(&self, snapshot: &Arc<Snapshot>) {
        pin(
            &mut self.pinned.lock().expect("no panic while holding the lock"),
            snapshot,
        );
    }

    /// The files that a sweep must leave alone although no snapshot names them.
    pub(crate) fn staged_files(&self) -> HashSet<String> {
        self.staged.lock().expect("no panic while holding the lock").clone()
    }

    /// Asks the catalog for the newest state. What others changed since counts as touched.
    pub(crate) async fn refresh(&self) -> Result<Arc<State>> {
        let known = self.state.load_full();
        let loaded = self.catalog.load(&self.name, Some(&known.loaded)).await?;
        let loaded = loaded.ok_or_else(|| LakeError::NoSuchTable(self.def.name.to_string()))?;
        if loaded.location == known.loaded.location {
            return Ok(known);
        }
        let (access, current) = (known.snapshot.access(), loaded.metadata.current_snapshot());
        let snapshot = Snapshot::load(access, &loaded.metadata, (current, known.snapshot.manifests())).await?;
        let snapshot = snapshot.with_schema(loaded.metadata.current_schema().clone())?;
        self.touched.difference(&known.snapshot, &snapshot);
        Ok(self.publish(State {
            loaded,
            snapshot: Arc::new(snapshot),
        }))
    }
}

fn pin(pinned: &mut Vec<Weak<Snapshot>>, snapshot: &Arc<Snapshot>) {
    pinned.retain(|snapshot| snapshot.strong_count() > 0);
    pinned.push(Arc::downgrade(snapshot));
}

/// The number that a metadata file's name begins with: each commit counts it up.
pub(crate) fn version(location: &str) -> u64 {
    let name = location.rsplit('/').next().unwrap_or_default();
    name.split('-')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
