//! What descriptions make of the series and sources there are.

use std::collections::HashMap;
use std::sync::Arc;

use platform_error::Result;

use super::Store;
use crate::error::Error;
use crate::ingest::SeriesDescription;
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
            let name = description
                .source
                .as_deref()
                .or(default_source)
                .unwrap_or(DEFAULT_SOURCE);
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
            let next = described(known.map(|known| &**known), (id, source), &description, now);
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
    let frequency = given.frequency.as_deref().and_then(Frequency::parse);
    let keep = |new: &Option<String>, old: fn(&Series) -> &Option<String>| {
        new.clone().or_else(|| known.and_then(|known| old(known).clone()))
    };
    Series {
        id,
        source_id,
        external_id: given.external_id.clone(),
        title: given
            .title
            .clone()
            .or_else(|| known.map(|known| known.title.clone()))
            .unwrap_or_else(|| given.external_id.clone()),
        description: keep(&given.description, |known| &known.description),
        units: keep(&given.units, |known| &known.units),
        frequency: frequency
            .or_else(|| known.map(|known| known.frequency))
            .unwrap_or(Frequency::Other),
        seasonal_adjustment: keep(&given.seasonal_adjustment, |known| &known.seasonal_adjustment),
        start_date: given.start_date.or_else(|| known.and_then(|known| known.start_date)),
        end_date: given.end_date.or_else(|| known.and_then(|known| known.end_date)),
        is_active: given
            .is_active
            .or_else(|| known.map(|known| known.is_active))
            .unwrap_or(true),
        metadata: given
            .metadata
            .clone()
            .or_else(|| known.and_then(|known| known.metadata.clone())),
        created_at: known.map_or(now, |known| known.created_at),
        updated_at: known.map_or(now, |known| known.updated_at),
    }
}
