//! What a history answers: rows of its columns, picked and shared instead of copied.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::value::{SCALE, Value};

/// Observation dates from `start` to `end`, both included, in days since 1970-01-01; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateRange {
    /// The first date that belongs to it.
    pub start: Option<i32>,
    /// The last date that belongs to it.
    pub end: Option<i32>,
}

impl DateRange {
    /// Every date.
    pub const ALL: Self = Self { start: None, end: None };

    /// Where the dates of this range stand in `dates`, which ascend.
    pub(crate) fn rows(self, dates: &[i32]) -> Range<usize> {
        let from = self
            .start
            .map_or(0, |start| dates.partition_point(|&date| date < start));
        let to = self
            .end
            .map_or(dates.len(), |end| dates.partition_point(|&date| date <= end));
        from..to.max(from)
    }
}

/// One observation as one revision published it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The observation date, in days since 1970-01-01.
    pub date: i32,
    /// The number, or `None` where it was withdrawn or is missing.
    pub value: Option<Value>,
    /// The day it was published, in days since 1970-01-01.
    pub revision_date: i32,
    /// Whether it was the first publication of a new period.
    pub is_original_release: bool,
    /// How many revisions of the same date came before it.
    pub release_rank: u32,
}

/// Columns of equal length, one row an observation.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) dates: Vec<i32>,
    pub(crate) values: Vec<i128>,
    /// Published digits after the point; negative where there is no value.
    pub(crate) digits: Vec<i8>,
    pub(crate) revisions: Vec<i32>,
    pub(crate) originals: Vec<bool>,
    pub(crate) ranks: Vec<u32>,
}

impl Columns {
    pub(crate) fn value(&self, at: usize) -> Option<Value> {
        u8::try_from(self.digits[at])
            .ok()
            .and_then(|digits| Value::new(self.values[at], digits))
    }

    pub(crate) fn push(&mut self, observation: Observation) {
        self.dates.push(observation.date);
        self.values.push(observation.value.map_or(0, Value::unscaled));
        self.digits
            .push(observation.value.map_or(-1, |value| value.digits() as i8));
        self.revisions.push(observation.revision_date);
        self.originals.push(observation.is_original_release);
        self.ranks.push(observation.release_rank);
    }
}

/// Observations in ascending order of date, then of revision date. Cheap to make, to clone and to hold:
/// the columns belong to the history and are shared with it.
#[derive(Clone, Debug)]
pub struct Points {
    columns: Arc<Columns>,
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    Run(Range<usize>),
    Picked(Vec<u32>),
}

impl Points {
    /// A run of rows.
    pub(crate) fn run(columns: &Arc<Columns>, rows: Range<usize>) -> Self {
        Self {
            columns: columns.clone(),
            rows: Rows::Run(rows),
        }
    }

    /// Ascending rows; neighbours without a gap become a run, whose columns need no copy.
    pub(crate) fn picked(columns: &Arc<Columns>, rows: Vec<u32>) -> Self {
        match (rows.first(), rows.last()) {
            (Some(&first), Some(&last)) if (last - first) as usize + 1 == rows.len() => {
                Self::run(columns, first as usize..last as usize + 1)
            }
            (Some(_), Some(_)) => Self {
                columns: columns.clone(),
                rows: Rows::Picked(rows),
            },
            _ => Self::run(columns, 0..0),
        }
    }

    /// How many observations there are.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Run(rows) => rows.len(),
            Rows::Picked(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The observation at `index`, which is less than [`Points::len`].
    pub fn get(&self, index: usize) -> Observation {
        let at = self.row(index);
        Observation {
            date: self.columns.dates[at],
            value: self.columns.value(at),
            revision_date: self.columns.revisions[at],
            is_original_release: self.columns.originals[at],
            release_rank: self.columns.ranks[at],
        }
    }

    /// The last observation, for instance the newest figure of a series.
    pub fn last(&self) -> Option<Observation> {
        self.len().checked_sub(1).map(|index| self.get(index))
    }

    /// The observations one by one.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Observation> + ExactSizeIterator + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The observations of a range of dates.
    pub fn within(&self, range: DateRange) -> Self {
        let kept = match &self.rows {
            Rows::Run(rows) => {
                let kept = range.rows(&self.columns.dates[rows.clone()]);
                Rows::Run(rows.start + kept.start..rows.start + kept.end)
            }
            Rows::Picked(rows) => Rows::Picked(rows[range.rows(&self.dates())].to_vec()),
        };
        Self {
            columns: self.columns.clone(),
            rows: kept,
        }
    }

    /// `limit` observations at most, after the first `offset`.
    pub fn page(&self, offset: usize, limit: usize) -> Self {
        let from = offset.min(self.len());
        let to = from.saturating_add(limit).min(self.len());
        let kept = match &self.rows {
            Rows::Run(rows) => Rows::Run(rows.start + from..rows.start + to),
            Rows::Picked(rows) => Rows::Picked(rows[from..to].to_vec()),
        };
        Self {
            columns: self.columns.clone(),
            rows: kept,
        }
    }

    /// The observation dates.
    pub fn dates(&self) -> Cow<'_, [i32]> {
        self.column(&self.columns.dates)
    }

    /// The values as integers at scale 10; 0 where there is none.
    pub fn values(&self) -> Cow<'_, [i128]> {
        self.column(&self.columns.values)
    }

    /// The published digits after the point; negative where there is no value.
    pub fn digits(&self) -> Cow<'_, [i8]> {
        self.column(&self.columns.digits)
    }

    /// The revision dates.
    pub fn revisions(&self) -> Cow<'_, [i32]> {
        self.column(&self.columns.revisions)
    }

    /// Which observations were original releases.
    pub fn originals(&self) -> Cow<'_, [bool]> {
        self.column(&self.columns.originals)
    }

    /// The release ranks.
    pub fn ranks(&self) -> Cow<'_, [u32]> {
        self.column(&self.columns.ranks)
    }

    fn row(&self, index: usize) -> usize {
        match &self.rows {
            Rows::Run(rows) => {
                debug_assert!(index < rows.len());
                rows.start + index
            }
            Rows::Picked(rows) => rows[index] as usize,
        }
    }

    fn column<'a, T: Copy>(&'a self, column: &'a [T]) -> Cow<'a, [T]> {
        match &self.rows {
            Rows::Run(rows) => Cow::Borrowed(&column[rows.clone()]),
            Rows::Picked(rows) => Cow::Owned(rows.iter().map(|&at| column[at as usize]).collect()),
        }
    }
}

impl FromIterator<Observation> for Points {
    fn from_iter<I: IntoIterator<Item = Observation>>(observations: I) -> Self {
        let mut columns = Columns::default();
        observations
            .into_iter()
            .for_each(|observation| columns.push(observation));
        let rows = 0..columns.dates.len();
        Self::run(&Arc::new(columns), rows)
    }
}

/// The fewest digits after the point that show `unscaled` exactly.
pub(crate) fn digits_needed(unscaled: i128) -> u8 {
    let (mut rest, mut digits) = (unscaled, SCALE as u8);
    while digits > 0 && rest % 10 == 0 {
        rest /= 10;
        digits -= 1;
    }
    digits
}
