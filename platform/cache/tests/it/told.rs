//! What an operator hears of a Redis that is away.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use platform_testing::{Log, TestRedis, eventually};
use tracing::Level;

use crate::support::{Process, Source};

#[tokio::test]
async fn a_redis_that_goes_away_and_comes_back_is_told_of_once_each() {
    let Some(mut redis) = TestRedis::start().await else {
        return;
    };
    let log = Log::listen(Level::INFO);
    let (process, source) = (Process::on(&redis.url()), Source::of(1));
    process.read("there", &source).await;
    assert_eq!(log.count("Redis"), 0);

    redis.stop();
    for key in 0..20 {
        process.read(&format!("away {key}"), &source).await;
    }
    assert_eq!((log.count("WARN"), log.count("Redis does not answer")), (1, 1));

    redis.resume().await;
    let key = AtomicU32::new(0);
    eventually("Redis answers again", async || {
        process
            .read(&format!("back {}", key.fetch_add(1, SeqCst)), &source)
            .await;
        log.count("Redis answers again") == 1
    })
    .await;
    assert_eq!(log.count("WARN"), 1);
}
