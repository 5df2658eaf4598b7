//! All series and sources, kept in memory beside the search index.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::error::Error;
use crate::place::Place;
use crate::series::{Frequency, Series, SeriesId, Source, SourceId};

/// What the tables `series` and `sources` held at some commit.
#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) series: HashMap<SeriesId, Arc<Series>>,
    pub(crate) sources: HashMap<SourceId, Arc<Source>>,
    /// By external id, then by source, so that lists have an order and names without a source find their series.
    order: BTreeMap<(String, SourceId), SeriesId>,
    /// The commits of the two tables that this reflects.
    pub(crate) sequences: (i64, i64),
}

/// Which series are wanted; what is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct SeriesFilter {
    /// Those of one source.
    pub source: Option<SourceId>,
    /// Those of one frequency.
    pub frequency: Option<Frequency>,
    /// Those that are still published, or those that are not.
    pub is_active: Option<bool>,
    /// Those of one seasonal adjustment, whatever its case.
    pub seasonal_adjustment: Option<String>,
    /// Those whose external id begins so, whatever its case.
    pub external_id_prefix: Option<String>,
}

impl SeriesFilter {
    /// Whether a series is wanted.
    pub fn matches(&self, series: &Series) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        };
        let begins = |prefix: &String| series.external_id.to_lowercase().starts_with(&prefix.to_lowercase());
        self.source.is_none_or(|source| source == series.source_id)
            && self.frequency.is_none_or(|frequency| frequency == series.frequency)
            && self.is_active.is_none_or(|active| active == series.is_active)
            && same(&self.seasonal_adjustment, series.seasonal_adjustment.as_deref())
            && self.external_id_prefix.as_ref().is_none_or(begins)
    }
}

impl Registry {
    pub(crate) fn new(series: Vec<Arc<Series>>, sources: Vec<Arc<Source>>, sequences: (i64, i64)) -> Self {
        let mut registry = Self {
            sequences,
            ..Self::default()
        };
        sources.into_iter().for_each(|source| registry.put_source(source));
        series.into_iter().for_each(|series| registry.put(series));
        registry
    }

    pub(crate) fn put(&mut self, series: Arc<Series>) {
        self.order
            .insert((series.external_id.clone(), series.source_id), series.id);
        self.series.insert(series.id, series);
    }

    pub(crate) fn put_source(&mut self, source: Arc<Source>) {
        self.sources.insert(source.id, source);
    }

    pub(crate) fn remove(&mut self, id: SeriesId) {
        if let Some(series) = self.series.remove(&id) {
            self.order.remove(&(series.external_id.clone(), series.source_id));
        }
    }

    /// The name of a source, or its id when it has none.
    pub(crate) fn source_name(&self, id: SourceId) -> String {
        self.sources
            .get(&id)
            .map_or_else(|| id.to_string(), |source| source.name.clone())
    }

    /// All series in the order of their external ids.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = &Arc<Series>> {
        self.order.values().filter_map(|id| self.series.get(id))
    }

    /// The series after a place in the order of external ids, whether or not one stands there.
    pub(crate) fn ordered_after(&self, after: Place) -> impl Iterator<Item = &Arc<Series>> {
        let after = (after.external_id, after.source);
        let range = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        self.order.range(range).filter_map(|(_, id)| self.series.get(id))
    }

    /// The series that all sources together have of this external id.
    pub(super) fn called<'a>(&'a self, external_id: &'a str) -> impl Iterator<Item = &'a Arc<Series>> {
        let start = (external_id.to_string(), SourceId(uuid::Uuid::nil()));
        let same_name = self
            .order
            .range(start..)
            .take_while(move |((name, _), _)| name == external_id);
        same_name.filter_map(|(_, id)| self.series.get(id))
    }

    /// The series that `reference` means: an id, `SOURCE:EXTERNAL_ID`, or an external id that only one source uses, in
    /// this order: what begins with the name of a source means a series of that source. Beside a source it is an external
    /// id of that source.
    pub(crate) fn find(&self, reference: &str, source: Option<&str>) -> Result<Arc<Series>, Error> {
        let missing = || Error::NoSuchSeries(reference.chars().take(300).collect());
        let named = |source: &str, id: &str| self.series.get(&SeriesId::of(SourceId::of(source), id)).cloned();
        if let Some(source) = source {
            return named(source, reference).ok_or_else(missing);
        }
        if let Some(series) = SeriesId::parse(reference).and_then(|id| self.series.get(&id)) {
            return Ok(series.clone());
        }
        let full = reference.split_once(':');
        if let Some((source, id)) = full.filter(|(source, _)| self.sources.contains_key(&SourceId::of(source))) {
            return named(source, id).ok_or_else(missing);
        }
        let found: Vec<&Arc<Series>> = self.called(reference).collect();
        match found.as_slice() {
            [only] => Ok(Arc::clone(only)),
            [] => Err(missing()),
            many => Err(Error::AmbiguousSeries {
                name: reference.to_string(),
                candidates: many.iter().map(|series| self.full_name(series)).collect(),
            }),
        }
    }

    /// `SOURCE:EXTERNAL_ID`.
    pub(crate) fn full_name(&self, series: &Series) -> String {
        format!("{}:{}", self.source_name(series.source_id), series.external_id)
    }
}
