//! Changing series and sources: creation, description, deletion.

use std::collections::HashMap;
use std::sync::Arc;

use platform_error::Result;
use platform_lake::{Committed, Written};
use serde_json::json;

use super::{Store, codec};
use crate::deed::{Intent, NAMED, name};
use crate::error::Error;
use crate::ingest::SeriesDescription;
use crate::series::{DEFAULT_SOURCE, Frequency, Series, SeriesId, Source, SourceId};

/// A change of a series' description; what is absent stays as it is.
pub type SeriesPatch = SeriesDescription;

impl Store {
    /// Creates series or changes the description of those there are, in one commit. Sources are created by name.
    /// Returns them in the order given.
    pub async fn describe(
        &self,
        descriptions: &[SeriesDescription],
        default_source: Option<&str>,
    ) -> Result<Vec<Arc<Series>>> {
        let described = self.put(descriptions, default_source);
        let intent = describing(descriptions, default_source);
        self.record(intent, described, |_, _| ()).await
    }

    /// The same as part of something that is recorded as a whole.
    pub(super) async fn put(
        &self,
        descriptions: &[SeriesDescription],
        default_source: Option<&str>,
    ) -> Result<Vec<Arc<Series>>> {
        let _changing = self.0.changing.lock().await;
        let now = self.0.context.clock().now();
        let mut sources: HashMap<SourceId, Arc<Source>> = HashMap::new();
        let mut changed: HashMap<SeriesId, Arc<Series>> = HashMap::new();
        let mut out = Vec::with_capacity(descriptions.len());
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
            let registry = self.0.registry.read().expect("no panic while holding the lock");
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
            drop(registry);
            out.push(id);
        }
        self.store_sources(sources.into_values().collect()).await?;
        self.store_series(changed.into_values().collect()).await?;
        out.into_iter().map(|id| Ok(self.series(id)?)).collect()
    }

    /// Changes the description of the series `id`; its source and external id stay.
    pub async fn update(&self, id: SeriesId, patch: SeriesPatch) -> Result<Arc<Series>> {
        let known = self.series(id)?;
        if !patch.external_id.is_empty() && patch.external_id != known.external_id {
            return Err(Error::field("external_id", "cannot be changed: the id of a series is made of it").into());
        }
        let source = Some(self.source_name(&known));
        if let (Some(given), Some(own)) = (&patch.source, &source)
            && SourceId::of(given) != SourceId::of(own)
        {
            return Err(Error::field("source", "cannot be changed: the id of a series is made of it").into());
        }
        let description = SeriesDescription {
            source,
            external_id: known.external_id.clone(),
            ..patch
        };
        let mut stored = self.describe(&[description], None).await?;
        Ok(stored.swap_remove(0))
    }

    /// Says what a source is and where to find it; it is created when there is none.
    pub async fn describe_source(
        &self,
        name: &str,
        description: Option<String>,
        url: Option<String>,
    ) -> Result<Arc<Source>> {
        if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Error::field("source", "needs a name of 1 to 100 printable characters").into());
        }
        let described = self.put_source(name, description, url);
        let intent = Intent {
            action: "sources.described",
            kind: "source",
            id: SourceId::of(name).to_string(),
            facts: json!({ "source": name }),
        };
        self.record(intent, described, |_, _| ()).await
    }

    async fn put_source(&self, name: &str, description: Option<String>, url: Option<String>) -> Result<Arc<Source>> {
        let _changing = self.0.changing.lock().await;
        let (id, now) = (SourceId::of(name), self.0.context.clock().now());
        let known = self.source(id);
        let created_at = known.as_ref().map_or(now, |known| known.created_at);
        let keep =
            |new: Option<String>, old: fn(&Source) -> Option<String>| new.or_else(|| known.as_deref().and_then(old));
        let source = Arc::new(Source {
            id,
            name: known
                .as_ref()
                .map_or_else(|| name.trim().to_string(), |known| known.name.clone()),
            description: keep(description, |known| known.description.clone()),
            url: keep(url, |known| known.url.clone()),
            created_at,
            updated_at: now,
        });
        self.store_sources(vec![source.clone()]).await?;
        Ok(source)
    }

    /// Deletes a series with all its points. What older snapshots hold stays readable by time travel until they expire.
    pub async fn delete(&self, id: SeriesId) -> Result<()> {
        let series = self.series(id)?;
        let intent = Intent {
            action: "series.deleted",
            kind: "series",
            id: id.to_string(),
            facts: json!({ "series": [name(&self.source_name(&series), &series.external_id)] }),
        };
        let deleted = self.record(intent, self.remove(id), |rows, event| {
            event.data["rows"] = (*rows).into()
        });
        deleted.await.map(drop)
    }

    /// Removes a series and says how many rows it had, as far as they can be read.
    async fn remove(&self, id: SeriesId) -> Result<Option<usize>> {
        let rows = self.history(id).await.ok().map(|history| history.len());
        let _changing = self.0.changing.lock().await;
        let lead = [id.to_string()];
        self.0.points.delete(&lead).await?;
        let committed = self.0.series.delete(&lead).await?;
        self.0.histories.invalidate(&id);
        {
            let mut registry = self.0.registry.write().expect("no panic while holding the lock");
            registry.remove(id);
            if let Some(committed) = committed {
                follow(&mut registry.sequences.0, committed);
            }
        }
        self.index(vec![id]).await?;
        Ok(rows)
    }

    async fn store_sources(&self, sources: Vec<Arc<Source>>) -> Result<()> {
        if sources.is_empty() {
            return Ok(());
        }
        let written = self.0.sources.append(codec::source_batch(&sources), None).await?;
        let mut registry = self.0.registry.write().expect("no panic while holding the lock");
        if let Written::Committed(committed) = written {
            follow(&mut registry.sequences.1, committed);
        }
        sources.into_iter().for_each(|source| registry.put_source(source));
        Ok(())
    }

    async fn store_series(&self, series: Vec<Arc<Series>>) -> Result<()> {
        if series.is_empty() {
            return Ok(());
        }
        let written = self.0.series.append(codec::series_batch(&series), None).await?;
        let changed = series.iter().map(|series| series.id).collect();
        {
            let mut registry = self.0.registry.write().expect("no panic while holding the lock");
            if let Written::Committed(committed) = written {
                follow(&mut registry.sequences.0, committed);
            }
            series.into_iter().for_each(|series| registry.put(series));
        }
        self.index(changed).await
    }
}

/// That series are to be described, with their names.
fn describing(descriptions: &[SeriesDescription], default_source: Option<&str>) -> Intent {
    let source = |given: &SeriesDescription| {
        let source = given.source.as_deref().or(default_source);
        source.unwrap_or(DEFAULT_SOURCE).to_owned()
    };
    let id = match descriptions {
        [only] => SeriesId::of(SourceId::of(&source(only)), &only.external_id).to_string(),
        _ => String::new(),
    };
    let names = descriptions.iter().take(NAMED);
    let names: Vec<_> = names.map(|given| name(&source(given), &given.external_id)).collect();
    Intent {
        action: "series.described",
        kind: "series",
        id,
        facts: json!({ "series": names, "count": descriptions.len() }),
    }
}

/// The registry reflects a commit of ours, unless others committed in between: then it is read anew.
fn follow(sequence: &mut i64, committed: Committed) {
    if committed.sequence == *sequence + 1 {
        *sequence = committed.sequence;
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
