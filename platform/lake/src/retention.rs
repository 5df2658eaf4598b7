//! Which snapshots stay: all recent ones, then one an hour, then one a day, and those that a tag or a branch names.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use iceberg::spec::TableMetadata;

/// Removals are done several at once, so that not every commit has one.
const SLACK: usize = 25;

/// How much of a table's own history (its snapshots) is kept. Vintages are rows and are never forgotten by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The newest snapshots, all of them.
    pub last: usize,
    /// For so long the last snapshot of each hour.
    pub hourly: Duration,
    /// For so long the last snapshot of each day.
    pub daily: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            last: 75,
            hourly: Duration::hours(48),
            daily: Duration::days(365),
        }
    }
}

impl Retention {
    /// The snapshots of a table that may go, once they are more than a few.
    pub(crate) fn surplus(&self, metadata: &TableMetadata, now: DateTime<Utc>) -> Vec<i64> {
        let surplus = self.too_old(metadata, now);
        match surplus.len() >= SLACK {
            true => unnamed(metadata, surplus),
            false => Vec::new(),
        }
    }

    /// The snapshots of a table that are not kept. The current one always stays.
    pub(crate) fn expired(&self, metadata: &TableMetadata, now: DateTime<Utc>) -> Vec<i64> {
        unnamed(metadata, self.too_old(metadata, now))
    }

    fn too_old(&self, metadata: &TableMetadata, now: DateTime<Utc>) -> Vec<i64> {
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

/// Those of `snapshots` that neither a tag nor a branch names; main names the current one.
pub(crate) fn unnamed(metadata: &TableMetadata, mut snapshots: Vec<i64>) -> Vec<i64> {
    // The library tells of the references only when it writes them down; what cannot be told apart stays.
    let json = serde_json::to_value(metadata).unwrap_or_default();
    let Some(references) = json["refs"].as_object() else {
        return Vec::new();
    };
    let named: HashSet<i64> = references
        .values()
        .filter_map(|reference| reference["snapshot-id"].as_i64())
        .collect();
    snapshots.retain(|id| !named.contains(id));
    snapshots
}
