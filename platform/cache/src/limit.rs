//! How often one caller may do something, counted by all processes together.

use std::num::NonZeroU32;

use platform_http::{Quota, RateLimit, RateLimited};

use crate::Caches;

/// The generic cell rate algorithm: how full a key's bucket was, and when. One that is let in fills it by the quota's
/// unit of time, and every microsecond takes as much out as the quota's count, so that all numbers are whole. Gives 0, or
/// how many microseconds to wait. The clock is Redis's, so that processes agree. Source: ITU-T I.371, as a
/// "continuous-state leaky bucket algorithm".
const GCRA: &str = "local now = redis.call('time') now = now[1] * 1000000 + now[2]
local count, unit, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local filled, at = string.match(redis.call('get', KEYS[1]) or '', '(%d+) (%d+)')
filled, at = tonumber(filled or 0), math.min(tonumber(at or now), now)
filled = math.max(filled - (now - at) * count, 0) + unit
local over = filled - burst * unit
if over > 0 then return math.ceil(over / count) end
redis.call('set', KEYS[1], string.format('%.0f %.0f', filled, now), 'PX', math.ceil(filled / count / 1000))
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
        let replicas = NonZeroU32::new(caches.0.settings.replicas).unwrap_or(NonZeroU32::MIN);
        let alone = match caches.0.redis {
            None => RateLimit::new(quota),
            Some(_) => RateLimit::share(quota, replicas),
        };
        Self {
            caches: caches.clone(),
            name,
            quota,
            alone,
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
        let Quota { count, per, burst } = self.quota;
        let (count, unit, burst) = (
            count.to_string(),
            per.duration().as_micros().to_string(),
            burst.to_string(),
        );
        match redis.run::<u64>(GCRA, &[place], &[&count, &unit, &burst]).await {
            Some(0) => Ok(()),
            Some(wait) => Err(RateLimited {
                retry_after_seconds: wait / 1_000_000 + 1,
            }),
            None => self.alone.check(key),
        }
    }
}
