//! A rate as settings write it.

use std::{num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};

/// How long a burst may take to come back.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A rate: `burst` at once after a pause, of which `count` come back in a second, a minute or an hour, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Quota {
    /// How many in the long run.
    pub count: NonZeroU32,
    /// In what time.
    pub per: Per,
    /// How many at once after a pause.
    pub burst: NonZeroU32,
}

/// The time that a quota is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// `per-second`.
    Second,
    /// `per-minute`.
    Minute,
    /// `per-hour`.
    Hour,
}

impl Per {
    /// How long that is.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
        })
    }
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_minute: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_hour: Option<NonZeroU32>,
    /// As many as come back, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    burst: Option<NonZeroU32>,
}

impl TryFrom<Written> for Quota {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let (count, per) = match (written.per_second, written.per_minute, written.per_hour) {
            (Some(count), None, None) => (count, Per::Second),
            (None, Some(count), None) => (count, Per::Minute),
            (None, None, Some(count)) => (count, Per::Hour),
            _ => return Err("a quota has exactly one of per-second, per-minute and per-hour"),
        };
        let burst = written.burst.unwrap_or(count);
        if per.duration().as_secs() * u64::from(burst.get()) / u64::from(count.get()) > LONGEST.as_secs() {
            return Err("the burst of a quota takes at most a year to come back");
        }
        Ok(Self { count, per, burst })
    }
}

impl From<Quota> for Written {
    fn from(Quota { count, per, burst }: Quota) -> Self {
        let of = |unit| (per == unit).then_some(count);
        Self {
            per_second: of(Per::Second),
            per_minute: of(Per::Minute),
            per_hour: of(Per::Hour),
            burst: Some(burst),
        }
    }
}
