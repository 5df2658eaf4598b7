//! A cached value, or the knowledge that there is none, and how long it holds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A value with its times, in microseconds of the context's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry<V> {
    /// `None`: it was looked for and is not there.
    pub(crate) value: Option<V>,
    /// When it stops to hold.
    pub(crate) until: i64,
    /// How long it took to load.
    pub(crate) cost: i64,
}

/// How strongly to prefer an early refresh over an expiry; 1 is the optimum of the paper.
const BETA: f64 = 1.0;

impl<V> Entry<V> {
    pub(crate) fn holds(&self, now: i64) -> bool {
        now < self.until
    }

    /// Whether this caller should load the value anew before it expires: the likelier the nearer the end and the dearer
    /// the load, so that one of many callers does it in time. `random` is from 0 to 1. Source: Vattani, Chierichetti,
    /// Lowenstein, "Optimal Probabilistic Cache Stampede Prevention" (VLDB 2015).
    pub(crate) fn is_due(&self, now: i64, random: f64) -> bool {
        let ahead = self.cost as f64 * BETA * -random.max(f64::MIN_POSITIVE).ln();
        now.saturating_add(ahead as i64) >= self.until
    }
}

/// A life from 90 to 110 per cent of `ttl`: what was stored together must not expire together.
pub(crate) fn jitter(ttl: Duration, random: f64) -> i64 {
    micros(ttl.mul_f64(0.9 + 0.2 * random))
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2)
}
