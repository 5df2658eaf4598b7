//! The GraphQL API: questions about oneself for everybody, roles, grants and the audit log for who may.

mod mutation;
mod query;

use async_graphql::{Context, EmptySubscription, Schema};

use crate::{actor::Actor, store::Store};

use mutation::Mutation;
use query::Query;

/// The schema over a store, ready to be a subgraph.
pub(crate) fn schema(store: &Store) -> Schema<Query, Mutation, EmptySubscription> {
    platform_graphql::schema(Query, Mutation, EmptySubscription)
        .data(store.clone())
        .finish()
}

fn store<'a>(ctx: &Context<'a>) -> &'a Store {
    ctx.data_unchecked()
}

fn actor(ctx: &Context<'_>) -> Actor {
    Actor::of(platform_auth::caller(ctx))
}
