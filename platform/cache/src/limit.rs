//! How often one caller may do something, counted by all processes together.

use std::num::NonZeroU32;

use platform_http::{Quota, RateLimit, RateLimited};

use crate::Caches;

/// The generic cell rate algorithm: one time per key, when its bucket is full again. Gives 0, or how many microseconds
/// to wait. The clock is Redis's, so that processes agree. Source: ITU-T I.371, as a "virtual scheduling algorithm".
const GCRA: &str = "local now = redis.call('time') now = now[1] * 1000000 + now[2]
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('get', KEYS[1]) or '0'), now) + step
local wait = full - burst - now
if wait > 0 then return wait end
redis.call('set', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return 0";

/// A limit per key that all processes count together in Redis. While Redis is away, or where there is none, each
/// process counts alone against its share (`cache.replicas`).
#[derive(Clone)]
pub struct SharedLimit {
    caches: Caches,
    name: &'static str,
    quota: Quota,
    alone: RateLimit,
}

impl SharedLimit {
    /// A limit called `name`.
    pub fn new(caches: &Caches, name: &'static str, quota: Quota) -> Self {
        let share = |count: NonZeroU32| {
            let shared = count.get() / caches.0.settings.replicas.max(1);
            NonZeroU32::new(shared).unwrap_or(NonZeroU32::MIN)
        };
        let alone = match caches.0.redis {
            None => quota,
            Some(_) => Quota {
                per_second: share(quota.per_second),
                burst: share(quota.burst),
            },
        };
        Self {
            caches: caches.clone(),
            name,
            quota,
            alone: RateLimit::new(alone),
        }
    }

    /// Counts one for `key`.
    ///
    /// # Errors
    /// When it is too often, with how long to wait.
    pub async fn check(&self, key: &str) -> Result<(), RateLimited> {
        let Some(redis) = &self.caches.0.redis else {
            return self.alone.check(key);
        };
        let place = format!("{}:limit:{}:{key}", self.caches.0.settings.prefix, self.name);
        let step = 1_000_000 / u64::from(self.quota.per_second.get());
        let burst = step.max(1) * u64::from(self.quota.burst.get());
        let arguments = [step.max(1).to_string(), burst.to_string()];
        match redis.run::<u64>(GCRA, &[place], &[&arguments[0], &arguments[1]]).await {
            Some(0) => Ok(()),
            Some(wait) => Err(RateLimited {
                retry_after_seconds: wait / 1_000_000 + 1,
            }),
            None => self.alone.check(key),
        }
    }
}
