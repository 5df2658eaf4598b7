//! Reading: a series by name, lists and search, and histories through the cache of decoded ones.

use std::collections::HashMap;
use std::sync::Arc;

use platform_error::{Error as Failure, Result};
use platform_lake::{LakeError, Moment, Snapshot, Trouble};

use super::{SeriesFilter, Store};
use crate::aside::{Turns, aside};
use crate::error::Error;
use crate::history::History;
use crate::place::Place;
use crate::series::{Series, SeriesId, Source, SourceId};

/// The columns a history is made of.
const HISTORY: [&str; 5] = ["date", "revision_date", "value", "digits", "is_original_release"];

/// A history and the commit it was read at.
#[derive(Clone)]
pub(crate) struct Decoded {
    pub(crate) history: Arc<History>,
    sequence: i64,
}

/// A state of the stored points.
#[derive(Clone)]
pub(crate) enum State {
    /// The newest one when it was looked up.
    Newest(Arc<Snapshot>),
    /// The one of a moment that was asked about. It may be of a branch of another engine, so what is decoded of it is
    /// kept apart from what is decoded of the newest ones.
    Past(Arc<Snapshot>),
}

impl State {
    pub(crate) fn snapshot(&self) -> &Snapshot {
        let (Self::Newest(snapshot) | Self::Past(snapshot)) = self;
        snapshot
    }
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
        self.history_at(id, None).await
    }

    /// Every revision of a series as it was stored at a moment of the lake's own history, or as stored now.
    pub async fn history_at(&self, id: SeriesId, moment: Option<Moment>) -> Result<Arc<History>> {
        Ok(self.history_and_state(id, moment).await?.0)
    }

    /// The same and the state that it was read from.
    pub(crate) async fn history_and_state(
        &self,
        id: SeriesId,
        moment: Option<Moment>,
    ) -> Result<(Arc<History>, State)> {
        let mut state = self.state(moment).await?;
        let mut histories = self.histories(&state, &[id]).await;
        if moment.is_none() && histories.as_ref().is_err_and(is_swept) {
            state = State::Newest(self.0.points.refresh().await?);
            histories = self.histories(&state, &[id]).await;
        }
        Ok((histories?.swap_remove(0), state))
    }

    /// The state of a moment of the lake's own history, or the newest one.
    pub(crate) async fn state(&self, moment: Option<Moment>) -> Result<State> {
        Ok(match moment {
            Some(moment) => State::Past(self.0.points.snapshot_at(moment).await?),
            None => State::Newest(self.0.points.snapshot()),
        })
    }

    /// The histories of some series in one state, in the order of `ids`.
    pub(crate) async fn histories(&self, state: &State, ids: &[SeriesId]) -> Result<Vec<Arc<History>>> {
        let decoded = |id: &SeriesId| Some((*id, self.decoded(*id, state)?));
        let mut histories: HashMap<SeriesId, Arc<History>> = ids.iter().filter_map(decoded).collect();
        let mut unread: Vec<SeriesId> = ids.iter().filter(|id| !histories.contains_key(id)).copied().collect();
        if !unread.is_empty() {
            unread.sort_unstable();
            unread.dedup();
            histories.extend(self.decode(state, unread).await?);
        }
        Ok(ids.iter().map(|id| histories[id].clone()).collect())
    }

    /// Taken by series that are read together.
    pub(crate) fn reading(&self) -> &Turns {
        &self.0.reading
    }

    async fn decode(&self, state: &State, ids: Vec<SeriesId>) -> Result<Vec<(SeriesId, Arc<History>)>> {
        let leads: Vec<String> = ids.iter().map(SeriesId::to_string).collect();
        let leads: Vec<&str> = leads.iter().map(String::as_str).collect();
        let rows = state.snapshot().read_many(&leads, &HISTORY).await?;
        let mut histories = Vec::with_capacity(ids.len());
        for (id, rows) in ids.into_iter().zip(rows) {
            let history = aside(rows.num_rows(), move || History::from_batch(&rows)).await??;
            let history = Arc::new(history);
            self.keep(id, &history, state);
            histories.push((id, history));
        }
        Ok(histories)
    }

    /// The history of a series as it was decoded before, unless a commit between then and the state, or after both,
    /// touched it.
    fn decoded(&self, id: SeriesId, state: &State) -> Option<Arc<History>> {
        let State::Newest(snapshot) = state else { return None };
        let known = self.0.histories.get(&id)?;
        let since = known.sequence.min(snapshot.sequence());
        (!self.0.points.touched_since(&id.to_string(), since)).then_some(known.history)
    }

    /// Keeps what was decoded, unless there is something newer: a state may be held for long.
    fn keep(&self, id: SeriesId, history: &Arc<History>, state: &State) {
        let State::Newest(snapshot) = state else { return };
        let sequence = snapshot.sequence();
        if !self.0.points.touched_since(&id.to_string(), sequence) {
            let history = history.clone();
            self.0.histories.insert(id, Decoded { history, sequence });
        }
    }
}

/// Whether a sweep of another process took a file that only older states name.
fn is_swept(error: &Failure) -> bool {
    let cause = error.cause().and_then(|cause| cause.downcast_ref::<LakeError>());
    cause.and_then(LakeError::trouble) == Some(Trouble::Missing)
}
