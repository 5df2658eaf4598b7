//! Limits that processes count together.

use std::num::NonZeroU32;

use platform_cache::SharedLimit;
use platform_http::Quota;
use platform_testing::TestRedis;

use crate::support::Process;

const QUOTA: Quota = Quota {
    per_second: NonZeroU32::new(2).unwrap(),
    burst: NonZeroU32::new(10).unwrap(),
};

async fn accepted(limits: &[SharedLimit], key: &str) -> usize {
    let mut accepted = 0;
    for at in 0..30 {
        accepted += usize::from(limits[at % limits.len()].check(key).await.is_ok());
    }
    accepted
}

#[tokio::test]
async fn several_processes_together_accept_one_burst() {
    let Some(redis) = TestRedis::start().await else { return };
    let processes = [Process::on(&redis.url()), Process::on(&redis.url())];
    let limits = processes
        .each_ref()
        .map(|process| SharedLimit::new(&process.caches, "test", QUOTA));

    // A slow machine may earn one more while it counts.
    assert!((10..=12).contains(&accepted(&limits, "ada").await));
    assert!((10..=12).contains(&accepted(&limits, "bob").await));
    let wait = limits[0].check("ada").await.unwrap_err().retry_after_seconds;
    assert_eq!(wait, 1);
}

#[tokio::test]
async fn without_redis_each_process_still_limits() {
    let processes = [Process::alone(), Process::on("redis://127.0.0.1:1")];

    for process in processes {
        let limit = SharedLimit::new(&process.caches, "test", QUOTA);
        assert!((10..=12).contains(&accepted(&[limit], "ada").await));
    }
}
