//! What a guarded call is allowed.

use platform_config::Duration;
use serde::{Deserialize, Serialize};

/// The rules of one dependency's [`crate::Guard`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Policy {
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often a call that may be repeated is tried again.
    pub retries: u32,
    /// The share of calls that may be retries, in per cent.
    pub retry_budget: u32,
    /// Failures in a row after which the dependency is left alone; 0 switches that off.
    pub breaker_failures: u32,
    /// For how long.
    pub breaker_pause: Duration,
    /// Calls at the same time.
    pub concurrency: u32,
    /// Calls that may wait for their turn; more are refused at once.
    pub queue: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            retries: 2,
            retry_budget: 20,
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(60),
            concurrency: 64,
            queue: 256,
        }
    }
}
