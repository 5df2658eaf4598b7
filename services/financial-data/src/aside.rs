//! Work that is too long for the threads that answer requests goes to those that may block.

use std::sync::Arc;

use platform_error::{Error, Result};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many rows may take a millisecond to decode, to compute or to write.
const MANY: usize = 5_000;

/// Does work on so many rows: here when there are few, elsewhere when there are many.
pub(crate) async fn aside<T: Send + 'static>(rows: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    match rows < MANY {
        true => Ok(work()),
        false => blocking(work).await,
    }
}

/// The same for work that also waits, for files or for others.
pub(crate) async fn waiting<T: Send + 'static>(
    rows: usize,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    if rows < MANY {
        return Ok(work.await);
    }
    let runtime = Handle::current();
    blocking(move || runtime.block_on(work)).await
}

/// Does work that may take long, or wait, elsewhere.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// How many threads can work at once.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Lets work on many rows go on as often at once as there are processors: more of it would only hold more memory.
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(processors())))
    }

    /// Waits for a turn; few rows need none. The work holds it, because it goes on when nobody waits for it any more.
    pub(crate) async fn take(&self, rows: usize) -> Option<OwnedSemaphorePermit> {
        match rows < MANY {
            true => None,
            false => self.0.clone().acquire_owned().await.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn work_on_many_rows_leaves_the_thread_that_answers_requests() {
        let place = async || thread::current().id();

        let (few, many) = (waiting(MANY - 1, place()), waiting(MANY, place()));

        let here = thread::current().id();
        assert_eq!(few.await.expect("done"), here);
        assert_ne!(many.await.expect("done"), here);
    }
}
