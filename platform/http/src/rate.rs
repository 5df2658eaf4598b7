//! How often one caller may do something.

mod quota;

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request},
    http::Extensions,
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    DefaultKeyedRateLimiter, RateLimiter,
    clock::{Clock, DefaultClock},
};
use platform_error::{Code, Coded};
use serde_json::Value;

pub use self::quota::{Per, Quota};
use crate::{Problem, clients::network_of, problem::retry_after};

/// Keys kept before idle ones are dropped, so that callers cannot fill the memory with names.
const MANY_KEYS: usize = 100_000;

/// Too often: answered with 429 and how long to wait.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {retry_after_seconds}s")]
pub struct RateLimited {
    /// When it would be accepted.
    pub retry_after_seconds: u64,
}

impl Coded for RateLimited {
    fn code(&self) -> Code {
        Code::RateLimited
    }

    fn details(&self) -> Option<Value> {
        Some(retry_after(self.retry_after_seconds))
    }
}

/// A limit per key: a client's address, a user, a source. Cheap to clone; clones share the counts.
#[derive(Clone)]
pub struct RateLimit {
    limiter: Arc<DefaultKeyedRateLimiter<String>>,
    /// How many keys there must be for idle ones to be looked for.
    full: Arc<AtomicUsize>,
    refill: Duration,
}

impl RateLimit {
    /// A limit with nothing used yet.
    pub fn new(quota: Quota) -> Self {
        Self::share(quota, NonZeroU32::MIN)
    }

    /// What each of `processes` may accept that do not count together.
    pub fn share(quota: Quota, processes: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(quota.burst.get() / processes).unwrap_or(NonZeroU32::MIN);
        // The interval is multiplied: a count can be divided to less than one.
        let interval = quota.per.duration() * processes.get() / quota.count.get();
        let limit = governor::Quota::with_period(interval)
            .unwrap_or(governor::Quota::per_second(NonZeroU32::MAX))
            .allow_burst(burst);
        Self {
            limiter: Arc::new(RateLimiter::keyed(limit)),
            full: Arc::new(AtomicUsize::new(MANY_KEYS)),
            refill: limit.burst_size_replenished_in(),
        }
    }

    /// A limit of `count` a minute, all of which may come at once.
    pub fn per_minute(count: NonZeroU32) -> Self {
        Self::new(Quota {
            count,
            per: Per::Minute,
            burst: count,
        })
    }

    /// Counts one for `key`.
    pub fn check(&self, key: &str) -> Result<(), RateLimited> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Counts several for `key`, all or none. More than a burst is never accepted.
    pub fn check_many(&self, key: &str, count: NonZeroU32) -> Result<(), RateLimited> {
        if self.limiter.len() > self.full.load(Relaxed) {
            self.limiter.retain_recent();
            // Where none was idle, looking for them each time would take longer than anything else.
            self.full.store(MANY_KEYS.max(2 * self.limiter.len()), Relaxed);
        }
        let wait = match self.limiter.check_key_n(&key.to_owned(), count) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(until)) => until.wait_time_from(DefaultClock::default().now()),
            Err(_) => self.refill,
        };
        Err(RateLimited {
            retry_after_seconds: wait.as_secs() + 1,
        })
    }

    /// Middleware for `axum::middleware::from_fn`: counts one per request and client address.
    pub async fn per_client(self, request: Request, next: Next) -> Response {
        match self.check(&client_of(request.extensions())) {
            Ok(()) => next.run(request).await,
            Err(limited) => Problem::from(limited).into_response(),
        }
    }
}

/// Whom a request came from, as [`crate::serve`] knows it.
fn client_of(extensions: &Extensions) -> String {
    match extensions.get::<ConnectInfo<SocketAddr>>() {
        None => "local".into(),
        Some(ConnectInfo(peer)) => network_of(peer.ip()).to_string(),
    }
}
