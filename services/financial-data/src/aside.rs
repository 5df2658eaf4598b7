//! Work that is too long for the threads that answer requests goes to those that may block.

use platform_error::{Error, Result};

/// So many rows may take a millisecond to decode, to compute or to write.
const MANY: usize = 5_000;

/// Does work on so many rows: here when there are few, elsewhere when there are many.
pub(crate) async fn aside<T: Send + 'static>(rows: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    match rows < MANY {
        true => Ok(work()),
        false => blocking(work).await,
    }
}

/// Does work that may take long, or wait, elsewhere.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
