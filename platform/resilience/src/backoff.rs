//! How long to wait before the next attempt: twice as long each time, and never all at the same moment.

use std::time::Duration;

/// Pauses between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest pause after the first failure; it doubles with each one.
    pub first: Duration,
    /// The longest pause of all.
    pub longest: Duration,
}

/// Between the attempts of one call, whose caller waits.
const CALLS: Backoff = Backoff {
    first: Duration::from_millis(20),
    longest: Duration::from_millis(640),
};

impl Backoff {
    /// The pause after failure number `attempt`, from 1: `first`, doubled each time up to `longest`, and then somewhere
    /// between half of that and all of it. Random bytes as `spread` keep what failed together from being tried again
    /// together. In whole milliseconds, which databases and the clock keep as they are.
    pub fn pause(&self, attempt: u32, spread: [u8; 2]) -> Duration {
        let doubled = self
            .first
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let half = doubled.min(self.longest) / 2;
        let pause = half + half.mul_f64(f64::from(u16::from_be_bytes(spread)) / f64::from(u16::MAX));
        Duration::from_millis(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
    }
}

/// How long to wait before attempt `attempt` of a call, counted from 1: up to 0.64 s. It is spread by `seed`, any bytes
/// that differ between calls.
pub fn pause(attempt: u32, seed: &[u8]) -> Duration {
    // Neighbouring seeds come to lie far apart.
    let spread = seed
        .iter()
        .fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(u16::from(*byte)))
        .wrapping_mul(0x9e37);
    CALLS.pause(attempt, spread.to_be_bytes())
}
