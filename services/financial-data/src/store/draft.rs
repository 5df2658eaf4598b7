//! What descriptions make of the series and sources there are.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use platform_error::Result;

use super::Store;
use super::meaning::Announced;
use crate::error::Error;
use crate::ingest::{Said, SeriesDescription, series_day};
use crate::series::{DEFAULT_SOURCE, Frequency, Series, SeriesId, Source, SourceId};

/// What descriptions change.
pub(super) struct Draft {
    pub(super) sources: Vec<Arc<Source>>,
    pub(super) changed: Vec<Arc<Series>>,
    /// The series of each description.
    pub(super) ids: Vec<SeriesId>,
    /// How many of `changed` are new.
    pub(super) created: u64,
}

impl Store {
    /// Works out what descriptions change in the registry.
    pub(super) fn draft(&self, descriptions: &[SeriesDescription], default_source: Option<&str>) -> Result<Draft> {
        let now = self.0.context.clock().now();
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let mut sources: HashMap<SourceId, Arc<Source>> = HashMap::new();
        let mut changed: HashMap<SeriesId, Arc<Series>> = HashMap::new();
        let mut ids = Vec::with_capacity(descriptions.len());
        for description in descriptions {
            let description = description
                .clone()
                .checked()
                .map_err(|reason| Error::field("series", format!("is refused: {reason}")))?;
            let named = description.source.as_deref().or(default_source);
            let name = named.unwrap_or(DEFAULT_SOURCE);
            let source = SourceId::of(name);
            if !registry.sources.contains_key(&source) {
                let new = Source {
                    id: source,
                    name: name.to_string(),
                    description: None,
                    url: None,
                    created_at: now,
                    updated_at: now,
                };
                sources.entry(source).or_insert_with(|| Arc::new(new));
            }
            let id = SeriesId::of(source, &description.external_id);
            let known = changed.get(&id).or_else(|| registry.series.get(&id));
            if named.is_none() && known.is_none() {
                let unclaimed = registry.unclaimed(&description.external_id, &Announced::default());
                unclaimed.map_err(|unclear| unclear.refusing(&description.external_id))?;
            }
            let next = described(known.map(|known| &**known), (id, source), &description, now);
            check_dates(name, &description, &next)?;
            if known.is_none_or(|known| **known != next) {
                changed.insert(
                    id,
                    Arc::new(Series {
                        updated_at: now,
                        ..next
                    }),
                );
            }
            ids.push(id);
        }
        let created = changed.keys().filter(|id| !registry.series.contains_key(id)).count();
        Ok(Draft {
            sources: sources.into_values().collect(),
            changed: changed.into_values().collect(),
            ids,
            created: created as u64,
        })
    }
}

/// What `description` makes of a series, or of nothing.
fn described(
    known: Option<&Series>,
    (id, source_id): (SeriesId, SourceId),
    given: &SeriesDescription,
    now: chrono::DateTime<chrono::Utc>,
) -> Series {
    let keep = |said: &Said<String>, old: fn(&Series) -> &Option<String>| {
        let before = || known.and_then(|known| old(known).clone());
        said.clone().unwrap_or_else(before)
    };
    let day = |said: &Said<String>, old: fn(&Series) -> Option<NaiveDate>| match said {
        Some(text) => text.as_deref().and_then(series_day),
        None => known.and_then(old),
    };
    let frequency = match &given.frequency {
        Some(text) => text.as_deref().and_then(Frequency::parse),
        None => known.map(|known| known.frequency),
    };
    let title = given
        .title
        .clone()
        .unwrap_or_else(|| known.map(|known| known.title.clone()));
    let is_active = given.is_active.unwrap_or(known.map(|known| known.is_active));
    let metadata = given.metadata.clone();
    Series {
        id,
        source_id,
        external_id: given.external_id.clone(),
        title: title.unwrap_or_else(|| given.external_id.clone()),
        description: keep(&given.description, |known| &known.description),
        units: keep(&given.units, |known| &known.units),
        frequency: frequency.unwrap_or(Frequency::Other),
        seasonal_adjustment: keep(&given.seasonal_adjustment, |known| &known.seasonal_adjustment),
        start_date: day(&given.start_date, |known| known.start_date),
        end_date: day(&given.end_date, |known| known.end_date),
        is_active: is_active.unwrap_or(true),
        metadata: metadata.unwrap_or_else(|| known.and_then(|known| known.metadata.clone())),
        created_at: known.map_or(now, |known| known.created_at),
        updated_at: known.map_or(now, |known| known.updated_at),
    }
}

/// Refuses a description after which a series would end before it starts. What was wrong before hinders nothing else.
fn check_dates(source: &str, given: &SeriesDescription, next: &Series) -> Result<(), Error> {
    match (next.start_date, next.end_date) {
        (Some(start), Some(end)) if start > end && (given.start_date.is_some() || given.end_date.is_some()) => {
            let name = &next.external_id;
            let reason = format!("{end} of {source}:{name} is before its start_date {start}");
            Err(Error::field("end_date", reason))
        }
        _ => Ok(()),
    }
}
