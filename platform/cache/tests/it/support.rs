//! Caches under test: one `Process` shares nothing with another but Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use chrono::TimeDelta;
use platform_cache::{Cache, Caches, Spec};
use platform_config::Config;
use platform_error::Error;
use platform_service::{Clock, Context};

/// What a process has of its own.
pub(crate) struct Process {
    pub(crate) context: Context,
    pub(crate) caches: Caches,
    pub(crate) cache: Cache<u64>,
}

impl Process {
    pub(crate) fn alone() -> Self {
        Self::with("")
    }

    pub(crate) fn on(redis: &str) -> Self {
        Self::with(&format!("redis = \"{redis}\"\nlocal-ttl = \"2s\""))
    }

    pub(crate) fn with(settings: &str) -> Self {
        let config = Config::parse(&format!("[cache]\n{settings}")).unwrap();
        let clock = Clock::manual(Clock::system().now());
        let context = Context::standalone("numbers", config, clock, ".");
        let caches = Caches::open(&context).unwrap();
        let spec = Spec::new("numbers", 1)
            .ttl(Duration::from_secs(100))
            .absent_ttl(Duration::from_secs(10));
        let cache = caches.cache(spec);
        Self { context, caches, cache }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.context.clock().advance(TimeDelta::seconds(seconds));
    }

    /// Reads `key` through the cache.
    pub(crate) async fn read(&self, key: &str, source: &Source) -> Option<u64> {
        let source = source.clone();
        self.cache.get(key, move || source.load()).await.unwrap()
    }
}

/// Where the truth is: a number, and how often it was asked.
#[derive(Clone, Default)]
pub(crate) struct Source {
    value: Arc<AtomicU64>,
    loads: Arc<AtomicU64>,
    delay: Duration,
}

impl Source {
    pub(crate) fn of(value: u64) -> Self {
        let source = Self::default();
        source.set(value);
        source
    }

    pub(crate) fn slow(value: u64, milliseconds: u64) -> Self {
        Self {
            delay: Duration::from_millis(milliseconds),
            ..Self::of(value)
        }
    }

    pub(crate) fn set(&self, value: u64) {
        self.value.store(value, SeqCst);
    }

    pub(crate) fn loads(&self) -> u64 {
        self.loads.load(SeqCst)
    }

    /// Reads the number, then takes its time: the worst order for a cache. Zero is nothing.
    pub(crate) async fn load(self) -> Result<Option<u64>, Error> {
        self.loads.fetch_add(1, SeqCst);
        let value = self.value.load(SeqCst);
        tokio::time::sleep(self.delay).await;
        Ok((value != 0).then_some(value))
    }
}
