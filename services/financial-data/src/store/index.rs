//! The search index beside the registry: kept up with it, and asked.

use std::sync::{Arc, PoisonError};

use platform_error::Result;

use super::{SeriesFilter, Store};
use crate::aside::blocking;
use crate::error::Error;
use crate::search::{Query, SearchError};
use crate::series::{Series, SeriesId};

/// Hits that may be passed over: an index keeps all of them in memory.
const DEEPEST_SEARCH: usize = 10_000;

impl Store {
    /// `limit` series after the first `offset` that fit `text`, the best first, and how many there are in all.
    pub(crate) async fn search(
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
        let (store, text, filter) = (self.clone(), text.to_string(), filter.clone());
        Ok(blocking(move || store.found(&text, &filter, (offset, limit))).await??)
    }

    fn found(
        &self,
        text: &str,
        filter: &SeriesFilter,
        (offset, limit): (usize, usize),
    ) -> Result<(Vec<Arc<Series>>, usize), SearchError> {
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
        let known = found.hits.iter().filter_map(|id| registry.series.get(id).cloned());
        Ok((known.collect(), found.total))
    }

    /// Brings the index in line with the registry.
    pub(super) async fn index(&self, ids: Vec<SeriesId>) -> Result<()> {
        let store = self.clone();
        Ok(blocking(move || store.index_now(&ids)).await??)
    }

    /// Like [`Self::index`], on a thread that may block. What is indexed is what the registry says when it is this
    /// call's turn: of two calls the later one never puts back what the earlier has replaced.
    pub(super) fn index_now(&self, ids: &[SeriesId]) -> Result<(), SearchError> {
        if ids.is_empty() {
            return Ok(());
        }
        let _turn = self.0.indexing.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut named, mut gone) = (Vec::with_capacity(ids.len()), Vec::new());
        {
            let registry = self.0.registry.read().expect("no panic while holding the lock");
            for id in ids {
                match registry.series.get(id) {
                    Some(series) => named.push((series.clone(), registry.source_name(series.source_id))),
                    None => gone.push(*id),
                }
            }
        }
        let named: Vec<_> = named
            .iter()
            .map(|(series, source)| (series.clone(), source.as_str()))
            .collect();
        self.0.search.apply(&named, &gone)
    }
}
