//! Waiting for what other tasks and processes do, and for both databases.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::TestPostgres;

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so.
///
/// # Panics
/// When it is not so for half a minute.
pub async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "it never came to be that {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Runs a test on SQLite, which has no URL, and on PostgreSQL.
pub async fn on_each_database(body: impl AsyncFn(Option<&str>)) {
    body(None).await;
    if let Some(postgres) = TestPostgres::start().await {
        body(Some(postgres.url())).await;
    }
}
