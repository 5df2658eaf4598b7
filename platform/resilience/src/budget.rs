//! How many retries there may be: a share of the requests, so that retries never make an outage worse.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

/// A retry costs this much; each request earns its share of it.
const RETRY: u32 = 100;
/// What there is at most, and at the start.
const MOST: u32 = 20 * RETRY;
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Earns with calls, spends on retries.
#[derive(Debug)]
pub struct Budget {
    share: u32,
    left: AtomicU32,
}

impl Budget {
    /// So many per cent of the requests may be retries.
    pub fn new(share: u32) -> Self {
        Self {
            share,
            left: AtomicU32::new(if share == 0 { 0 } else { MOST }),
        }
    }

    /// A request is sent.
    pub fn earn(&self) {
        let more = |left: u32| Some(left.saturating_add(self.share).min(MOST));
        // The closure never declines.
        let _ = self.left.fetch_update(Relaxed, Relaxed, more);
    }

    /// Whether there is enough for a retry, which is then paid for.
    pub fn spend(&self) -> bool {
        self.left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(RETRY))
            .is_ok()
    }
}

/// How long to wait before attempt `attempt`, counted from 1: doubled each time up to 0.64 s, and spread by `seed`, any
/// bytes that differ between calls, so that calls that failed together do not come back together.
pub fn pause(attempt: u32, seed: &[u8]) -> Duration {
    let spread = seed
        .iter()
        .fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
        % 100;
    let base = FIRST_PAUSE * 2u32.saturating_pow(attempt.clamp(1, 6) - 1);
    base / 2 + base * spread / 100
}
