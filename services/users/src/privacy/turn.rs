//! One fetch of an export at a time for each person.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::error::Error;

/// Who fetches an export at this moment, from this process. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashSet<Uuid>>>);

/// Somebody's turn, until it is dropped.
pub(super) struct Turn {
    turns: Turns,
    person: Uuid,
}

impl Turns {
    /// Refuses who has their turn already.
    pub(super) fn take(&self, person: Uuid) -> Result<Turn, Error> {
        let turn = || Turn {
            turns: self.clone(),
            person,
        };
        let is_free = self.people().insert(person);
        is_free.then(turn).ok_or(Error::Fetching)
    }

    fn people(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.people().remove(&self.person);
    }
}
