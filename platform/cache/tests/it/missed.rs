//! Invalidations that Redis does not take at first: it must not keep, or get, a value that is older than they are.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use futures::FutureExt;
use platform_error::Error;
use platform_testing::{TestRedis, eventually};
use tokio::sync::Notify;

use crate::support::{Process, Source};

/// A Redis whose connections stay while it takes no invalidation.
struct Deaf {
    redis: TestRedis,
    link: redis::aio::MultiplexedConnection,
}

impl Deaf {
    async fn start() -> Option<Self> {
        let redis = TestRedis::start().await?;
        let client = redis::Client::open(redis.url()).unwrap();
        let link = client.get_multiplexed_async_connection().await.unwrap();
        let mut deaf = Self { redis, link };
        deaf.allow("-incr").await;
        Some(deaf)
    }

    /// From now on it takes them.
    async fn hears(&mut self) {
        self.allow("+incr").await;
    }

    async fn allow(&mut self, rule: &str) {
        let mut ask = redis::cmd("ACL");
        ask.arg("SETUSER").arg("default").arg(rule);
        ask.query_async::<()>(&mut self.link).await.unwrap();
    }

    fn process(&self) -> Process {
        Process::on(&self.redis.url())
    }

    /// What a process that keeps nothing of its own reads.
    async fn read(&self, key: &str, source: &Source) -> Option<u64> {
        self.process().read(key, source).await
    }
}

/// A load that has read the truth and takes its time to come back with it.
#[derive(Clone, Default)]
struct Late {
    has_read: Arc<AtomicBool>,
    may_return: Arc<Notify>,
}

impl Late {
    async fn read(&self, process: &Process, key: &str, value: u64) -> Option<u64> {
        let late = self.clone();
        let load = move || async move {
            late.has_read.store(true, SeqCst);
            late.may_return.notified().await;
            Ok::<_, Error>(Some(value))
        };
        process.cache.get(key, load).await.unwrap()
    }

    async fn has_read(&self) {
        eventually("the load has read", async || self.has_read.load(SeqCst)).await;
    }
}

#[tokio::test]
async fn what_redis_missed_it_is_told_later_though_the_process_asks_it_nothing() {
    let Some(mut redis) = Deaf::start().await else { return };
    let (one, source) = (redis.process(), Source::of(1));
    redis.read("a", &source).await;

    source.set(2);
    one.cache.invalidate("a").await;
    assert_eq!(redis.read("a", &source).await, Some(1), "Redis was not told");
    redis.hears().await;

    eventually("Redis has been told", async || {
        redis.read("a", &source).await == Some(2)
    })
    .await;
}

#[tokio::test]
async fn a_value_older_than_what_redis_missed_is_not_put_there() {
    let Some(mut redis) = Deaf::start().await else { return };
    let (one, late) = (redis.process(), Late::default());
    let change = async {
        late.has_read().await;
        one.cache.invalidate("a").await;
        redis.hears().await;
        late.may_return.notify_one();
    };

    let (early, ()) = tokio::join!(late.read(&one, "a", 1), change);

    assert_eq!(early, Some(1));
    assert_eq!(redis.read("a", &Source::of(2)).await, Some(2));
}

#[tokio::test]
async fn an_invalidation_that_nobody_waits_for_to_its_end_is_told() {
    let Some(mut redis) = Deaf::start().await else { return };
    redis.hears().await;
    let (one, source) = (redis.process(), Source::of(1));
    redis.read("a", &source).await;

    source.set(2);
    let told = one.cache.invalidate("a").now_or_never();

    assert!(told.is_none(), "it was given up half-way");
    eventually("Redis has been told", async || {
        redis.read("a", &source).await == Some(2)
    })
    .await;
}

#[tokio::test]
async fn more_than_can_be_remembered_is_everything_and_nothing_old_comes_back() {
    let Some(mut redis) = Deaf::start().await else { return };
    let (one, other, late) = (redis.process(), redis.process(), Late::default());
    let (a, b) = (Source::of(2), Source::of(1));
    redis.read("b", &b).await;
    let change = async {
        late.has_read().await;
        b.set(2);
        for number in 0..10_001 {
            one.cache.invalidate(&format!("of many {number}")).await;
        }
        redis.hears().await;
        eventually("Redis has forgotten everything", async || {
            redis.read("b", &b).await == Some(2)
        })
        .await;
        late.may_return.notify_one();
    };

    let (early, ()) = tokio::join!(late.read(&other, "a", 1), change);

    assert_eq!(early, Some(1));
    assert_eq!(redis.read("a", &a).await, Some(2));
}
