//! Changing series and sources: creation, description, deletion.

use std::collections::HashSet;
use std::sync::Arc;

use platform_error::{Code, Error as Failure, Result};
use platform_lake::Committed;
use serde_json::json;

use super::{Store, codec};
use crate::deed::{Intent, NAMED, name};
use crate::error::Error;
use crate::ingest::SeriesDescription;
use crate::series::{DEFAULT_SOURCE, Series, SeriesId, Source, SourceId};

/// Tries of a change that meets changes of other processes, before the caller is told.
const TRIES: u32 = 16;

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
        Ok(self.record(intent, described, |_, _| ()).await?.series)
    }

    /// The same as part of something that is recorded as a whole.
    pub(super) async fn put(
        &self,
        descriptions: &[SeriesDescription],
        default_source: Option<&str>,
    ) -> Result<Described> {
        let _changing = self.0.changing.lock().await;
        for _ in 0..TRIES {
            let (series, sources) = self.catch_up().await?;
            let draft = self.draft(descriptions, default_source)?;
            if self.store_sources(draft.sources, sources).await? && self.store_series(draft.changed, series).await? {
                let series = draft.ids.into_iter().map(|id| Ok(self.series(id)?));
                return Ok(Described {
                    series: series.collect::<Result<_>>()?,
                    created: draft.created,
                });
            }
        }
        Err(busy())
    }

    /// Says what a source is and where to find it; it is created when there is none.
    pub async fn describe_source(
        &self,
        name: &str,
        description: Option<String>,
        url: Option<String>,
    ) -> Result<Arc<Source>> {
        let name = name.trim();
        if !Source::may_be_called(name) {
            return Err(Error::field("source", format!("needs a name of {}", Source::NAMING)).into());
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
        for _ in 0..TRIES {
            let (_, basis) = self.catch_up().await?;
            let known = self.source(id);
            let keep = |new: &Option<String>, old: fn(&Source) -> Option<String>| {
                new.clone().or_else(|| known.as_deref().and_then(old))
            };
            let source = Arc::new(Source {
                id,
                name: known
                    .as_ref()
                    .map_or_else(|| name.to_string(), |known| known.name.clone()),
                description: keep(&description, |known| known.description.clone()),
                url: keep(&url, |known| known.url.clone()),
                created_at: known.as_ref().map_or(now, |known| known.created_at),
                updated_at: now,
            });
            if self.store_sources(vec![source.clone()], basis).await? {
                return Ok(source);
            }
        }
        Err(busy())
    }

    /// Deletes a series with all its points. What older snapshots hold of it stays there until they expire.
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
        let _deleting = self.0.deleting.write().await;
        let _changing = self.0.changing.lock().await;
        let lead = [id.to_string()];
        self.0.points.delete(&lead).await?;
        let committed = self.0.series.delete(&lead).await?;
        // Another process may have stored rows before it could see that the series is gone.
        self.0.points.delete(&lead).await?;
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

    /// Those of some series that are not there any more, whichever process deleted them.
    pub(super) async fn gone(&self, series: &HashSet<SeriesId>) -> Result<Vec<SeriesId>> {
        if self.0.series.refresh().await?.sequence() != self.known().0 {
            self.reload().await?;
        }
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let is_gone = |id: &&SeriesId| !registry.series.contains_key(id);
        Ok(series.iter().filter(is_gone).copied().collect())
    }

    /// Stores sources that were made of what the table held at the commit `basis`; false when others changed it since.
    async fn store_sources(&self, sources: Vec<Arc<Source>>, basis: i64) -> Result<bool> {
        if sources.is_empty() {
            return Ok(true);
        }
        let batch = codec::source_batch(&sources);
        let Some(committed) = self.0.sources.append_after(basis, batch).await? else {
            return Ok(false);
        };
        let mut registry = self.0.registry.write().expect("no panic while holding the lock");
        follow(&mut registry.sequences.1, committed);
        sources.into_iter().for_each(|source| registry.put_source(source));
        Ok(true)
    }

    /// Stores series that were made of what the table held at the commit `basis`; false when others changed it since.
    async fn store_series(&self, series: Vec<Arc<Series>>, basis: i64) -> Result<bool> {
        if series.is_empty() {
            return Ok(true);
        }
        let batch = codec::series_batch(&series);
        let Some(committed) = self.0.series.append_after(basis, batch).await? else {
            return Ok(false);
        };
        let changed = series.iter().map(|series| series.id).collect();
        {
            let mut registry = self.0.registry.write().expect("no panic while holding the lock");
            follow(&mut registry.sequences.0, committed);
            series.into_iter().for_each(|series| registry.put(series));
        }
        self.index(changed).await?;
        Ok(true)
    }
}

/// Series as they are after a change, and how many of them it created.
pub(super) struct Described {
    pub(super) series: Vec<Arc<Series>>,
    pub(super) created: u64,
}

fn busy() -> Failure {
    Failure::new(
        Code::Conflict,
        "others change series at the same time and were faster each time",
    )
    .with_hint("send it again")
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
