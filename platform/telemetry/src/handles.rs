//! Handles of metrics that are counted all the time: finding one here costs a fraction of asking the recorder for it.

use std::{
    borrow::Borrow,
    hash::Hash,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rustc_hash::FxHashMap;

/// Whether the process has its recorder. What is made before counts nothing.
static IS_RECORDING: AtomicBool = AtomicBool::new(false);

pub(crate) fn recording() {
    IS_RECORDING.store(true, Relaxed);
}

/// Handles by what their labels are made from. None is ever let go, so the caller bounds how many keys there are.
#[derive(Debug)]
pub struct Handles<K, H>(RwLock<FxHashMap<K, H>>);

impl<K, H> Default for Handles<K, H> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Hash + Eq, H: Clone> Handles<K, H> {
    /// The handle of a key, made when it is first asked for.
    pub fn get<Q>(&self, key: &Q, make: impl FnOnce() -> H) -> H
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if !IS_RECORDING.load(Relaxed) {
            return make();
        }
        if let Some(handle) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return handle.clone();
        }
        let handle = make();
        let mut handles = self.0.write().unwrap_or_else(PoisonError::into_inner);
        handles.entry(key.to_owned()).or_insert(handle).clone()
    }
}
