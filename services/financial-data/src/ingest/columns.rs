//! The columns of a record batch, each behind a function that reads one row of it.

use arrow::array::{Array, AsArray, FixedSizeBinaryArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use uuid::Uuid;

use crate::value::Value;

use super::cells::{Cell, days, flags, integers, numbers, texts};
use super::fault::{Fault, With, missing};
use super::field::{self, Column, Row};
use super::names::Named;
use super::{DecodeError, NO_DATE};

/// Which column of a schema holds what.
pub(super) struct Layout {
    columns: Vec<Column>,
}

impl Layout {
    pub(super) fn of(schema: &Schema) -> Result<Self, DecodeError> {
        let columns = super::csv::columns(schema.fields().iter().map(|field| field.name().as_str()))?;
        for (column, field) in columns.iter().zip(schema.fields()) {
            if !fits(*column, field.data_type()) {
                let (name, found) = (column.name(), field.data_type());
                return Err(DecodeError::Columns(format!(
                    "{name} has type {found}, expected {}",
                    expected(*column)
                )));
            }
        }
        Ok(Self { columns })
    }

    /// The places of the columns that are read.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| **column != Column::Derived)
            .map(|(place, _)| place)
    }

    /// This layout when only [`Layout::places`] are read.
    pub(super) fn projected(&self) -> Self {
        Self {
            columns: self.places().map(|place| self.columns[place]).collect(),
        }
    }
}

fn fits(column: Column, data_type: &DataType) -> bool {
    let integer = data_type.is_integer();
    let text = match data_type {
        DataType::Dictionary(_, values) => {
            matches!(**values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        _ => false,
    };
    match column {
        Column::Derived => true,
        Column::Digits => integer || data_type.is_null(),
        _ if text => true,
        Column::Series => matches!(data_type, DataType::FixedSizeBinary(16)),
        Column::Date | Column::Revision => {
            matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
                || (column == Column::Revision && data_type.is_null())
        }
        Column::Value => {
            integer
                || data_type.is_decimal()
                || matches!(data_type, DataType::Float32 | DataType::Float64 | DataType::Null)
        }
        Column::Original => matches!(data_type, DataType::Boolean | DataType::Null),
        Column::Metadata | Column::Source => data_type.is_null(),
    }
}

fn expected(column: Column) -> &'static str {
    match column {
        Column::Series => "text or a UUID of 16 bytes",
        Column::Date | Column::Revision => "a date, a timestamp or text",
        Column::Value => "a decimal, an integer, a float or text",
        Column::Original => "a boolean or text",
        Column::Digits => "an integer",
        Column::Metadata | Column::Source | Column::Derived => "text",
    }
}

/// Reads the rows of one batch.
pub(super) struct Columns<'a> {
    series: Series<'a>,
    date: Cell<'a, Result<Option<i32>, Fault>>,
    value: Cell<'a, Result<Option<Value>, Fault>>,
    revision: Option<Cell<'a, Result<Option<i32>, Fault>>>,
    original: Option<Cell<'a, Result<i8, Fault>>>,
    metadata: Option<Cell<'a, Option<&'a str>>>,
    source: Option<Cell<'a, Option<&'a str>>>,
    digits: Option<Cell<'a, Option<i64>>>,
}

enum Series<'a> {
    Ids(&'a FixedSizeBinaryArray),
    Names(Cell<'a, Option<&'a str>>),
}

impl<'a> Columns<'a> {
    pub(super) fn of(layout: &Layout, batch: &'a RecordBatch) -> Result<Self, DecodeError> {
        let find = |wanted: Column| {
            let place = layout.columns.iter().position(|column| *column == wanted);
            place
                .and_then(|place| batch.columns().get(place))
                .map(|array| array.as_ref() as &dyn Array)
        };
        let required =
            |wanted: Column| find(wanted).ok_or_else(|| DecodeError::Columns(format!("{} is missing", wanted.name())));
        let series = required(Column::Series)?;
        Ok(Self {
            series: match series.as_fixed_size_binary_opt() {
                Some(ids) => Series::Ids(ids),
                None => Series::Names(texts(series)),
            },
            date: days(Column::Date, required(Column::Date)?),
            value: numbers(required(Column::Value)?),
            revision: find(Column::Revision).map(|array| days(Column::Revision, array)),
            original: find(Column::Original).map(flags),
            metadata: find(Column::Metadata).map(texts),
            source: find(Column::Source).map(texts),
            digits: find(Column::Digits).map(integers),
        })
    }

    /// Reads row `at`; `id` is room for the text of an id.
    #[inline]
    pub(super) fn row<'r>(&'r self, at: usize, id: &'r mut [u8; 36]) -> Result<Row<'r>, Fault> {
        let series = match &self.series {
            Series::Names(read) => read(at).unwrap_or_default().trim_ascii().as_bytes(),
            Series::Ids(ids) if ids.is_valid(at) => {
                let bytes = ids.value(at).try_into().unwrap_or_default();
                Uuid::from_bytes(bytes).hyphenated().encode_lower(id).as_bytes()
            }
            Series::Ids(_) => b"",
        };
        let named = (text(&self.source, at).as_bytes(), series);
        self.read(at, named)
            .map_err(|fault| fault.about(named, (self.date)(at).ok().flatten()))
    }

    fn read<'r>(&'r self, at: usize, (source, series): Named<'r>) -> Result<Row<'r>, Fault> {
        let digits = self.digits.as_ref().and_then(|read| read(at));
        Ok(Row {
            series,
            source,
            date: (self.date)(at)?.ok_or_else(|| missing(Column::Date))?,
            value: field::with_digits((self.value)(at)?, digits)?,
            revision: match &self.revision {
                Some(read) => read(at)?.unwrap_or(NO_DATE),
                None => NO_DATE,
            },
            original: self.original.as_ref().map_or(Ok(-1), |read| read(at))?,
            metadata: field::metadata(text(&self.metadata, at).as_bytes())?,
        })
    }
}

/// The text of a row in a column that may not be there.
fn text<'r, 'a: 'r>(column: &'r Option<Cell<'a, Option<&'a str>>>, at: usize) -> &'r str {
    column
        .as_ref()
        .and_then(|read| read(at))
        .unwrap_or_default()
        .trim_ascii()
}
