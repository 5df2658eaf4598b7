//! So many calls at the same time and so many that wait: one slow dependency must not take every task with it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Seats for calls, and a queue in front of them.
#[derive(Clone, Debug)]
pub struct Bulkhead {
    seats: Arc<Semaphore>,
    waiting: Arc<AtomicU32>,
    queue: u32,
}

/// Too many calls wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls wait for it already")]
pub struct Full;

/// A call's place; free again when dropped.
#[derive(Debug)]
pub struct Seat {
    _permit: OwnedSemaphorePermit,
}

/// A place in the queue, which is given up also by a caller that stops waiting.
struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Bulkhead {
    /// `concurrency` calls at once (at least one), `queue` that wait.
    pub fn new(concurrency: u32, queue: u32) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(concurrency.max(1) as usize)),
            waiting: Arc::default(),
            queue,
        }
    }

    /// Waits for a seat in the order of arrival, or is refused at once.
    pub async fn enter(&self) -> Result<Seat, Full> {
        if let Ok(permit) = self.seats.clone().try_acquire_owned() {
            return Ok(Seat { _permit: permit });
        }
        let before = self.waiting.fetch_add(1, SeqCst);
        let _place = Place(&self.waiting);
        if before >= self.queue {
            return Err(Full);
        }
        let permit = self
            .seats
            .clone()
            .acquire_owned()
            .await
            .expect("the seats are never closed");
        Ok(Seat { _permit: permit })
    }
}
