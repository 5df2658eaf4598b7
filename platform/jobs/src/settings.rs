//! How many jobs a process works on, and how long it remembers them.

use platform_config::Duration;
use serde::{Deserialize, Serialize};

use crate::JobError;

/// Section `[jobs]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// How many jobs of one service a process works on at a time.
    pub workers: u16,
    /// How long a job stays with a process that no longer says that it works on it.
    pub lease: Duration,
    /// How often to look for jobs that are due or that another process enqueued.
    pub poll: Duration,
    /// How long jobs may go on when the service stops; what is not done by then is done by the next process.
    pub drain: Duration,
    /// How long finished and cancelled jobs are remembered.
    pub keep_done: Duration,
    /// How long dead jobs are remembered.
    pub keep_dead: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            workers: 8,
            lease: Duration::from_secs(30),
            poll: Duration::from_millis(500),
            drain: Duration::from_secs(15),
            keep_done: Duration::from_secs(7 * DAY),
            keep_dead: Duration::from_secs(90 * DAY),
        }
    }
}

impl Settings {
    pub(crate) fn checked(self) -> Result<Self, JobError> {
        if self.workers == 0 {
            return Err(JobError::Settings("jobs.workers must be at least 1".into()));
        }
        let positive = [
            ("lease", self.lease),
            ("poll", self.poll),
            ("keep-done", self.keep_done),
            ("keep-dead", self.keep_dead),
        ];
        match positive.iter().find(|(_, length)| length.is_zero()) {
            Some((key, _)) => Err(JobError::Settings(format!("jobs.{key} must be longer than nothing"))),
            None => Ok(self),
        }
    }
}
