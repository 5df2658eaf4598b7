//! Equal questions that are asked at the same time are asked once.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::HeaderMap;
use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use super::{Answer, Ask, CallError, header_parts};

type Flight = BoxFuture<'static, Result<Answer, CallError>>;

/// What makes two questions equal: the same bytes, the same headers, the same principal, and nothing taken away between
/// them of the answers that are kept.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    body: Bytes,
    headers: Vec<Vec<u8>>,
    subject: Option<String>,
    moment: u64,
}

impl Key {
    pub(super) fn new(ask: &Ask<'_>, headers: &HeaderMap) -> Self {
        Self {
            body: ask.body.clone(),
            headers: header_parts(headers).into_iter().map(<[u8]>::to_vec).collect(),
            subject: ask.caller.subject().map(str::to_owned),
            moment: ask.moment,
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.body.hash(state);
        self.subject.hash(state);
    }
}

/// The questions in flight.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<Board>>);

#[derive(Default)]
struct Board {
    flights: HashMap<Key, (u64, WeakShared<Flight>)>,
    /// Numbers flights, so that one that was given up does not take its successor off the list.
    next: u64,
}

impl Flights {
    /// Joins the flight of an equal question, or starts one. A flight lasts as long as somebody waits for it.
    pub(super) fn join<F>(&self, key: Key, start: impl FnOnce() -> F) -> Shared<Flight>
    where
        F: Future<Output = Result<Answer, CallError>> + Send + 'static,
    {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = board.flights.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        board.next += 1;
        let number = board.next;
        let landing = Landing {
            flights: self.clone(),
            key: key.clone(),
            number,
        };
        let future = start();
        let flight = async move {
            let _landing = landing;
            future.await
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            board.flights.insert(key, (number, weak));
        }
        flight
    }
}

/// Takes a flight off the list when it is over or given up.
struct Landing {
    flights: Flights,
    key: Key,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut board = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if board
            .flights
            .get(&self.key)
            .is_some_and(|(number, _)| *number == self.number)
        {
            board.flights.remove(&self.key);
        }
    }
}
