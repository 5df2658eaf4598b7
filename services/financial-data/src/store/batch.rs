//! Resolved rows as a batch of the table of points.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray,
    StringBuilder,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Schema};

use super::meaning::Meaning;
use super::resolve::Ordered;
use crate::ingest::{Rows, WITHDRAWN};
use crate::value::{PRECISION, SCALE};

/// What a point is stored under: series, date, revision date.
pub(super) type Key = (u128, i32, i32);

/// Rows of one series that follow each other.
pub(super) struct Run {
    series: u128,
    rows: Range<usize>,
}

/// Points in the order of the table, in columns.
pub(super) struct Points {
    runs: Vec<Run>,
    rows: Rows,
}

/// The runs of rows in the order of their series, if each series has one and its rows are in order without doubles.
pub(super) fn ordered_runs(rows: &Rows, ids: &[Meaning]) -> Option<Vec<Run>> {
    let (mut runs, mut start): (Vec<Run>, usize) = (Vec::new(), 0);
    let key = |at: usize| (rows.dates[at], rows.revisions[at]);
    for names in rows.series.chunk_by(u32::eq) {
        let run = start..start + names.len();
        if !(run.start + 1..run.end).all(|at| key(at - 1) < key(at)) {
            return None;
        }
        start = run.end;
        let series = ids[names[0] as usize].as_ref().ok()?.0.as_u128();
        runs.push(Run { series, rows: run });
    }
    runs.sort_unstable_by_key(|run| run.series);
    runs.windows(2)
        .all(|pair| pair[0].series < pair[1].series)
        .then_some(runs)
}

impl Points {
    /// All rows, in whole runs.
    pub(super) fn of_runs(rows: Rows, runs: Vec<Run>) -> Self {
        if runs.is_sorted_by_key(|run| run.rows.start) {
            return Self { runs, rows };
        }
        let rows = Rows {
            dates: in_runs(&rows.dates, &runs),
            values: in_runs(&rows.values, &runs),
            digits: in_runs(&rows.digits, &runs),
            revisions: in_runs(&rows.revisions, &runs),
            originals: in_runs(&rows.originals, &runs),
            metadata: match rows.metadata.is_empty() {
                true => Vec::new(),
                false => in_runs(&rows.metadata, &runs),
            },
            ..Rows::default()
        };
        Self { runs, rows }
    }

    /// The rows of `order`, and withdrawals after them.
    pub(super) fn some(rows: &Rows, order: &[Ordered], withdrawn: &[Key]) -> Self {
        let places = || order.iter().map(|row| row.3 as usize);
        let key = |row: &Ordered| (row.0, row.1, row.2);
        let keys: Vec<Key> = order.iter().map(key).chain(withdrawn.iter().copied()).collect();
        let mut picked = Rows {
            dates: keys.iter().map(|key| key.1).collect(),
            revisions: keys.iter().map(|key| key.2).collect(),
            values: places().map(|at| rows.values[at]).collect(),
            digits: places().map(|at| rows.digits[at]).collect(),
            originals: places().map(|at| rows.originals[at]).collect(),
            ..Rows::default()
        };
        picked.values.resize(keys.len(), 0);
        picked.digits.resize(keys.len(), WITHDRAWN);
        picked.originals.resize(keys.len(), -1);
        if !rows.metadata.is_empty() {
            picked.metadata = places().map(|at| rows.metadata[at].clone()).collect();
            picked.metadata.resize(keys.len(), None);
        }
        let mut runs: Vec<Run> = Vec::new();
        for run in keys.chunk_by(|a, b| a.0 == b.0) {
            let start = runs.last().map_or(0, |run| run.rows.end);
            let (series, rows) = (run[0].0, start..start + run.len());
            runs.push(Run { series, rows });
        }
        Self { runs, rows: picked }
    }

    pub(super) fn into_batch(self) -> RecordBatch {
        let Self { runs, rows } = self;
        let known = known(rows.digits.iter().map(|digits| *digits != WITHDRAWN));
        let digits: Vec<i32> = rows.digits.iter().map(|digits| i32::from(*digits)).collect();
        let value_type = DataType::Decimal128(PRECISION as u8, SCALE as i8);
        let values = Decimal128Array::new(rows.values.into(), known.clone()).with_data_type(value_type);
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("series_id", series_column(&runs)),
            ("date", Arc::new(Date32Array::from(rows.dates))),
            ("value", Arc::new(values)),
            ("digits", Arc::new(Int32Array::new(digits.into(), known))),
            ("revision_date", Arc::new(Date32Array::from(rows.revisions))),
            ("is_original_release", Arc::new(declared(&rows.originals))),
        ];
        if !rows.metadata.is_empty() {
            columns.push((
                "metadata",
                Arc::new(rows.metadata.iter().map(Option::as_deref).collect::<StringArray>()),
            ));
        }
        let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        RecordBatch::try_new(schema, columns).expect("columns are made of the same rows")
    }
}

/// Which rows have a value; `None` when all have.
fn known(rows: impl ExactSizeIterator<Item = bool>) -> Option<NullBuffer> {
    let mut bits = BooleanBufferBuilder::new(rows.len());
    rows.for_each(|is_known| bits.append(is_known));
    Some(NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
}

fn declared(originals: &[i8]) -> BooleanArray {
    let mut bits = BooleanBufferBuilder::new(originals.len());
    originals.iter().for_each(|original| bits.append(*original > 0));
    BooleanArray::new(bits.finish(), known(originals.iter().map(|original| *original >= 0)))
}

fn in_runs<T: Clone>(column: &[T], runs: &[Run]) -> Vec<T> {
    let mut out = Vec::with_capacity(column.len());
    runs.iter()
        .for_each(|run| out.extend_from_slice(&column[run.rows.clone()]));
    out
}

/// Ids as text; the text of a run is made once.
fn series_column(runs: &[Run]) -> ArrayRef {
    let count = runs.iter().map(|run| run.rows.len()).sum();
    let mut texts = StringBuilder::with_capacity(count, count * 36);
    let mut buffer = uuid::Uuid::encode_buffer();
    for run in runs {
        let text: &str = uuid::Uuid::from_u128(run.series).hyphenated().encode_lower(&mut buffer);
        run.rows.clone().for_each(|_| texts.append_value(text));
    }
    Arc::new(texts.finish())
}
