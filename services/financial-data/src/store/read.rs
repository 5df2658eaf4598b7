//! Reading: a series by name, lists and search, and histories through the cache of decoded ones.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::stream::{self, StreamExt, TryStreamExt};
use platform_error::{Error as Failure, Result};
use platform_lake::{LakeError, Moment, Snapshot, Trouble};
use tokio::runtime::Handle;

use super::{SeriesFilter, Store};
use crate::aside::{aside, blocking};
use crate::error::Error;
use crate::history::{DateRange, History, Observation};
use crate::place::Place;
use crate::series::{Series, SeriesId, Source, SourceId};

/// The columns a history is made of.
const HISTORY: [&str; 5] = ["date", "revision_date", "value", "digits", "is_original_release"];
/// What a row says beside its history.
const EXTRAS: [&str; 5] = ["date", "revision_date", "metadata", "created_at", "updated_at"];

/// So many series are read together, at most.
const NEIGHBOURS: usize = 16;

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

    /// The series that `reference` means: an id, `SOURCE:EXTERNAL_ID`, or an external id that only one source uses, in
    /// this order: what begins with the name of a source means a series of that source. Beside a source it is an external
    /// id of that source.
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

    /// `limit` series of a filter in the order of their external ids, after a place, and how many there are in all.
    pub fn list(&self, filter: &SeriesFilter, after: Option<Place>, limit: usize) -> (Vec<Arc<Series>>, usize) {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let total = registry.ordered().filter(|series| filter.matches(series)).count();
        let is_wanted = |series: &&Arc<Series>| filter.matches(series);
        let page = match after {
            Some(place) => registry
                .ordered_after(place)
                .filter(is_wanted)
                .take(limit)
                .cloned()
                .collect(),
            None => registry.ordered().filter(is_wanted).take(limit).cloned().collect(),
        };
        (page, total)
    }

    /// Every revision of a series as stored now.
    pub async fn history(&self, id: SeriesId) -> Result<Arc<History>> {
        let lead = id.to_string();
        if let Some(known) = self.decoded(id, &lead) {
            return Ok(known);
        }
        let (mut rows, sequence) = self.stored(&[&lead]).await?;
        let history = decode(rows.swap_remove(0)).await?;
        self.keep(id, &history, sequence);
        Ok(history)
    }

    /// The rows of some series, and the commit from which on they are what is stored.
    async fn stored(&self, leads: &[&str]) -> Result<(Vec<RecordBatch>, i64)> {
        let snapshot = self.0.points.snapshot();
        let rows = match snapshot.read_many(leads, &HISTORY).await {
            Err(error) if error.trouble() == Some(Trouble::Missing) => {
                self.0.points.refresh().await?.read_many(leads, &HISTORY).await?
            }
            rows => rows?,
        };
        Ok((rows, snapshot.sequence()))
    }

    fn keep(&self, id: SeriesId, history: &Arc<History>, sequence: i64) {
        let history = history.clone();
        self.0.histories.insert(id, Decoded { history, sequence });
    }

    /// The history of a series as it was decoded before, unless a commit touched it since.
    fn decoded(&self, id: SeriesId, lead: &str) -> Option<Arc<History>> {
        let known = self.0.histories.get(&id)?;
        (!self.0.points.touched_since(lead, known.sequence)).then_some(known.history)
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
        decode(batch).await
    }

    /// The histories of several series, all as of one commit as far as nothing is written meanwhile.
    pub async fn panel(&self, ids: &[SeriesId]) -> Result<Panel> {
        let (mut histories, mut unread) = (HashMap::new(), Vec::new());
        for id in ids {
            match self.decoded(*id, &id.to_string()) {
                Some(known) => drop(histories.insert(*id, known)),
                None => unread.push(*id),
            }
        }
        histories.extend(self.decode_all(unread).await?);
        let member = |id: &SeriesId| Ok((self.series(*id)?, histories[id].clone()));
        let members = ids.iter().map(member).collect::<Result<_>>()?;
        Ok(Panel { members })
    }

    /// Decodes histories on all processors. Neighbours are read together, because they may share pages.
    async fn decode_all(&self, mut ids: Vec<SeriesId>) -> Result<Vec<(SeriesId, Arc<History>)>> {
        ids.sort_unstable();
        ids.dedup();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let share = ids.len().div_ceil(processors).clamp(1, NEIGHBOURS);
        let shares: Vec<Vec<SeriesId>> = ids.chunks(share).map(<[_]>::to_vec).collect();
        let decode = |share| {
            let (store, runtime) = (self.clone(), Handle::current());
            async move { blocking(move || runtime.block_on(store.decode_share(share))).await? }
        };
        let decoded = stream::iter(shares).map(decode).buffer_unordered(processors);
        Ok(decoded.try_collect::<Vec<_>>().await?.concat())
    }

    async fn decode_share(&self, ids: Vec<SeriesId>) -> Result<Vec<(SeriesId, Arc<History>)>> {
        let leads: Vec<String> = ids.iter().map(SeriesId::to_string).collect();
        let leads: Vec<&str> = leads.iter().map(String::as_str).collect();
        let (rows, sequence) = self.stored(&leads).await?;
        let mut out = Vec::with_capacity(ids.len());
        for (id, rows) in ids.into_iter().zip(rows) {
            let history = Arc::new(History::from_batch(&rows)?);
            self.keep(id, &history, sequence);
            out.push((id, history));
        }
        Ok(out)
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

async fn decode(batch: RecordBatch) -> Result<Arc<History>> {
    let history = aside(batch.num_rows(), move || History::from_batch(&batch)).await??;
    Ok(Arc::new(history))
}
