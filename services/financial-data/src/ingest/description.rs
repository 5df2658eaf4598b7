//! What a request says of a series beside its points.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::series::{Frequency, Source};

use super::{METADATA_BYTES, dates};

/// What is said of something: `None` says nothing, `Some(None)` takes back what was said.
pub type Said<T> = Option<Option<T>>;

/// A description of a series. What is absent stays as it is, and null takes back what was said: the series is then as
/// one of which that was never said.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeriesDescription {
    /// Who publishes it; absent is the request's source.
    #[serde(default)]
    pub source: Option<String>,
    /// What its source calls it, 1 to 255 characters.
    #[serde(alias = "external_id", alias = "seriesId", alias = "series_id")]
    pub external_id: String,
    /// At most 500 characters.
    #[serde(default, deserialize_with = "said")]
    pub title: Said<String>,
    /// At most 20,000 characters.
    #[serde(default, deserialize_with = "said")]
    pub description: Said<String>,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "said")]
    pub units: Said<String>,
    /// A name or short form that [`Frequency::parse`] knows.
    #[serde(default, deserialize_with = "said")]
    pub frequency: Said<String>,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "said", alias = "seasonal_adjustment")]
    pub seasonal_adjustment: Said<String>,
    /// First observation date, as [`series_day`](super::series_day) reads it.
    #[serde(default, deserialize_with = "said", alias = "start_date")]
    pub start_date: Said<String>,
    /// Last observation date.
    #[serde(default, deserialize_with = "said", alias = "end_date")]
    pub end_date: Said<String>,
    /// Whether it is still published.
    #[serde(default, deserialize_with = "said", alias = "is_active")]
    pub is_active: Said<bool>,
    /// A JSON object of at most 64 KiB.
    #[serde(default, deserialize_with = "said")]
    pub metadata: Said<Value>,
}

/// A field that is there: a value, or null.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Said<T>, D::Error> {
    Option::deserialize(field).map(Some)
}

impl SeriesDescription {
    /// This description when all of its fields fit a series, or what does not fit. White space around its names means
    /// nothing, as in rows.
    pub fn checked(mut self) -> Result<Self, String> {
        self.external_id = self.external_id.trim().to_owned();
        self.source = self.source.map(|source| source.trim().to_owned());
        if self.external_id.is_empty() || self.external_id.chars().any(char::is_control) {
            return Err("external_id needs 1 to 255 printable characters".to_owned());
        }
        if self
            .source
            .as_deref()
            .is_some_and(|source| !Source::may_be_called(source))
        {
            return Err(format!("source needs {}", Source::NAMING));
        }
        let longest = [
            ("external_id", Some(&self.external_id), 255),
            ("title", text(&self.title), 500),
            ("description", text(&self.description), 20_000),
            ("units", text(&self.units), 100),
            ("seasonal_adjustment", text(&self.seasonal_adjustment), 100),
        ];
        for (field, text, limit) in longest {
            if text.is_some_and(|text| text.chars().count() > limit) {
                return Err(format!("{field} is longer than {limit} characters"));
            }
        }
        if let Some(frequency) = text(&self.frequency)
            && Frequency::parse(frequency).is_none()
        {
            let known = Frequency::ALL.map(Frequency::as_str).join(", ");
            return Err(format!("frequency is none of {known}"));
        }
        self.check_dates()?;
        match &self.metadata {
            Some(Some(metadata @ Value::Object(_))) if metadata.to_string().len() <= METADATA_BYTES => Ok(self),
            None | Some(None) => Ok(self),
            Some(Some(_)) => Err("metadata is not a JSON object of at most 64 KiB".to_owned()),
        }
    }

    fn check_dates(&self) -> Result<(), String> {
        for (field, said) in [("start_date", &self.start_date), ("end_date", &self.end_date)] {
            if let Some(text) = text(said)
                && dates::series_day(text).is_none()
            {
                let (reason, fix) = dates::wrong(text.as_bytes());
                return Err(format!("{field} {reason}: {fix}"));
            }
        }
        match (text(&self.start_date), text(&self.end_date)) {
            // Days in this notation are in the order of their texts.
            (Some(start), Some(end)) if start > end => Err("end_date is before start_date".to_owned()),
            _ => Ok(()),
        }
    }

    /// About how many bytes this holds.
    pub(super) fn size(&self) -> usize {
        let texts = [
            self.source.as_ref(),
            Some(&self.external_id),
            text(&self.title),
            text(&self.description),
            text(&self.units),
            text(&self.frequency),
            text(&self.seasonal_adjustment),
            text(&self.start_date),
            text(&self.end_date),
        ];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + texts + self.metadata.iter().flatten().map(size_of_json).sum::<usize>()
    }
}

fn text(said: &Said<String>) -> Option<&String> {
    said.as_ref()?.as_ref()
}

/// About how many bytes a JSON value holds, which may be many times those of its text.
fn size_of_json(value: &Value) -> usize {
    let within = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size_of_json).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| size_of::<String>() + name.len() + size_of_json(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + within
}
