//! A series as GraphQL shows it: one thing in two views.

use std::sync::Arc;

use async_graphql::types::connection::PageInfo;
use async_graphql::{Context, ID, Object, SimpleObject};

use super::scalars::{Date, Instant};
use super::source::Source;
use super::store;
use super::vintages::Vintages;
use crate::series::{Frequency, Series};

/// The view of a series that has a name.
#[derive(Clone)]
pub(crate) struct FinancialSeries(Parts);

impl FinancialSeries {
    pub(super) fn new(series: Arc<Series>) -> Self {
        Self(Parts::new(series))
    }
}

/// A series of financial or economic data with all vintages of its points.
#[Object]
impl FinancialSeries {
    /// Made of the source and the external id: every writer derives the same.
    async fn id(&self) -> ID {
        self.0.description.0.id.into()
    }

    /// What it is called: its title.
    async fn name(&self) -> &str {
        &self.0.description.0.title
    }

    #[graphql(flatten)]
    async fn description(&self) -> &Description {
        &self.0.description
    }

    #[graphql(flatten)]
    async fn vintages(&self) -> &Vintages {
        &self.0.vintages
    }
}

/// The view of a series by the names of its source.
#[derive(Clone)]
pub(crate) struct EconomicSeries(Parts);

impl EconomicSeries {
    pub(super) fn new(series: Arc<Series>) -> Self {
        Self(Parts::new(series))
    }
}

/// A series of economic data: what its source says of it, and all vintages of its points.
#[Object]
impl EconomicSeries {
    /// Made of the source and the external id: every writer derives the same.
    async fn id(&self) -> ID {
        self.0.description.0.id.into()
    }

    #[graphql(flatten)]
    async fn description(&self) -> &Description {
        &self.0.description
    }

    #[graphql(flatten)]
    async fn vintages(&self) -> &Vintages {
        &self.0.vintages
    }
}

#[derive(Clone)]
struct Parts {
    description: Description,
    vintages: Vintages,
}

impl Parts {
    fn new(series: Arc<Series>) -> Self {
        Self {
            description: Description(series.clone()),
            vintages: Vintages(series),
        }
    }
}

/// What a series is, for both of its views.
#[derive(Clone)]
pub(crate) struct Description(Arc<Series>);

/// What a series is.
#[Object]
impl Description {
    /// The id of who publishes it.
    async fn source_id(&self) -> ID {
        self.0.source_id.into()
    }

    /// Who publishes it.
    async fn source(&self, ctx: &Context<'_>) -> Option<Source> {
        store(ctx).source(self.0.source_id).map(Source)
    }

    /// What its source calls it.
    async fn external_id(&self) -> &str {
        &self.0.external_id
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is, at length.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The unit of its values, for instance `Billions of Dollars`.
    async fn units(&self) -> Option<&str> {
        self.0.units.as_deref()
    }

    /// How often it has an observation.
    async fn frequency(&self) -> Frequency {
        self.0.frequency
    }

    /// How it is seasonally adjusted, as its source says.
    async fn seasonal_adjustment(&self) -> Option<&str> {
        self.0.seasonal_adjustment.as_deref()
    }

    /// First observation date, as its source declares it.
    async fn start_date(&self) -> Option<Date> {
        self.0.start_date.map(Date)
    }

    /// Last observation date, as its source declares it.
    async fn end_date(&self) -> Option<Date> {
        self.0.end_date.map(Date)
    }

    /// Whether its source still publishes it.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// Anything else its source says, as a JSON object.
    async fn metadata(&self) -> Option<&serde_json::Value> {
        self.0.metadata.as_ref()
    }

    /// When it was first named here.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When its description was last changed here.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}

/// A page of series.
#[derive(SimpleObject)]
pub(crate) struct FinancialSeriesConnection {
    /// The series, each with its place in the list.
    pub edges: Vec<FinancialSeriesEdge>,
    /// The series alone.
    pub nodes: Vec<FinancialSeries>,
    /// Where the page ends.
    pub page_info: PageInfo,
    /// How many series there are on all pages.
    pub total_count: usize,
}

/// A series and its place in a list.
#[derive(SimpleObject)]
pub(crate) struct FinancialSeriesEdge {
    /// The place, for the argument `after`.
    pub cursor: String,
    /// The series.
    pub node: FinancialSeries,
}

/// Series that fit a text, the best first.
#[derive(SimpleObject)]
pub(crate) struct SeriesSearchResult {
    /// The series.
    pub nodes: Vec<FinancialSeries>,
    /// How many were found in all.
    pub total_count: usize,
}
