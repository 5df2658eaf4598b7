//! How stored rows become a history.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type};

use super::{History, HistoryError, digits_needed};
use crate::value::{SCALE, Value};

/// The columns a history is made of, of equal length, sorted by date and revision date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Observation dates in days since 1970-01-01.
    pub dates: Vec<i32>,
    /// Revision dates in days since 1970-01-01.
    pub revisions: Vec<i32>,
    /// Values as integers at scale 10; of no meaning where withdrawn.
    pub values: Vec<i128>,
    /// Published digits after the point, or -1 for a withdrawal.
    pub digits: Vec<i8>,
    /// What the source declares of being an original release: 1, 0, or -1 when it says nothing.
    pub declared: Vec<i8>,
}

impl Revisions {
    pub(super) fn check(&self) -> Result<(), HistoryError> {
        let Self {
            dates,
            revisions,
            values,
            digits,
            declared,
        } = self;
        let lengths = [dates.len(), revisions.len(), values.len(), digits.len(), declared.len()];
        if lengths.iter().any(|&length| length != lengths[0]) {
            return Err(HistoryError::Lengths(lengths));
        }
        for row in 0..dates.len() {
            if row > 0 && (dates[row - 1], revisions[row - 1]) >= (dates[row], revisions[row]) {
                return Err(HistoryError::Order { row });
            }
            let published =
                u8::try_from(digits[row]).map_or(digits[row] == -1, |digits| Value::new(values[row], digits).is_some());
            if !published {
                return Err(HistoryError::Value { row });
            }
        }
        Ok(())
    }

    /// Appends the rows of a batch as the table stores them.
    fn append(&mut self, batch: &RecordBatch) -> Result<(), HistoryError> {
        let dates = required(batch, "date", "Date32")?;
        let revisions = required(batch, "revision_date", "Date32")?;
        let (Some(dates), Some(revisions)) = (
            dates.as_primitive_opt::<Date32Type>(),
            revisions.as_primitive_opt::<Date32Type>(),
        ) else {
            return Err(HistoryError::Column {
                name: "date and revision_date",
                expected: "Date32",
            });
        };
        let wrong = |name, expected| move || HistoryError::Column { name, expected };
        let values = column(batch, "value", "Decimal128(28, 10)")?;
        if !matches!(values.data_type(), DataType::Decimal128(_, scale) if *scale == SCALE as i8) {
            return Err(wrong("value", "Decimal128(28, 10)")());
        }
        let values = values
            .as_primitive_opt::<Decimal128Type>()
            .ok_or_else(wrong("value", "Decimal128(28, 10)"))?;
        let digits = column(batch, "digits", "Int32")?
            .as_primitive_opt::<Int32Type>()
            .ok_or_else(wrong("digits", "Int32"))?;
        let declared = column(batch, "is_original_release", "Boolean")?;
        let declared = declared
            .as_boolean_opt()
            .ok_or_else(wrong("is_original_release", "Boolean"))?;
        self.dates.extend_from_slice(dates.values());
        self.revisions.extend_from_slice(revisions.values());
        self.values.extend(values.iter().map(Option::unwrap_or_default));
        self.digits.extend(
            values
                .iter()
                .zip(digits)
                .map(|(value, digits)| published_digits(value, digits)),
        );
        self.declared
            .extend(declared.iter().map(|declared| declared.map_or(-1, i8::from)));
        Ok(())
    }
}

impl History {
    /// A history of one batch with the columns `date`, `revision_date` (Date32), `value` (Decimal128(28, 10)),
    /// `digits` (Int32) and `is_original_release` (Boolean), the last three nullable, sorted by the first two.
    pub fn from_batch(batch: &RecordBatch) -> Result<Self, HistoryError> {
        Self::from_batches([batch])
    }

    /// A history of batches that follow each other; see [`History::from_batch`].
    pub fn from_batches<'a>(batches: impl IntoIterator<Item = &'a RecordBatch>) -> Result<Self, HistoryError> {
        let mut revisions = Revisions::default();
        batches.into_iter().try_for_each(|batch| revisions.append(batch))?;
        Self::new(revisions)
    }
}

/// The digits of a stored row. Another writer of the table may leave them out: then as few as show the value.
fn published_digits(value: Option<i128>, digits: Option<i32>) -> i8 {
    match (value, digits) {
        (None, _) => -1,
        (Some(_), Some(digits)) => i8::try_from(digits)
            .ok()
            .filter(|&digits| digits >= 0)
            .unwrap_or(i8::MAX),
        (Some(value), None) => digits_needed(value) as i8,
    }
}

fn column<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
    expected: &'static str,
) -> Result<&'a ArrayRef, HistoryError> {
    batch
        .column_by_name(name)
        .ok_or(HistoryError::Column { name, expected })
}

fn required<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
    expected: &'static str,
) -> Result<&'a ArrayRef, HistoryError> {
    column(batch, name, expected).and_then(|column| match column.null_count() {
        0 => Ok(column),
        _ => Err(HistoryError::Column { name, expected }),
    })
}
