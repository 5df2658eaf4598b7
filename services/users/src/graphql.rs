//! The GraphQL API: a person's own things, what others share with them, and the entity `User`.
//!
//! Whoever asks is known from their token and never from an argument.

mod guard;
mod loads;
mod mutation;
mod objects;
mod people;
mod query;
mod user;

use async_graphql::{Context, EmptySubscription, ID, Schema, SimpleObject};
use contracts::series::SeriesId;
use platform_auth::principal;
use platform_database::{Connection, Key, PageArgs, orm};
use platform_graphql::{Entities, Result};
use uuid::Uuid;

use crate::{asker::Asker, error::Error, store::Store};
use people::people;

/// The schema over a store, ready to be a subgraph.
pub(crate) fn schema(store: &Store) -> Schema<Entities<query::Query>, mutation::Mutation, EmptySubscription> {
    let people = people(store);
    platform_graphql::schema(Entities(query::Query), mutation::Mutation, EmptySubscription)
        .data(store.clone())
        .data(people)
        .data(loads::over(store))
        .finish()
}

/// A series of the financial data; that service knows the rest of it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable)]
pub(crate) struct FinancialSeries {
    /// Its id; what was given, where that was an external id without its source.
    pub(crate) id: ID,
}

impl From<&str> for FinancialSeries {
    fn from(reference: &str) -> Self {
        let id = SeriesId::named(reference).map(ID::from);
        Self {
            id: id.unwrap_or_else(|| reference.into()),
        }
    }
}

fn store<'a>(ctx: &Context<'a>) -> &'a Store {
    ctx.data_unchecked()
}

/// The person who asks.
fn me(ctx: &Context<'_>) -> Result<Uuid> {
    Ok(principal(ctx)?.user()?)
}

/// The same with what their token says of them, for what they may be given.
fn asker<'a>(ctx: &Context<'a>) -> Result<Asker<'a>> {
    Ok(Asker::of(principal(ctx)?)?)
}

/// Which page is asked for: so many from the front after a cursor, or so many from the back before one.
fn page((first, after): (Option<i32>, Option<String>), (last, before): (Option<i32>, Option<String>)) -> PageArgs {
    PageArgs {
        first,
        after,
        last,
        before,
    }
}

/// A page of rows, the newest first.
async fn newest<E>(
    ctx: &Context<'_>,
    select: orm::Select<E>,
    key: (E::Column, impl Fn(&E::Model) -> Uuid),
    args: PageArgs,
) -> Result<Connection<E::Model>>
where
    E: orm::EntityTrait,
    E::Model: orm::FromQueryResult + async_graphql::OutputType + Send + Sync,
    Uuid: Key,
{
    let page = platform_database::page(store(ctx).db.read(), select, key, &args).await;
    Ok(page.map_err(Error::from)?)
}
