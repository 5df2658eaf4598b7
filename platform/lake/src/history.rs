//! Which snapshots stay: all recent ones, then one an hour, then one a day.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use iceberg::spec::TableMetadata;

/// Removals are done several at once, so that not every commit has one.
const SLACK: usize = 25;

/// How much of a table's own history (its snapshots) is kept. Vintages are rows and are never forgotten by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The newest snapshots, all of them.
    pub last: usize,
    /// For so long the last snapshot of each hour.
    pub hourly: Duration,
    /// For so long the last snapshot of each day.
    pub daily: Duration,
}

impl Default for History {
    fn default() -> Self {
        Self {
            last: 75,
            hourly: Duration::hours(48),
            daily: Duration::days(365),
        }
    }
}

impl History {
    /// The snapshots of a table that may go, once they are more than a few.
    pub(crate) fn surplus(&self, metadata: &TableMetadata, now: DateTime<Utc>) -> Vec<i64> {
        match metadata.snapshots().len() > self.last + SLACK {
            true => self.expired(metadata, now),
            false => Vec::new(),
        }
    }

    /// The snapshots of a table that this history does not keep. The current one always stays.
    pub(crate) fn expired(&self, metadata: &TableMetadata, now: DateTime<Utc>) -> Vec<i64> {
        let mut snapshots: Vec<(i64, i64, i64)> = metadata
            .snapshots()
            .map(|snapshot| {
                (
                    snapshot.sequence_number(),
                    snapshot.snapshot_id(),
                    snapshot.timestamp_ms(),
                )
            })
            .collect();
        snapshots.sort_unstable_by_key(|(sequence, ..)| std::cmp::Reverse(*sequence));
        let within = |age: Duration, at: i64| now.timestamp_millis() - at <= age.num_milliseconds();
        let (mut hours, mut days, mut out) = (HashSet::new(), HashSet::new(), Vec::new());
        let before = snapshots.len().saturating_sub(self.last);
        for (_, id, at) in snapshots.into_iter().skip(self.last.max(1)).take(before) {
            let of_hour = hours.insert(at.div_euclid(3_600_000)) && within(self.hourly, at);
            let of_day = days.insert(at.div_euclid(86_400_000)) && within(self.daily, at);
            if !of_hour && !of_day {
                out.push(id);
            }
        }
        out
    }
}
