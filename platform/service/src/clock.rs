//! The time of day: the machine's, or one that a test moves.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, DurationRound, NaiveDate, TimeDelta, Utc};

/// Where the time comes from. Cheap to clone; clones of a manual clock show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `at` until it is moved.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(cut(at)))))
    }

    /// Now, cut to the microseconds that every store of ours can keep.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that reads the machine's clock"
            )]
            Source::System => cut(Utc::now()),
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The date of [`Clock::now`] in UTC.
    pub fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// The moment that was so long ago, and not before 1970: "forever" may be written as any length.
    pub fn ago(&self, length: Duration) -> DateTime<Utc> {
        let length = TimeDelta::from_std(length).ok();
        let then = length.and_then(|length| self.now().checked_sub_signed(length));
        then.map_or(DateTime::UNIX_EPOCH, |then| then.max(DateTime::UNIX_EPOCH))
    }

    /// Moves a manual clock forward. The machine's clock does not move for anybody.
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }

    /// Sets a manual clock. The machine's clock does not move for anybody.
    pub fn set(&self, at: DateTime<Utc>) {
        match &self.0 {
            Source::System => tracing::warn!("the system clock cannot be set"),
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner) = cut(at),
        }
    }
}

fn cut(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}
