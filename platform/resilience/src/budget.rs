//! How many retries there may be: a share of the requests, so that retries never make an outage worse.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A retry costs this much; each request earns its share of it.
const RETRY: u32 = 100;
/// What there is at most, and at the start.
const MOST: u32 = 20 * RETRY;

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
