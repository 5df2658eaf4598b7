//! How long to wait before the next attempt: twice as long each time, and never all at the same moment.

use std::time::Duration;

use platform_service::Context;

/// The pause after failure number `attempt` (from 1): `first`, doubled each time up to `longest`, and then somewhere
/// between half of that and all of it.
pub(crate) fn pause(context: &Context, attempt: u32, first: Duration, longest: Duration) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let half = doubled.min(longest) / 2;
    let [a, b, ..] = context.ids().v4().into_bytes();
    let pause = half + half * u32::from(u16::from_be_bytes([a, b])) / u32::from(u16::MAX);
    // Whole milliseconds: both databases and the clock keep them as they are.
    Duration::from_millis(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}
