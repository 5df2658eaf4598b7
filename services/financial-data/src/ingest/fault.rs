//! Refusals of rows: what is wrong, what to write instead, and what the row may have meant.

use crate::value::ValueError;

use super::field::Column;
use super::{RowError, RowErrorType};

/// Why a row is refused.
pub(super) type Fault = Box<Refusal>;

/// Why a row is refused, and what it is about as far as that can be read.
pub(super) struct Refusal {
    /// The intake puts in its number.
    pub(super) error: RowError,
    pub(super) about: Option<About>,
}

/// The series that a refused row names, and its date.
pub(super) struct About {
    pub(super) source: Box<[u8]>,
    pub(super) series: Box<[u8]>,
    pub(super) date: Option<i32>,
}

/// A value that cannot be stored, with what to write instead.
pub(super) fn bad_value(text: &[u8], error: ValueError) -> Fault {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.strip_prefix(b"-").or(lower.strip_prefix(b"+")).unwrap_or(&lower);
    let fix = match error {
        ValueError::TooLarge => "publish it in a larger unit, for instance in millions",
        ValueError::TooPrecise => "round it to 10 digits after the point, or send decimals instead of binary numbers",
        ValueError::NotANumber => match unsigned {
            b"nan" | b"n/a" | b"na" | b"#n/a" | b"none" | b"nil" | b"-" => {
                "leave it empty when the value was withdrawn"
            }
            b"inf" | b"infinity" => "leave the row out: an infinite number cannot be stored",
            _ if text.contains(&b',') => "write a point before the decimals and no separators between thousands",
            _ => "write digits with a point before the decimals, for instance -1234.50",
        },
    };
    fault(Column::Value, text, RowErrorType::InvalidNumericValue, error).with(fix)
}

/// A field that every row needs and this one does not have.
pub(super) fn missing(column: Column) -> Fault {
    let fault = fault(
        column,
        b"",
        RowErrorType::MissingRequiredField,
        format_args!("{} is missing", column.name()),
    );
    match column {
        Column::Value => fault.with("write null or an empty value when it was withdrawn"),
        Column::Date => fault.with("write the first day of the observed period as YYYY-MM-DD"),
        _ => fault.with("name the series by its id or by what its source calls it"),
    }
}

/// A refusal of what stands in a column.
pub(super) fn fault(column: Column, text: &[u8], error_type: RowErrorType, message: impl ToString) -> Fault {
    let value = (!text.is_empty()).then(|| cut(text));
    let error = RowError {
        row: 0,
        field: column.name(),
        value,
        error_type,
        message: message.to_string(),
        suggested_fix: None,
    };
    Box::new(Refusal { error, about: None })
}

/// A refusal of the row as a whole.
pub(super) fn misshapen(text: &[u8], message: impl ToString) -> Fault {
    let mut fault = fault(Column::Series, text, RowErrorType::SchemaMismatch, message);
    fault.error.field = "row";
    fault
}

/// Refuses a row that has a field no row has.
pub(super) fn unknown_field(name: &str) -> Fault {
    misshapen(name.as_bytes(), "is not a field of a row").with("leave it out, or put it into metadata")
}

/// What else there is to say of a refusal.
pub(super) trait With {
    /// Adds what to write instead.
    fn with(self, fix: impl Into<String>) -> Self;

    /// Adds the source and the series that the row names, and its date where that can be read.
    fn about(self, named: (&[u8], &[u8]), date: Option<i32>) -> Self;
}

impl With for Fault {
    fn with(mut self, fix: impl Into<String>) -> Self {
        self.error.suggested_fix = Some(fix.into());
        self
    }

    fn about(mut self, (source, series): (&[u8], &[u8]), date: Option<i32>) -> Self {
        self.about = Some(About {
            source: source.into(),
            series: series.into(),
            date,
        });
        self
    }
}

/// The first 100 characters of what stood there.
fn cut(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(400)])
        .chars()
        .take(100)
        .collect()
}
