//! The fields of a row: their names, and how each is read from bytes.

use crate::value::{SCALE, Value};

use super::fault::{Fault, With, bad_value, fault, missing};
use super::{METADATA_BYTES, NO_DATE, RowErrorType};

/// A column that rows may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Series,
    Date,
    Value,
    Revision,
    Original,
    Metadata,
    Source,
    Digits,
    /// One that our exports write and that follows from the others.
    Derived,
}

impl Column {
    pub(super) const COUNT: usize = 9;
    pub(super) const REQUIRED: [Self; 3] = [Self::Series, Self::Date, Self::Value];

    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "series_id" | "seriesId" | "external_id" | "externalId" => Self::Series,
            "date" => Self::Date,
            "value" => Self::Value,
            "revision_date" | "revisionDate" => Self::Revision,
            "is_original_release" | "isOriginalRelease" => Self::Original,
            "metadata" => Self::Metadata,
            "source" => Self::Source,
            "digits" => Self::Digits,
            "id" | "created_at" | "createdAt" | "updated_at" | "updatedAt" | "release_rank" | "releaseRank" => {
                Self::Derived
            }
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Series => "series_id",
            Self::Date => "date",
            Self::Value => "value",
            Self::Revision => "revision_date",
            Self::Original => "is_original_release",
            Self::Metadata => "metadata",
            Self::Source => "source",
            Self::Digits => "digits",
            Self::Derived => "id",
        }
    }
}

/// A row whose fields have been read; names are still to be looked up.
pub(super) struct Row<'a> {
    pub(super) source: &'a [u8],
    pub(super) series: &'a [u8],
    pub(super) date: i32,
    pub(super) value: Option<Value>,
    pub(super) revision: i32,
    pub(super) original: i8,
    pub(super) metadata: Option<&'a str>,
}

/// The text of each [`Column`]; empty where there is none.
pub(super) type Cells<'a> = [&'a [u8]; Column::COUNT];

/// Reads a row from its texts.
pub(super) fn row<'a>(cells: &Cells<'a>) -> Result<Row<'a>, Fault> {
    let cell = |column: Column| cells[column as usize].trim_ascii();
    read(cells).map_err(|fault| {
        let date = date(Column::Date, cell(Column::Date)).ok();
        fault.about((cell(Column::Source), cell(Column::Series)), date)
    })
}

fn read<'a>(cells: &Cells<'a>) -> Result<Row<'a>, Fault> {
    let cell = |column: Column| cells[column as usize].trim_ascii();
    if cell(Column::Date).is_empty() {
        return Err(missing(Column::Date));
    }
    Ok(Row {
        source: cell(Column::Source),
        series: cell(Column::Series),
        date: date(Column::Date, cell(Column::Date))?,
        value: with_digits(value(cell(Column::Value))?, digits(cell(Column::Digits))?)?,
        revision: match cell(Column::Revision) {
            b"" => NO_DATE,
            text => date(Column::Revision, text)?,
        },
        original: flag(cell(Column::Original))?,
        metadata: metadata(cell(Column::Metadata))?,
    })
}

/// Reads `YYYY-MM-DD` as days since 1970-01-01.
pub(super) fn date(column: Column, text: &[u8]) -> Result<i32, Fault> {
    match super::dates::parse(text) {
        Some(days) if super::dates::in_range(days) => Ok(days),
        _ => Err(super::dates::fault(column, text)),
    }
}

/// Reads a value; `None` is a withdrawal.
pub(super) fn value(text: &[u8]) -> Result<Option<Value>, Fault> {
    match Value::parse_bytes(text) {
        Ok(value) => Ok(Some(value)),
        Err(_) if matches!(text, b"" | b"." | b"NA" | b"null" | b"NULL") => Ok(None),
        Err(error) => Err(bad_value(text, error)),
    }
}

/// Reads how many digits a value was published with.
fn digits(text: &[u8]) -> Result<Option<i64>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        fault(
            Column::Digits,
            text,
            RowErrorType::DataTypeMismatch,
            "is not a whole number",
        )
    })
}

/// Gives a value the digits that a column of its own says it was published with.
pub(super) fn with_digits(value: Option<Value>, digits: Option<i64>) -> Result<Option<Value>, Fault> {
    let (Some(value), Some(digits)) = (value, digits) else {
        return Ok(value);
    };
    let published = u8::try_from(digits)
        .ok()
        .filter(|digits| u32::from(*digits) <= SCALE && holds(value, *digits));
    match published.and_then(|digits| Value::new(value.unscaled(), digits)) {
        Some(value) => Ok(Some(value)),
        None => Err(fault(
            Column::Digits,
            digits.to_string().as_bytes(),
            RowErrorType::InvalidNumericValue,
            "does not hold the value",
        )
        .with("write how many digits after the point the value has, 0 to 10")),
    }
}

fn holds(value: Value, digits: u8) -> bool {
    let step = 10_i64.pow(SCALE - u32::from(digits));
    match i64::try_from(value.unscaled()) {
        Ok(unscaled) => unscaled % step == 0,
        Err(_) => value.unscaled() % i128::from(step) == 0,
    }
}

/// Reads whether a row is an original release: 1, 0, or -1 when nothing is said.
pub(super) fn flag(text: &[u8]) -> Result<i8, Fault> {
    match text {
        b"" => Ok(-1),
        b"true" | b"True" | b"TRUE" | b"t" | b"1" => Ok(1),
        b"false" | b"False" | b"FALSE" | b"f" | b"0" => Ok(0),
        _ => Err(fault(
            Column::Original,
            text,
            RowErrorType::DataTypeMismatch,
            "is neither true nor false",
        )
        .with("write true, false, or leave it empty")),
    }
}

/// Checks that metadata is a JSON object that can be read back.
pub(super) fn metadata(text: &[u8]) -> Result<Option<&str>, Fault> {
    if matches!(text, b"" | b"null") {
        return Ok(None);
    }
    if text.len() > METADATA_BYTES {
        return Err(fault(
            Column::Metadata,
            text,
            RowErrorType::DataTypeMismatch,
            "is larger than 64 KiB",
        )
        .with("keep it shorter"));
    }
    let parsed = serde_json::from_slice(text);
    match (parsed, std::str::from_utf8(text)) {
        (Ok(serde_json::Value::Object(_)), Ok(text)) => Ok(Some(text)),
        (Ok(_), _) => Err(fault(
            Column::Metadata,
            text,
            RowErrorType::DataTypeMismatch,
            "is JSON and not an object",
        )
        .with("write an object, for instance {\"note\": \"estimate\"}")),
        (Err(error), _) => Err(fault(
            Column::Metadata,
            text,
            RowErrorType::DataTypeMismatch,
            format_args!("is not a JSON object: {error}"),
        )
        .with("write an object, for instance {\"note\": \"estimate\"}")),
    }
}
