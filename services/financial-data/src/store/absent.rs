//! What refused rows of a crawl may have meant: that is not absent, and is not withdrawn.

use std::collections::HashSet;

use super::meaning::Meaning;
use crate::ingest::{NO_DATE, Rows};
use crate::series::SeriesId;

/// What refused rows may have meant.
#[derive(Default)]
pub(super) struct Meant {
    /// Series and dates; [`NO_DATE`] stands for any.
    dates: HashSet<(u128, i32)>,
    /// The first row that may have meant any series.
    unplaced: Option<u64>,
}

impl Meant {
    /// What the rows may have meant that were refused when a chunk was decoded; `unplaced` is a row of an earlier chunk
    /// that may have meant any series.
    pub(super) fn refused(rows: &Rows, ids: &[Meaning], unplaced: Option<u64>) -> Self {
        let mut meant = Self {
            unplaced: unplaced.or(rows.unplaced),
            ..Self::default()
        };
        for row in &rows.refused {
            match &ids[row.series as usize] {
                Ok(id) => meant.add(*id, row.date),
                Err(_) => meant.anything(row.number),
            }
        }
        meant
    }

    pub(super) fn add(&mut self, series: SeriesId, date: i32) {
        self.dates.insert((series.0.as_u128(), date));
    }

    /// Makes note of a row that names no series there is.
    pub(super) fn anything(&mut self, row: u64) {
        self.unplaced.get_or_insert(row);
    }

    /// The first row that may have meant any series.
    pub(super) fn unplaced(&self) -> Option<u64> {
        self.unplaced
    }

    /// Whether a row may have meant this date of a series.
    pub(super) fn may_be(&self, series: u128, date: i32) -> bool {
        self.unplaced.is_some() || self.dates.contains(&(series, NO_DATE)) || self.dates.contains(&(series, date))
    }
}
