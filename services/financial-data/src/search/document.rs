//! What the index holds of a series.

use tantivy::schema::{BytesOptions, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{TantivyDocument, Term};

use super::words::Words;
use crate::series::{Frequency, Series, SeriesId, SourceId};

/// Characters of a description, and of a series' metadata, that are indexed: the rest is fine print.
const FINE_PRINT: usize = 4_000;
/// A metadata text longer than this is prose, and counts as description.
const PROSE: usize = 120;
/// How much a series that its source calls the most popular gains on one of which nothing is known.
const POPULARITY: f64 = 0.4;
/// What is left of the score of a series that is published no more.
const INACTIVE: f64 = 0.8;

/// The fields of the index.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// The series' id, to replace and to remove it.
    pub(super) key: Field,
    /// The external id as a whole, folded.
    pub(super) name: Field,
    /// Words of the title.
    pub(super) title: Field,
    /// Words of units, frequency, adjustment, source and short metadata.
    pub(super) facts: Field,
    /// Words of the description and of long metadata.
    pub(super) prose: Field,
    /// One token per property that can be filtered by.
    pub(super) filter: Field,
    /// The halves of the id, read for every hit.
    high: Field,
    low: Field,
    /// By what a score is multiplied.
    weight: Field,
}

/// Names of the two ways in which texts are split.
pub(super) const WORDS: &str = "words";
pub(super) const STEMS: &str = "stems";
/// Names of the columns that are read for every hit.
pub(super) const HIGH: &str = "high";
pub(super) const LOW: &str = "low";
pub(super) const WEIGHT: &str = "weight";

impl Fields {
    pub(super) fn build() -> (Self, Schema) {
        let mut schema = Schema::builder();
        let whole = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let whole = TextOptions::default().set_indexing_options(whole);
        let words = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(words);
        let stems = TextFieldIndexing::default()
            .set_tokenizer(STEMS)
            .set_index_option(IndexRecordOption::WithFreqs);
        let stems = TextOptions::default().set_indexing_options(stems);
        let fields = Self {
            key: schema.add_bytes_field("key", BytesOptions::default().set_indexed()),
            name: schema.add_text_field("name", whole.clone()),
            title: schema.add_text_field("title", words.clone()),
            facts: schema.add_text_field("facts", words),
            prose: schema.add_text_field("prose", stems),
            filter: schema.add_text_field("filter", whole),
            high: schema.add_u64_field(HIGH, FAST),
            low: schema.add_u64_field(LOW, FAST),
            weight: schema.add_f64_field(WEIGHT, FAST),
        };
        (fields, schema.build())
    }

    /// The term under which the series is replaced and removed.
    pub(super) fn key_of(&self, id: SeriesId) -> Term {
        Term::from_field_bytes(self.key, id.0.as_bytes())
    }

    /// The term that every series with this property has.
    pub(super) fn filter_by(&self, property: &Property<'_>) -> Term {
        Term::from_field_text(self.filter, &property.token())
    }

    /// The document of a series.
    pub(super) fn document(&self, words: &mut Words, series: &Series, source: &str) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let (high, low) = series.id.0.as_u64_pair();
        document.add_bytes(self.key, series.id.0.as_bytes());
        document.add_u64(self.high, high);
        document.add_u64(self.low, low);
        document.add_f64(self.weight, weight(series));
        document.add_text(self.name, words.fold(&series.external_id));
        document.add_text(self.title, &series.title);
        let (facts, prose) = facts_and_prose(series, source);
        document.add_text(self.facts, facts);
        document.add_text(self.prose, prose);
        let properties = [
            Some(Property::Source(series.source_id)),
            Some(Property::Frequency(series.frequency)),
            series.seasonal_adjustment.as_deref().map(Property::SeasonalAdjustment),
            Some(Property::Active(series.is_active)),
        ];
        for property in properties.into_iter().flatten() {
            document.add_text(self.filter, property.token());
        }
        document
    }
}

/// A property that a search can be narrowed to.
pub(super) enum Property<'a> {
    Source(SourceId),
    Frequency(Frequency),
    SeasonalAdjustment(&'a str),
    Active(bool),
}

impl Property<'_> {
    fn token(&self) -> String {
        match self {
            Self::Source(id) => format!("source={id}"),
            Self::Frequency(frequency) => format!("frequency={}", frequency.as_str()),
            Self::SeasonalAdjustment(text) => format!("seasonal={}", text.trim().to_lowercase()),
            Self::Active(active) => format!("active={active}"),
        }
    }
}

/// FRED and others say how popular a series is, from 0 to 100: among equals that is the one meant.
fn weight(series: &Series) -> f64 {
    let said = series.metadata.as_ref().and_then(|metadata| metadata.get("popularity"));
    let popularity = said
        .and_then(serde_json::Value::as_f64)
        .unwrap_or(0.0)
        .clamp(0.0, 100.0)
        / 100.0;
    let activity = if series.is_active { 1.0 } else { INACTIVE };
    (1.0 + POPULARITY * popularity) * activity
}

fn facts_and_prose(series: &Series, source: &str) -> (String, String) {
    let mut facts = format!("{source} {}", series.frequency.as_str());
    for text in [series.units.as_deref(), series.seasonal_adjustment.as_deref()]
        .into_iter()
        .flatten()
    {
        push(&mut facts, text);
    }
    if series.external_id.contains(|c: char| !c.is_alphanumeric()) {
        push(&mut facts, &series.external_id);
    }
    let mut prose = String::new();
    push(&mut prose, series.description.as_deref().unwrap_or_default());
    if let Some(metadata) = &series.metadata {
        collect(metadata, &mut facts, &mut prose);
    }
    (facts, prose)
}

/// Every text of the metadata with a letter in it: a short one is a tag, a long one is prose.
fn collect(value: &serde_json::Value, facts: &mut String, prose: &mut String) {
    match value {
        serde_json::Value::String(text) if text.contains(char::is_alphabetic) => {
            push(if text.len() <= PROSE { facts } else { prose }, text);
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, facts, prose)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect(field, facts, prose)),
        _ => {}
    }
}

fn push(to: &mut String, text: &str) {
    let room = FINE_PRINT.saturating_sub(to.len());
    to.push(' ');
    to.push_str(&text[..text.floor_char_boundary(room.min(text.len()))]);
}
