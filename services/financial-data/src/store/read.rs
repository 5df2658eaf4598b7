//! Reading: a series by name, lists and search, and histories through the cache of decoded ones.

use std::sync::Arc;

use arrow::array::RecordBatch;
use platform_error::{Error as Failure, Result};
use platform_lake::{LakeError, Moment, Snapshot, Trouble};

use super::{SeriesFilter, Store};
use crate::error::Error;
use crate::history::{DateRange, History, Observation};
use crate::search::Query;
use crate::series::{Series, SeriesId, Source, SourceId};

/// The columns a history is made of.
const HISTORY: [&str; 5] = ["date", "revision_date", "value", "digits", "is_original_release"];
/// What a row says beside its history.
const EXTRAS: [&str; 5] = ["date", "revision_date", "metadata", "created_at", "updated_at"];

/// Hits that may be passed over: an index keeps all of them in memory.
const DEEPEST_SEARCH: usize = 10_000;

/// A history and the commit it was read at.
#[derive(Clone)]
pub(crate) struct Decoded {
    pub(crate) history: Arc<History>,
    sequence: i64,
}

/// The newest observation of a series.
#[derive(Clone, Copy, Debug)]
pub struct Latest {
    /// The series.
    pub series: SeriesId,
    /// Its newest observation with a value.
    pub observation: Option<Observation>,
}

/// The histories of several series at one commit.
pub struct Panel {
    /// A series and all its revisions, in the order asked for.
    pub members: Vec<(Arc<Series>, Arc<History>)>,
}

impl Store {
    /// The series with this id.
    pub fn series(&self, id: SeriesId) -> Result<Arc<Series>, Error> {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        registry.series.get(&id).cloned().ok_or_else(|| Error::unknown(id))
    }

    /// The series that `reference` means: an id, `SOURCE:EXTERNAL_ID`, or an external id that only one source uses.
    pub fn find(&self, reference: &str, source: Option<&str>) -> Result<Arc<Series>, Error> {
        self.0
            .registry
            .read()
            .expect("no panic while holding the lock")
            .find(reference, source)
    }

    /// The source with this id.
    pub fn source(&self, id: SourceId) -> Option<Arc<Source>> {
        self.0
            .registry
            .read()
            .expect("no panic while holding the lock")
            .sources
            .get(&id)
            .cloned()
    }

    /// All sources by name.
    pub fn sources(&self) -> Vec<Arc<Source>> {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let mut sources: Vec<Arc<Source>> = registry.sources.values().cloned().collect();
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }

    /// The name of a series' source.
    pub fn source_name(&self, series: &Series) -> String {
        self.0
            .registry
            .read()
            .expect("no panic while holding the lock")
            .source_name(series.source_id)
    }

    /// `limit` series of a filter in the order of their external ids, after the series `after`, and how many there
    /// are in all.
    pub fn list(&self, filter: &SeriesFilter, after: Option<SeriesId>, limit: usize) -> (Vec<Arc<Series>>, usize) {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let total = registry.ordered().filter(|series| filter.matches(series)).count();
        let start = after
            .and_then(|id| registry.series.get(&id))
            .map(|series| (series.external_id.clone(), series.source_id));
        let page = match start {
            Some(start) => registry
                .ordered_after(start)
                .filter(|series| filter.matches(series))
                .take(limit)
                .cloned()
                .collect(),
            None => registry
                .ordered()
                .filter(|series| filter.matches(series))
                .take(limit)
                .cloned()
                .collect(),
        };
        (page, total)
    }

    /// `limit` series after the first `offset` that fit `text`, the best first, and how many there are in all.
    pub fn search(
        &self,
        text: &str,
        filter: &SeriesFilter,
        (offset, limit): (usize, usize),
    ) -> Result<(Vec<Arc<Series>>, usize)> {
        if offset > DEEPEST_SEARCH {
            return Err(Error::field(
                "offset",
                format!("is at most {DEEPEST_SEARCH} in a search: ask for more exactly"),
            )
            .into());
        }
        let found = self.0.search.search(&Query {
            text,
            source: filter.source,
            frequency: filter.frequency,
            seasonal_adjustment: filter.seasonal_adjustment.as_deref(),
            active: filter.is_active,
            offset,
            limit,
        })?;
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let known = found
            .hits
            .iter()
            .filter_map(|hit| registry.series.get(&hit.id).cloned());
        Ok((known.collect(), found.total))
    }

    /// Every revision of a series as stored now.
    pub async fn history(&self, id: SeriesId) -> Result<Arc<History>> {
        let lead = id.to_string();
        if let Some(known) = self.0.histories.get(&id)
            && !self.0.points.touched_since(&lead, known.sequence)
        {
            return Ok(known.history);
        }
        let snapshot = self.0.points.snapshot();
        let sequence = snapshot.sequence();
        let batch = match snapshot.read(&lead, &HISTORY).await {
            Err(error) if error.trouble() == Some(Trouble::Missing) => {
                self.0.points.refresh().await?.read(&lead, &HISTORY).await?
            }
            batch => batch?,
        };
        let history = Arc::new(History::from_batch(&batch)?);
        self.0.histories.insert(
            id,
            Decoded {
                history: history.clone(),
                sequence,
            },
        );
        Ok(history)
    }

    /// Every revision of a series as it was stored at a moment of the lake's own history.
    pub async fn history_at(&self, id: SeriesId, moment: Option<Moment>) -> Result<Arc<History>> {
        match moment {
            Some(moment) => Self::history_in(&*self.0.points.snapshot_at(moment).await?, id).await,
            None => self.history(id).await,
        }
    }

    /// Every revision of a series as a snapshot of the table of points holds it.
    pub async fn history_in(points: &Snapshot, id: SeriesId) -> Result<Arc<History>> {
        let batch = points.read(&id.to_string(), &HISTORY).await?;
        Ok(Arc::new(History::from_batch(&batch)?))
    }

    /// The histories of several series, all as of one commit as far as nothing is written meanwhile.
    pub async fn panel(&self, ids: &[SeriesId]) -> Result<Panel> {
        let mut members = Vec::with_capacity(ids.len());
        for id in ids {
            members.push((self.series(*id)?, self.history(*id).await?));
        }
        Ok(Panel { members })
    }

    /// What the rows of a series say beside their values: date, revision date, metadata and when they were stored.
    pub async fn extras(&self, id: SeriesId) -> Result<RecordBatch> {
        let snapshot: Arc<Snapshot> = self.0.points.snapshot();
        snapshot
            .read(&id.to_string(), &EXTRAS)
            .await
            .map_err(|error: LakeError| Failure::from(error))
    }

    /// The newest observation of a series that has a value.
    pub async fn latest(&self, id: SeriesId) -> Result<Latest> {
        let history = self.history(id).await?;
        let points = history.latest(DateRange::ALL);
        let observation = points.iter().rev().find(|observation| observation.value.is_some());
        Ok(Latest {
            series: id,
            observation,
        })
    }
}
