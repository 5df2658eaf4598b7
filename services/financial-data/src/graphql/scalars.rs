//! The scalars of the schema: dates, moments, exact decimals, and whole tables as one value.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

use super::text::raw;
use crate::ingest::day;
use crate::store::{date, days};
use crate::value;

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub NaiveDate);

impl Date {
    /// Counted from 1970-01-01.
    pub(super) fn days(self) -> i32 {
        days(self.0)
    }

    pub(super) fn of(days: i32) -> Self {
        Self(date(days))
    }
}

/// A calendar date, `YYYY-MM-DD`.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let expected = "write a date as YYYY-MM-DD, for instance 2024-01-31";
        day(text).map(Self).ok_or_else(|| InputValueError::custom(expected))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A moment in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub DateTime<Utc>);

impl Instant {
    pub(super) fn text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// A moment as RFC 3339 writes it, `2024-01-31T13:30:00Z`. Given as a date it is the first moment of that day in UTC.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339"
)]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let midnight = || day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let moment = DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|moment| moment.to_utc())
            .or_else(midnight);
        let expected = "write a moment as RFC 3339 does, for instance 2024-01-31T13:30:00Z, or a date";
        moment.map(Self).ok_or_else(|| InputValueError::custom(expected))
    }

    fn to_value(&self) -> Value {
        Value::String(self.text())
    }
}

/// An exact number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal(pub value::Value);

/// An exact decimal number of at most 18 digits before and 10 after the point, as a string with the digits it was
/// published with: `"7731.70"`. Integers are taken as well; other JSON numbers have lost digits on their way and are not.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(given: Value) -> InputValueResult<Self> {
        let text = decimal_text(given).map_err(InputValueError::propagate)?;
        value::Value::parse(&text.0).map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A decimal of an upload: what it says is read with its row, so that a bad one refuses that row alone.
#[derive(Clone, Debug)]
pub(crate) struct GivenDecimal(pub String);

/// An exact decimal number.
#[Scalar(name = "Decimal")]
impl ScalarType for GivenDecimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        decimal_text(value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn decimal_text(value: Value) -> InputValueResult<GivenDecimal> {
    match value {
        Value::String(text) => Ok(GivenDecimal(text)),
        Value::Number(number) if !number.is_f64() => Ok(GivenDecimal(number.to_string())),
        Value::Number(_) => Err(InputValueError::custom(
            "send decimals as strings, \"1.10\": as a number it loses digits",
        )),
        other => Err(InputValueError::expected_type(other)),
    }
}

/// A date of an upload, read with its row.
#[derive(Clone, Debug)]
pub(crate) struct GivenDate(pub String);

/// A calendar date, `YYYY-MM-DD`.
#[Scalar(name = "Date")]
impl ScalarType for GivenDate {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A moment of an upload that stands for a date.
#[derive(Clone, Debug)]
pub(crate) struct GivenInstant(pub String);

impl GivenInstant {
    /// The date of a first moment of a day. Any other text stays as it is and refuses its row: no time of day is
    /// dropped without a word.
    pub(super) fn date(self) -> String {
        match DateTime::parse_from_rfc3339(&self.0).map(|moment| moment.to_utc()) {
            Ok(moment) if moment.time() == NaiveTime::MIN => moment.date_naive().to_string(),
            _ => self.0,
        }
    }
}

/// A moment as RFC 3339 writes it.
#[Scalar(name = "DateTime")]
impl ScalarType for GivenInstant {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// The points of a series in columns.
#[derive(Clone, Debug)]
pub(crate) struct DataPointColumns(pub String);

/// Points as one JSON object of arrays of equal length: `dates`, `values` (strings with their published digits, null
/// where withdrawn), `revisionDates`, `isOriginalRelease` and `releaseRanks`.
#[Scalar]
impl ScalarType for DataPointColumns {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        raw(self.0.clone())
    }
}

/// Dates against vintages.
#[derive(Clone, Debug)]
pub(crate) struct VintageMatrix(pub String);

/// What each of some vintages says of each date, as one JSON object: `seriesId`, `vintages`, and `rows` of a `date` and
/// a value per vintage. Null is a date that the vintage does not know yet, `"."` a number that was taken back.
#[Scalar]
impl ScalarType for VintageMatrix {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        raw(self.0.clone())
    }
}
