//! Finding series by name, source, frequency, text and the dates they have observations on, for every interface.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::NaiveDate;
use platform_error::Result;

use crate::aside::blocking;
use crate::error::Error;
use crate::place::{Place, gone};
use crate::series::{Series, SeriesId};
use crate::store::{SeriesFilter, Store, date};

/// The most series that can be asked for by name.
const NAMED: usize = 1_000;
/// The most series whose points are looked into to find out when they have observations.
const READ: usize = 1_000;
/// The hits of a search that its pages go through, unless a condition that the index does not know narrows them.
const BEST: usize = 1_000;

/// Which series are wanted: those for which everything said holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Those named: by our id, `SOURCE:EXTERNAL_ID`, or an external id that only one source uses.
    pub names: Option<Vec<String>>,
    /// What can be told from their descriptions.
    pub filter: SeriesFilter,
    /// Those that fit a text, the best first.
    pub text: Option<String>,
    /// Those with observations on this date or later. Where a series declares no dates, its points decide.
    pub observed_from: Option<NaiveDate>,
    /// Those with observations on this date or earlier.
    pub observed_to: Option<NaiveDate>,
}

/// Series in a row, and how they stand in the whole list.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The series.
    pub series: Vec<Arc<Series>>,
    /// Whether there are some before.
    pub before: bool,
    /// Whether there are more.
    pub after: bool,
    /// How many there are in all.
    pub total: usize,
}

impl Store {
    /// The `size` series after a place, in the order of their external ids or of how well they fit.
    pub(crate) async fn page(&self, wanted: &Wanted, (after, size): (Option<Place>, usize)) -> Result<Page> {
        let before = after.is_some();
        if wanted.names.is_none() && wanted.text.is_none() && !wanted.asks_for_dates() {
            let (mut series, total) = self.listed(&wanted.filter, (after, size.saturating_add(1))).await?;
            let after = series.len() > size;
            series.truncate(size);
            return Ok(Page {
                series,
                before,
                after,
                total,
            });
        }
        let mut series = self.gathered(wanted).await?;
        let total = series.len();
        let from = match (&after, &wanted.text) {
            (None, _) => 0,
            (Some(place), None) => series.partition_point(|series| Place::of(series) <= *place),
            (Some(place), Some(_)) => {
                let at = series.iter().position(|series| series.id == place.series());
                at.ok_or_else(gone)? + 1
            }
        };
        let series: Vec<_> = series.drain(from..).take(size).collect();
        Ok(Page {
            before,
            after: from + series.len() < total,
            series,
            total,
        })
    }

    /// Of the series that fit `text` the `size` best after the first `offset`, and how many fit in all.
    pub(crate) async fn best(
        &self,
        wanted: &Wanted,
        text: &str,
        (offset, size): (usize, usize),
    ) -> Result<(Vec<Arc<Series>>, usize)> {
        let is_indexed =
            wanted.names.is_none() && wanted.filter.external_id_prefix.is_none() && !wanted.asks_for_dates();
        if is_indexed {
            return self.search(text, &wanted.filter, (offset, size)).await;
        }
        let wanted = Wanted {
            text: Some(text.to_string()),
            ..wanted.clone()
        };
        let found = self.gathered(&wanted).await?;
        let total = found.len();
        Ok((found.into_iter().skip(offset).take(size).collect(), total))
    }

    async fn listed(
        &self,
        filter: &SeriesFilter,
        (after, limit): (Option<Place>, usize),
    ) -> Result<(Vec<Arc<Series>>, usize)> {
        let (store, filter) = (self.clone(), filter.clone());
        blocking(move || store.list(&filter, after, limit)).await
    }

    /// All series wanted in their order; of a search the best.
    async fn gathered(&self, wanted: &Wanted) -> Result<Vec<Arc<Series>>> {
        let filter = &wanted.filter;
        let named = wanted.names.as_deref().map(|names| self.named(names)).transpose()?;
        let mut series = match (&wanted.text, &named) {
            (Some(text), _) => {
                // What is named, has a prefix or lasts long enough may rank behind any number of others.
                let is_narrowed = named.is_some() || filter.external_id_prefix.is_some() || wanted.asks_for_dates();
                let most = if is_narrowed { usize::MAX } else { BEST };
                self.search(text, filter, (0, most)).await?.0
            }
            (None, Some(named)) => named.clone(),
            (None, None) => self.listed(filter, (None, usize::MAX)).await?.0,
        };
        let named: Option<HashSet<SeriesId>> = named.map(|named| named.iter().map(|series| series.id).collect());
        series.retain(|series| filter.matches(series) && named.as_ref().is_none_or(|named| named.contains(&series.id)));
        match wanted.asks_for_dates() {
            true => self.observed(wanted, series).await,
            false => Ok(series),
        }
    }

    /// The series of these names, in the order of their external ids; names that nothing has are passed over.
    fn named(&self, names: &[String]) -> Result<Vec<Arc<Series>>, Error> {
        if names.len() > NAMED {
            let reason = format!("has {} names, and at most {NAMED} can be asked for", names.len());
            return Err(Error::field("the list of series", reason));
        }
        let mut series = Vec::with_capacity(names.len());
        for name in names {
            match self.find(name, None) {
                Ok(found) => series.push(found),
                Err(Error::NoSuchSeries(_)) => {}
                Err(error) => return Err(error),
            }
        }
        series.sort_by_cached_key(|series| Place::of(series));
        series.dedup_by_key(|series| series.id);
        Ok(series)
    }

    /// Those of `series` with observations in the span asked for.
    async fn observed(&self, wanted: &Wanted, series: Vec<Arc<Series>>) -> Result<Vec<Arc<Series>>> {
        let unknown = series.iter().filter(|series| wanted.overlaps(series).is_none()).count();
        if unknown > READ {
            let reason = format!(
                "would need the points of {unknown} series, at most {READ}; narrow the filter by source, frequency or text"
            );
            return Err(Error::field("the range of observed dates", reason).into());
        }
        let mut found = Vec::new();
        for series in series {
            let overlaps = match wanted.overlaps(&series) {
                Some(overlaps) => overlaps,
                None => self.holds(wanted, &series).await?,
            };
            if overlaps {
                found.push(series);
            }
        }
        Ok(found)
    }

    /// Whether the points of a series overlap the span.
    async fn holds(&self, wanted: &Wanted, series: &Series) -> Result<bool> {
        let Some((first, last)) = self.history(series.id).await?.bounds() else {
            return Ok(false);
        };
        let known = Series {
            start_date: Some(series.start_date.unwrap_or(date(first))),
            end_date: Some(series.end_date.unwrap_or(date(last))),
            ..series.clone()
        };
        Ok(wanted.overlaps(&known) == Some(true))
    }
}

impl Wanted {
    fn asks_for_dates(&self) -> bool {
        self.observed_from.is_some() || self.observed_to.is_some()
    }

    /// Whether the declared dates of a series overlap the span; `None` where too little is declared.
    fn overlaps(&self, series: &Series) -> Option<bool> {
        let begins_in_time = match (series.start_date, self.observed_to) {
            (_, None) => Some(true),
            (Some(start), Some(to)) => Some(start <= to),
            (None, Some(_)) => None,
        };
        let lasts_long_enough = match (series.end_date, self.observed_from) {
            (_, None) => Some(true),
            (Some(end), Some(from)) => Some(from <= end),
            (None, Some(_)) => None,
        };
        match (begins_in_time, lasts_long_enough) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}
