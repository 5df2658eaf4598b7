//! What a request says of a series beside its points.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use crate::series::{Frequency, Source};

use super::METADATA_BYTES;

/// A description of a series; what is absent is not known or stays as it is.
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
    #[serde(default)]
    pub title: Option<String>,
    /// At most 20,000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// At most 100 characters.
    #[serde(default)]
    pub units: Option<String>,
    /// A name or short form that [`Frequency::parse`] knows.
    #[serde(default)]
    pub frequency: Option<String>,
    /// At most 100 characters.
    #[serde(default, alias = "seasonal_adjustment")]
    pub seasonal_adjustment: Option<String>,
    /// First observation date.
    #[serde(default, alias = "start_date")]
    pub start_date: Option<NaiveDate>,
    /// Last observation date.
    #[serde(default, alias = "end_date")]
    pub end_date: Option<NaiveDate>,
    /// Whether it is still published.
    #[serde(default, alias = "is_active")]
    pub is_active: Option<bool>,
    /// A JSON object of at most 64 KiB.
    #[serde(default)]
    pub metadata: Option<Value>,
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
            return Err("source needs 1 to 100 printable characters".to_owned());
        }
        let longest = [
            ("external_id", Some(&self.external_id), 255),
            ("title", self.title.as_ref(), 500),
            ("description", self.description.as_ref(), 20_000),
            ("units", self.units.as_ref(), 100),
            ("seasonal_adjustment", self.seasonal_adjustment.as_ref(), 100),
        ];
        for (field, text, limit) in longest {
            if text.is_some_and(|text| text.chars().count() > limit) {
                return Err(format!("{field} is longer than {limit} characters"));
            }
        }
        if let Some(frequency) = &self.frequency
            && Frequency::parse(frequency).is_none()
        {
            let known = Frequency::ALL.map(Frequency::as_str).join(", ");
            return Err(format!("frequency is none of {known}"));
        }
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && start > end
        {
            return Err("end_date is before start_date".to_owned());
        }
        match &self.metadata {
            Some(metadata @ Value::Object(_)) if metadata.to_string().len() <= METADATA_BYTES => Ok(self),
            None => Ok(self),
            Some(_) => Err("metadata is not a JSON object of at most 64 KiB".to_owned()),
        }
    }

    /// About how many bytes this holds.
    pub(super) fn size(&self) -> usize {
        let texts = [
            self.source.as_ref(),
            Some(&self.external_id),
            self.title.as_ref(),
            self.description.as_ref(),
            self.units.as_ref(),
            self.frequency.as_ref(),
            self.seasonal_adjustment.as_ref(),
        ];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + texts + self.metadata.as_ref().map_or(0, size_of_json)
    }
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
