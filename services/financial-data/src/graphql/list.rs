//! Which series are wanted, and the page of them.

use std::sync::Arc;

use async_graphql::{ID, InputObject, ServerResult};

use super::cursor::page_info;
use super::scalars::Date;
use super::series::{FinancialSeries, FinancialSeriesConnection, FinancialSeriesEdge};
use super::source::source_id;
use crate::discovery::{Page, Wanted};
use crate::error::Error;
use crate::place::Place;
use crate::series::{Frequency, Series};
use crate::store::{SeriesFilter, Store};

/// Series of a page, unless told otherwise.
pub(super) const USUAL: usize = 50;
/// The most series of a page.
const MOST: usize = 1_000;
/// The most hits of a search that can be left out.
const DEEPEST: usize = 10_000;

/// Which series are wanted: those for which everything said holds.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "SeriesFilter")]
pub(crate) struct Filter {
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
    /// Those that fit a text, the best first: a thousand, or all where ids, a prefix or dates are asked for as well.
    pub search_query: Option<String>,
    /// Those with observations on this date or later. Where a series declares no dates, its points decide.
    pub observed_from: Option<Date>,
    /// Those with observations on this date or earlier.
    pub observed_to: Option<Date>,
}

impl Filter {
    /// What is to be looked for.
    pub(super) fn wanted(self, store: &Store) -> Wanted {
        Wanted {
            names: self.ids.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            filter: SeriesFilter {
                source: self.source.as_deref().map(|source| source_id(store, source)),
                frequency: self.frequency,
                is_active: self.is_active,
                seasonal_adjustment: self.seasonal_adjustment,
                external_id_prefix: self.external_id_prefix,
            },
            text: self.search_query,
            observed_from: self.observed_from.map(|date| date.0),
            observed_to: self.observed_to.map(|date| date.0),
        }
    }
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

/// What a list of series costs for each of its fields. `first` is asked for by hand, because the library, where it asks
/// itself, refuses an operation that leaves out the variable; as everywhere, that means as much as no argument.
pub(super) fn list_cost(first: ServerResult<Option<i32>>) -> usize {
    let first = first.unwrap_or_default();
    first.map_or(USUAL, |first| usize::try_from(first).unwrap_or_default().min(MOST))
}

/// A page with the places of its series.
pub(super) fn connection(page: Page) -> FinancialSeriesConnection {
    let cursor = |series: &Arc<Series>| Place::of(series).encode();
    let ends = (page.series.first().map(cursor), page.series.last().map(cursor));
    let edge = |series: &Arc<Series>| FinancialSeriesEdge {
        cursor: cursor(series),
        node: FinancialSeries::new(series.clone()),
    };
    FinancialSeriesConnection {
        page_info: page_info((page.before, page.after), ends),
        edges: page.series.iter().map(edge).collect(),
        total_count: page.total,
        nodes: page.series.into_iter().map(FinancialSeries::new).collect(),
    }
}
