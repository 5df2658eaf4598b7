//! How often one caller may do something.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

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
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Problem, problem::retry_after};

/// Keys kept before idle ones are dropped, so that callers cannot fill the memory with names.
const MANY_KEYS: usize = 100_000;

/// A rate: `burst` at once, refilled at `per_second`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quota {
    /// How many a second in the long run.
    pub per_second: NonZeroU32,
    /// How many at once after a pause.
    pub burst: NonZeroU32,
}

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
    refill: Duration,
}

impl RateLimit {
    /// A limit with nothing used yet.
    pub fn new(quota: Quota) -> Self {
        let per_second = governor::Quota::per_second(quota.per_second).allow_burst(quota.burst);
        let refill = Duration::from_secs_f64(f64::from(quota.burst.get()) / f64::from(quota.per_second.get()));
        Self {
            limiter: Arc::new(RateLimiter::keyed(per_second)),
            refill,
        }
    }

    /// A limit of `count` a minute, all of which may come at once.
    pub fn per_minute(count: NonZeroU32) -> Self {
        let quota = governor::Quota::per_minute(count);
        Self {
            limiter: Arc::new(RateLimiter::keyed(quota)),
            refill: Duration::from_secs(60),
        }
    }

    /// Counts one for `key`.
    pub fn check(&self, key: &str) -> Result<(), RateLimited> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Counts several for `key`, all or none. More than a burst is never accepted.
    pub fn check_many(&self, key: &str, count: NonZeroU32) -> Result<(), RateLimited> {
        if self.limiter.len() > MANY_KEYS {
            self.limiter.retain_recent();
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

/// The address a request came from, as [`crate::serve`] knows it. An IPv6 client holds a whole /64, so that is what
/// counts as one.
fn client_of(extensions: &Extensions) -> String {
    match extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|peer| peer.0.ip().to_canonical())
    {
        None => "local".into(),
        Some(std::net::IpAddr::V4(address)) => address.to_string(),
        Some(std::net::IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
