//! A JSON row: an object whose values are read from the text they are written in.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, With, fault, misshapen, missing, unknown_field};
use super::field::{self, Column};
use super::intake::Intake;
use super::{DecodeError, RowErrorType};

/// Reads one row and keeps it or what is wrong with it.
pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let fields = match parse(text) {
        Ok(fields) => fields,
        Err(fault) => return intake.row(Err(fault)),
    };
    let texts = match fields.texts() {
        Ok(texts) => texts,
        Err(fault) => return intake.row(Err(fields.about(fault))),
    };
    let mut cells: field::Cells<'_> = Default::default();
    for (cell, text) in cells.iter_mut().zip(&texts) {
        *cell = text.as_bytes();
    }
    intake.row(field::row(&cells))
}

fn parse(text: &[u8]) -> Result<Fields<'_>, Fault> {
    let fields: Fields<'_> = serde_json::from_slice(text).map_err(|error| {
        misshapen(
            text,
            format_args!("is not a JSON object with the fields of a row: {error}"),
        )
        .with("write one JSON object per row")
    })?;
    match &fields.refused {
        Some(Refused::Unknown(name)) => Err(fields.about(unknown_field(name))),
        Some(Refused::Doubled(column)) => {
            Err(misshapen(column.name().as_bytes(), "stands in the row twice").with("name each field once"))
        }
        None => Ok(fields),
    }
}

#[derive(Default)]
struct Fields<'a> {
    raw: [Option<&'a RawValue>; Column::COUNT],
    refused: Option<Refused>,
}

enum Refused {
    Unknown(Box<str>),
    Doubled(Column),
}

impl<'a> Fields<'a> {
    /// What each field says, as CSV would write it.
    fn texts(&self) -> Result<[Cow<'a, str>; Column::COUNT], Fault> {
        let mut texts: [Cow<'a, str>; Column::COUNT] = Default::default();
        if let Some(column) = Column::REQUIRED
            .into_iter()
            .find(|column| self.raw[*column as usize].is_none())
        {
            return Err(missing(column));
        }
        for column in [
            Column::Series,
            Column::Date,
            Column::Value,
            Column::Revision,
            Column::Original,
            Column::Metadata,
            Column::Source,
            Column::Digits,
        ] {
            if let Some(raw) = self.raw[column as usize] {
                texts[column as usize] = text(column, raw.get())?;
            }
        }
        Ok(texts)
    }

    /// Adds to a refusal the series and the date of the row, as far as they can be read.
    fn about(&self, fault: Fault) -> Fault {
        let said = |column: Column| match self.raw[column as usize] {
            Some(raw) => text(column, raw.get()).ok(),
            None => Some(Cow::Borrowed("")),
        };
        let (Some(source), Some(series)) = (said(Column::Source), said(Column::Series)) else {
            return fault;
        };
        let date = said(Column::Date).and_then(|date| field::date(Column::Date, date.as_bytes().trim_ascii()).ok());
        fault.about((source.as_bytes().trim_ascii(), series.as_bytes().trim_ascii()), date)
    }
}

/// What a JSON value says in a column that takes its type.
fn text(column: Column, raw: &str) -> Result<Cow<'_, str>, Fault> {
    let expected = match (raw.as_bytes()[0], column) {
        (b'"', _) => return unquote(column, raw),
        (b'n', _) => return Ok(Cow::Borrowed("")),
        (b'-' | b'0'..=b'9', Column::Value | Column::Digits)
        | (b't' | b'f', Column::Original)
        | (b'{', Column::Metadata) => return Ok(Cow::Borrowed(raw)),
        (_, Column::Value) => "a number, or a string with one",
        (_, Column::Digits) => "a whole number",
        (_, Column::Original) => "true or false",
        (_, Column::Metadata) => "an object",
        _ => "a string",
    };
    Err(fault(
        column,
        raw.as_bytes(),
        RowErrorType::DataTypeMismatch,
        format_args!("is not {expected}"),
    )
    .with(format!("write {expected}")))
}

fn unquote(column: Column, raw: &str) -> Result<Cow<'_, str>, Fault> {
    let inner = &raw[1..raw.len() - 1];
    if !inner.as_bytes().contains(&b'\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(raw).map(Cow::Owned).map_err(|error| {
        fault(
            column,
            raw.as_bytes(),
            RowErrorType::DataTypeMismatch,
            format_args!("is not a string: {error}"),
        )
    })
}

impl<'de> de::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(Key)? {
            match key {
                Ok(Column::Derived) => drop(map.next_value::<IgnoredAny>()?),
                Ok(column) => {
                    let raw = map.next_value()?;
                    if fields.raw[column as usize].replace(raw).is_some() {
                        fields.refused = Some(Refused::Doubled(column));
                    }
                }
                Err(name) => {
                    map.next_value::<IgnoredAny>()?;
                    fields.refused.get_or_insert(Refused::Unknown(name));
                }
            }
        }
        Ok(fields)
    }
}

/// A field's name: its column, or the name when no column has it.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Result<Column, Box<str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Result<Column, Box<str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Column::of(name).ok_or_else(|| name.chars().take(100).collect::<String>().into()))
    }
}
