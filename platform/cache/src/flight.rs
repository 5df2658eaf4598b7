//! Equal loads of one process made once, ended when nobody waits any more, and passed by those that come after an
//! invalidation.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use platform_error::Error;

/// What a load gave. The error is shared by all who waited.
pub(crate) type Outcome<V> = Result<Option<V>, Arc<Error>>;
type Flight<V> = Shared<BoxFuture<'static, Outcome<V>>>;
type Followed<V> = WeakShared<BoxFuture<'static, Outcome<V>>>;

/// The loads under way, by key. Who waits for a load keeps it alive: what nobody waits for holds no connection.
pub(crate) struct Flights<V> {
    state: Mutex<State<V>>,
}

struct State<V> {
    next: u64,
    under_way: HashMap<String, (u64, Followed<V>)>,
}

impl<V: Clone + Send + Sync + 'static> Flights<V> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                next: 0,
                under_way: HashMap::new(),
            }),
        }
    }

    /// Joins the load of `key`, or begins it. `load` is told its number.
    pub(crate) fn join(&self, key: &str, load: impl FnOnce(u64) -> BoxFuture<'static, Outcome<V>>) -> Flight<V> {
        let mut state = self.lock();
        if let Some(flight) = state.flight(key) {
            return flight;
        }
        let number = state.next;
        state.next += 1;
        let flight = load(number).shared();
        if let Some(weak) = flight.downgrade() {
            state.under_way.insert(key.to_owned(), (number, weak));
        }
        flight
    }

    /// Whether `key` is being loaded.
    pub(crate) fn has(&self, key: &str) -> bool {
        // Should it be the last that holds the load, it must let go of it without the lock, which the load then takes.
        let flight = self.lock().flight(key);
        flight.is_some()
    }

    /// Ends load `number` of `key`. Only if nothing has invalidated it meanwhile, `keep` runs, and nothing can
    /// invalidate it before `keep` is done.
    pub(crate) fn land(&self, key: &str, number: u64, keep: impl FnOnce()) {
        let mut state = self.lock();
        if state.under_way.get(key).is_some_and(|(current, _)| *current == number) {
            keep();
            state.under_way.remove(key);
        }
    }

    /// Nobody joins the load of `key` from now on, and what it gives is not kept. `also` runs before anything can be
    /// kept again.
    pub(crate) fn forget(&self, key: &str, also: impl FnOnce()) {
        let mut state = self.lock();
        state.under_way.remove(key);
        also();
    }

    /// The same for all keys.
    pub(crate) fn forget_all(&self, also: impl FnOnce()) {
        let mut state = self.lock();
        state.under_way.clear();
        also();
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone> State<V> {
    fn flight(&self, key: &str) -> Option<Flight<V>> {
        self.under_way.get(key)?.1.upgrade()
    }
}
