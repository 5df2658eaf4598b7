//! The GraphQL API: the caller's own account, and what may be changed of it, where nobody is ever named by an id of theirs;
//! and accounts of others, for who administrates them.

mod account;
mod administration;
mod mutation;
mod query;

use async_graphql::{Context, EmptySubscription, Schema};

use crate::{caller::Caller, error::Result, store::Auth};

use account::{Account, User};
use mutation::Mutation;
use query::Query;

/// The schema over a store, ready to be a subgraph.
pub(crate) fn schema(auth: &Auth) -> Schema<Query, Mutation, EmptySubscription> {
    platform_graphql::schema(Query, Mutation, EmptySubscription)
        .data(auth.clone())
        .finish()
}

fn auth<'a>(ctx: &Context<'a>) -> &'a Auth {
    ctx.data_unchecked()
}

/// Who asks.
async fn caller(ctx: &Context<'_>) -> Result<Caller> {
    let principal = platform_auth::principal(ctx)?;
    Caller::of(auth(ctx), principal).await
}
