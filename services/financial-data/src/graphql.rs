//! The GraphQL API: series as they were known at any time, and the mutations that change them.
//!
//! `FinancialSeries` and `EconomicSeries` are two views of one series: the first has a `name` too. Lists of points
//! are written as JSON text by hand ([`rows`]) instead of field by field, and `columns` gives a whole series as one
//! value. Who may change something is asked at each mutation, where not everybody may ([`crate::access`]).

mod asked;
mod batch;
mod cursor;
mod extras;
mod input;
mod list;
mod mutation;
mod panel;
mod points;
mod query;
mod report;
mod room;
mod rows;
mod scalars;
mod series;
mod source;
mod text;
mod vintages;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, Schema};
use platform_graphql::Entities;

use crate::error::Error;
use crate::series::Series;
use crate::store::Store;

use mutation::Mutation;
use query::Query;
pub(crate) use room::limited;

/// What an operation may cost: a field is 1, and a list of series is as many times its fields as it has series.
const COMPLEXITY: usize = 100_000;
/// What it costs to give all points of a series: an operation has at most about a hundred such fields.
const WHOLE: usize = 1_000;
/// What it costs to look into the points of a series.
const LOOK: usize = 100;

/// The schema over a store, ready to be a subgraph.
pub(crate) fn schema(store: &Store) -> Schema<Entities<Query>, Mutation, EmptySubscription> {
    platform_graphql::schema(Entities(Query), Mutation, EmptySubscription)
        .limit_complexity(COMPLEXITY)
        .data(store.clone())
        .finish()
}

fn store<'a>(ctx: &Context<'a>) -> &'a Store {
    ctx.data_unchecked()
}

/// The series that `reference` means, or `None` when there is none. A name that may mean several fails alone: beside it
/// may stand what others are called.
fn find<T>(store: &Store, reference: &str, view: fn(Arc<Series>) -> T) -> Option<platform_graphql::Result<T>> {
    match store.find(reference, None) {
        Ok(series) => Some(Ok(view(series))),
        Err(Error::NoSuchSeries(_)) => None,
        Err(error) => Some(Err(error.into())),
    }
}
