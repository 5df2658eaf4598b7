//! Limits that processes count together.

use std::num::NonZeroU32;

use platform_cache::SharedLimit;
use platform_http::{Per, Quota};
use platform_testing::TestRedis;

use crate::support::Process;

const QUOTA: Quota = Quota {
    count: NonZeroU32::new(2).unwrap(),
    per: Per::Second,
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
async fn a_rate_below_one_a_second_is_kept_exactly_with_redis_and_without() {
    let Some(redis) = TestRedis::start().await else { return };
    let quotas = [(Per::Minute, 7, 9), (Per::Hour, 5, 720), (Per::Hour, 7, 515)];
    for process in [Process::on(&redis.url()), Process::alone()] {
        for (per, number, wait) in quotas {
            let count = NonZeroU32::new(number).unwrap();
            let quota = Quota {
                count,
                per,
                burst: count,
            };
            let limit = [SharedLimit::new(&process.caches, "slow", quota)];
            let key = format!("{per:?} {number}");

            assert_eq!(accepted(&limit, &key).await, count.get() as usize, "{key}");
            let left = limit[0].check(&key).await.unwrap_err().retry_after_seconds;
            assert!((wait - 5..=wait).contains(&left), "{left} of {wait}");
        }
    }
}

#[tokio::test]
async fn a_process_that_counts_alone_has_its_part_of_a_slow_rate() {
    let process = Process::with("redis = \"redis://127.0.0.1:1\"\nreplicas = 4");
    let quota = Quota {
        count: NonZeroU32::MIN,
        per: Per::Minute,
        burst: NonZeroU32::new(10).unwrap(),
    };
    let limit = [SharedLimit::new(&process.caches, "test", quota)];

    assert_eq!(accepted(&limit, "ada").await, 2);
    let wait = limit[0].check("ada").await.unwrap_err().retry_after_seconds;
    assert!((235..=240).contains(&wait), "{wait}");
}

#[tokio::test]
async fn without_redis_each_process_still_limits() {
    let processes = [Process::alone(), Process::on("redis://127.0.0.1:1")];

    for process in processes {
        let limit = SharedLimit::new(&process.caches, "test", QUOTA);
        assert!((10..=12).contains(&accepted(&[limit], "ada").await));
    }
}
