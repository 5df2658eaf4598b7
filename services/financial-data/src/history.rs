//! Every stored revision of one series, and the questions that can be asked of it.
//!
//! A *revision* says what was published on its revision date about an observation date. It holds until
//! the next revision of the same date. A **withdrawal is a revision** without a value: it answers an as-of
//! read like any other, so that nobody sees a number its source had taken back.
//!
//! An **original release** is decided by the *frontier rule*: in every vintage after the first, the dates
//! newer than the newest date of all earlier vintages. What the first vintage holds, and what is added
//! behind the frontier later on, was released before anyone recorded it here. Where the source itself
//! declares a row to be an original release or not, its word holds.

mod changes;
mod error;
mod matrix;
mod points;
mod read;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

pub use changes::{Changes, Known};
pub use error::HistoryError;
pub use matrix::{Cell, Matrix};
pub(crate) use points::digits_needed;
pub use points::{DateRange, Observation, Points};
pub use read::Revisions;

use points::Columns;

/// The revision that ends a row's validity has not been published.
const OPEN: i32 = i32::MAX;

/// All revisions of one series in columns, sorted by date and revision date, each such pair once.
#[derive(Debug)]
pub struct History {
    columns: Arc<Columns>,
    /// Per row, the revision date of the next revision of the same date, or [`OPEN`].
    until: Vec<i32>,
    vintages: Vec<i32>,
    /// Whether every date has one row, so that the newest state is the whole history.
    single: bool,
}

impl History {
    /// A history of revisions sorted by date and revision date.
    pub fn new(revisions: Revisions) -> Result<Self, HistoryError> {
        revisions.check()?;
        let until = until(&revisions);
        let ranks = ranks(&revisions.dates);
        let mut originals = frontier(&revisions);
        for (original, &declared) in originals.iter_mut().zip(&revisions.declared) {
            *original = if declared < 0 { *original } else { declared > 0 };
        }
        let vintages = distinct(&revisions.revisions);
        let single = until.iter().all(|&until| until == OPEN);
        let Revisions {
            dates,
            revisions,
            values,
            digits,
            ..
        } = revisions;
        let columns = Arc::new(Columns {
            dates,
            values,
            digits,
            revisions,
            originals,
            ranks,
        });
        Ok(Self {
            columns,
            until,
            vintages,
            single,
        })
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.until.len()
    }

    /// Whether nothing was ever published.
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }

    /// How many bytes this holds.
    pub fn size(&self) -> usize {
        const ROW: usize = size_of::<i128>() + 4 * size_of::<i32>() + size_of::<i8>() + size_of::<bool>();
        size_of::<Self>() + size_of::<Columns>() + self.len() * ROW + self.vintages.len() * size_of::<i32>()
    }

    /// The first and the last observation date.
    pub fn bounds(&self) -> Option<(i32, i32)> {
        Some((*self.columns.dates.first()?, *self.columns.dates.last()?))
    }

    /// The distinct revision dates, ascending.
    pub fn vintages(&self) -> &[i32] {
        &self.vintages
    }

    /// What is known now: the newest revision of every date.
    pub fn latest(&self, range: DateRange) -> Points {
        self.as_of(OPEN, range)
    }

    /// What was known at the end of `day`: for every date the newest revision published until then.
    pub fn as_of(&self, day: i32, range: DateRange) -> Points {
        let rows = range.rows(&self.columns.dates);
        let day = day.min(OPEN - 1);
        if self.single && self.vintages.last().is_none_or(|&newest| newest <= day) {
            return Points::run(&self.columns, rows);
        }
        self.pick(rows, |revision, until| revision <= day && day < until)
    }

    /// Every revision published from `first` to `last`, both included.
    pub fn window(&self, first: i32, last: i32, range: DateRange) -> Points {
        let rows = range.rows(&self.columns.dates);
        self.pick(rows, |revision, _| first <= revision && revision <= last)
    }

    /// Every revision.
    pub fn revisions(&self, range: DateRange) -> Points {
        Points::run(&self.columns, range.rows(&self.columns.dates))
    }

    /// Of every date its release number `rank`, counted from 0; dates released less often are absent.
    pub fn release(&self, rank: u32, range: DateRange) -> Points {
        self.filter(range, |at| self.columns.ranks[at] == rank)
    }

    /// The original releases.
    pub fn original_releases(&self, range: DateRange) -> Points {
        self.filter(range, |at| self.columns.originals[at])
    }

    fn filter(&self, range: DateRange, keep: impl Fn(usize) -> bool) -> Points {
        let rows = range
            .rows(&self.columns.dates)
            .filter(|&at| keep(at))
            .map(|at| at as u32)
            .collect();
        Points::picked(&self.columns, rows)
    }

    /// The rows whose revision date and end of validity please `keep`. Every row is written and the
    /// place moves on only past those to keep: without a branch to mispredict it takes a nanosecond a row.
    fn pick(&self, rows: Range<usize>, keep: impl Fn(i32, i32) -> bool) -> Points {
        let mut picked = vec![0_u32; rows.len()];
        let mut count = 0;
        let spells = self.columns.revisions[rows.clone()]
            .iter()
            .zip(&self.until[rows.clone()]);
        for (at, (&revision, &until)) in rows.zip(spells) {
            picked[count] = at as u32;
            count += usize::from(keep(revision, until));
        }
        picked.truncate(count);
        Points::picked(&self.columns, picked)
    }
}

/// The distinct days, ascending. Where most days between the first and the last are there, each is looked at once.
fn distinct(days: &[i32]) -> Vec<i32> {
    let (Some(&first), Some(&last)) = (days.iter().min(), days.iter().max()) else {
        return Vec::new();
    };
    let span = last.abs_diff(first) as usize;
    if span > 4 * days.len() {
        let mut sorted = days.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        return sorted;
    }
    let mut there = vec![false; span + 1];
    days.iter().for_each(|day| there[day.abs_diff(first) as usize] = true);
    (first..=last)
        .zip(there)
        .filter_map(|(day, there)| there.then_some(day))
        .collect()
}

fn until(revisions: &Revisions) -> Vec<i32> {
    let Revisions { dates, revisions, .. } = revisions;
    (1..=dates.len())
        .map(|next| {
            if dates.get(next) == Some(&dates[next - 1]) {
                revisions[next]
            } else {
                OPEN
            }
        })
        .collect()
}

fn ranks(dates: &[i32]) -> Vec<u32> {
    let (mut rank, mut last) = (0, None);
    let next = |&date| {
        rank = if last == Some(date) { rank + 1 } else { 0 };
        last = Some(date);
        rank
    };
    dates.iter().map(next).collect()
}

/// A row crosses the frontier when no earlier revision tells of its date or of a later one, that is, when
/// its revision date is the least of all rows from its date on; the first vintage crosses nothing.
fn frontier(revisions: &Revisions) -> Vec<bool> {
    let mut originals = vec![false; revisions.dates.len()];
    let first = revisions.revisions.iter().min().copied().unwrap_or(OPEN);
    let mut earliest = OPEN;
    for at in (0..originals.len()).rev() {
        earliest = earliest.min(revisions.revisions[at]);
        let leads_its_date = at == 0 || revisions.dates[at - 1] != revisions.dates[at];
        originals[at] = leads_its_date && revisions.revisions[at] == earliest && earliest > first;
    }
    originals
}
