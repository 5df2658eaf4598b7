//! Which series are wanted, and the page of them.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{ID, InputObject};
use platform_error::Result;

use super::cursor::{Cursor, page_info};
use super::find;
use super::scalars::Date;
use super::series::{FinancialSeries, FinancialSeriesConnection, FinancialSeriesEdge, SeriesSearch};
use super::source::source_id;
use crate::error::Error;
use crate::series::{Frequency, Series, SeriesId};
use crate::store::{self, Store};

/// Series of a page, unless told otherwise.
pub(super) const USUAL: usize = 50;
/// The most series of a page, and the most that one filter may name.
const MOST: usize = 1_000;
/// The most series whose points are looked into to find out when they have observations.
const READ: usize = 1_000;
/// The best hits of a search that are looked at when other conditions or pages are involved.
const BEST: usize = 1_000;

/// The most hits of a search that can be left out.
const DEEPEST: usize = 10_000;

/// Which series are wanted: those for which everything said holds.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "SeriesFilter")]
pub struct Filter {
    /// Those named: by our id, `SOURCE:EXTERNAL_ID`, or an external id that only one source uses.
    pub ids: Option<Vec<ID>>,
    /// Those of one source, by its name or id.
    pub source: Option<String>,
    /// Those of one frequency.
    pub frequency: Option<Frequency>,
    /// Those that are still published, or those that are not.
    pub is_active: Option<bool>,
    /// Those of one seasonal adjustment, whatever its case.
    pub seasonal_adjustment: Option<String>,
    /// Those whose external id begins so, whatever its case.
    pub external_id_prefix: Option<String>,
    /// Those that fit a text, the best first, at most a thousand.
    pub search_query: Option<String>,
    /// Those with observations on this date or later. Where a series declares no dates, its points decide.
    pub observed_from: Option<Date>,
    /// Those with observations on this date or earlier.
    pub observed_to: Option<Date>,
}

/// The most series of a page.
pub(super) fn most(store: &Store) -> usize {
    store.settings().page_limit.min(MOST)
}

/// Checks how many hits are to be left out: a search holds all of them in memory.
pub(super) fn search_offset(offset: Option<i32>) -> Result<usize, Error> {
    let offset = offset.unwrap_or_default();
    let fitting = usize::try_from(offset).ok().filter(|offset| *offset <= DEEPEST);
    fitting.ok_or_else(|| {
        Error::field(
            "offset",
            format!("is {offset} and must be from 0 to {DEEPEST}; say more in the text"),
        )
    })
}

/// What a list of series costs for each of its fields.
pub(super) fn list_cost(first: Option<i32>) -> usize {
    first.map_or(USUAL, |first| usize::try_from(first).unwrap_or_default().min(MOST))
}

/// Series in a row, and how they stand in the whole list.
pub(super) struct Page {
    pub(super) series: Vec<Arc<Series>>,
    before: bool,
    after: bool,
    total: usize,
}

impl Page {
    pub(super) fn connection(self) -> FinancialSeriesConnection {
        let cursor = |series: &Arc<Series>| Cursor::Series(series.id);
        let ends = (self.series.first().map(cursor), self.series.last().map(cursor));
        let edge = |series: &Arc<Series>| FinancialSeriesEdge {
            cursor: cursor(series).encode(),
            node: FinancialSeries::new(series.clone()),
        };
        FinancialSeriesConnection {
            page_info: page_info((self.before, self.after), ends),
            edges: self.series.iter().map(edge).collect(),
            total_count: self.total,
            nodes: self.series.into_iter().map(FinancialSeries::new).collect(),
        }
    }
}

impl Filter {
    /// The `size` series after the place `after`, in the order of their external ids or of how well they fit.
    pub(super) async fn page(&self, store: &Store, (after, size): (Option<SeriesId>, usize)) -> Result<Page> {
        if self.ids.is_none() && self.search_query.is_none() && !self.asks_for_dates() {
            if let Some(id) = after {
                store.series(id).map_err(|_| gone())?;
            }
            let (mut series, total) = store.list(&self.stored(store), after, size + 1);
            let more = series.len() > size;
            series.truncate(size);
            return Ok(Page {
                series,
                before: after.is_some(),
                after: more,
                total,
            });
        }
        let mut series = self.gathered(store).await?;
        let total = series.len();
        let from = match after {
            None => 0,
            Some(id) => series.iter().position(|series| series.id == id).ok_or_else(gone)? + 1,
        };
        let series: Vec<_> = series.drain(from..).take(size).collect();
        Ok(Page {
            before: from > 0,
            after: from + series.len() < total,
            series,
            total,
        })
    }

    /// The series that fit `text`, the best first.
    pub(super) async fn search(
        &self,
        store: &Store,
        text: &str,
        (offset, size): (usize, usize),
    ) -> Result<SeriesSearch> {
        let is_indexed = self.ids.is_none() && self.external_id_prefix.is_none() && !self.asks_for_dates();
        let (series, total_count) = match is_indexed {
            true => store.search(text, &self.stored(store), (offset, size))?,
            false => {
                let filter = Self {
                    search_query: Some(text.to_string()),
                    ..self.clone()
                };
                let found = filter.gathered(store).await?;
                let total = found.len();
                (found.into_iter().skip(offset).take(size).collect(), total)
            }
        };
        Ok(SeriesSearch {
            nodes: series.into_iter().map(FinancialSeries::new).collect(),
            total_count,
        })
    }

    /// What the store can look for by itself.
    fn stored(&self, store: &Store) -> store::SeriesFilter {
        store::SeriesFilter {
            source: self.source.as_deref().map(|source| source_id(store, source)),
            frequency: self.frequency,
            is_active: self.is_active,
            seasonal_adjustment: self.seasonal_adjustment.clone(),
            external_id_prefix: self.external_id_prefix.clone(),
        }
    }

    fn asks_for_dates(&self) -> bool {
        self.observed_from.is_some() || self.observed_to.is_some()
    }

    /// All series of the filter in their order.
    async fn gathered(&self, store: &Store) -> Result<Vec<Arc<Series>>> {
        let stored = self.stored(store);
        let named = self.ids.as_deref().map(|ids| named(store, ids)).transpose()?;
        let mut series = match (&self.search_query, &named) {
            (Some(text), _) => store.search(text, &stored, (0, BEST))?.0,
            (None, Some(named)) => named.clone(),
            (None, None) => store.list(&stored, None, usize::MAX).0,
        };
        let named: Option<HashSet<SeriesId>> = named.map(|named| named.iter().map(|series| series.id).collect());
        series.retain(|series| stored.matches(series) && named.as_ref().is_none_or(|named| named.contains(&series.id)));
        match self.asks_for_dates() {
            true => self.observed(store, series).await,
            false => Ok(series),
        }
    }

    /// Those of `series` with observations in the span asked for.
    async fn observed(&self, store: &Store, series: Vec<Arc<Series>>) -> Result<Vec<Arc<Series>>> {
        let unknown = series.iter().filter(|series| self.overlaps(series).is_none()).count();
        if unknown > READ {
            let reason = format!(
                "would need the points of {unknown} series, at most {READ}; narrow the filter by source, frequency or text"
            );
            return Err(Error::field("observedFrom and observedTo", reason).into());
        }
        let mut found = Vec::new();
        for series in series {
            let overlaps = match self.overlaps(&series) {
                Some(overlaps) => overlaps,
                None => self.holds(store, &series).await?,
            };
            if overlaps {
                found.push(series);
            }
        }
        Ok(found)
    }

    /// Whether the declared dates of a series overlap the span; `None` where too little is declared.
    fn overlaps(&self, series: &Series) -> Option<bool> {
        let begins_in_time = match (series.start_date, self.observed_to) {
            (_, None) => Some(true),
            (Some(start), Some(to)) => Some(start <= to.0),
            (None, Some(_)) => None,
        };
        let lasts_long_enough = match (series.end_date, self.observed_from) {
            (_, None) => Some(true),
            (Some(end), Some(from)) => Some(from.0 <= end),
            (None, Some(_)) => None,
        };
        match (begins_in_time, lasts_long_enough) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// Whether the points of a series overlap the span.
    async fn holds(&self, store: &Store, series: &Series) -> Result<bool> {
        let Some((first, last)) = store.history(series.id).await?.bounds() else {
            return Ok(false);
        };
        let known = Series {
            start_date: Some(series.start_date.unwrap_or(store::date(first))),
            end_date: Some(series.end_date.unwrap_or(store::date(last))),
            ..series.clone()
        };
        Ok(self.overlaps(&known) == Some(true))
    }
}

/// The series of these names, in the order of their external ids; names that nothing has are passed over.
fn named(store: &Store, ids: &[ID]) -> Result<Vec<Arc<Series>>, Error> {
    if ids.len() > MOST {
        return Err(Error::field(
            "ids",
            format!("has {} names, and at most {MOST} can be asked for", ids.len()),
        ));
    }
    let found = ids.iter().map(|id| find(store, id)).collect::<Result<Vec<_>, _>>()?;
    let mut series: Vec<Arc<Series>> = found.into_iter().flatten().collect();
    series.sort_by(|a, b| (&a.external_id, a.source_id).cmp(&(&b.external_id, b.source_id)));
    series.dedup_by_key(|series| series.id);
    Ok(series)
}

fn gone() -> Error {
    Error::field(
        "after",
        "is the place of a series that is no longer in the list; begin again without it",
    )
}
