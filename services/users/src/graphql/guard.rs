//! Who may come in at all: people who have signed in, and keys of theirs that were given this.

use async_graphql::{Context, Guard, Result};
use platform_auth::{AuthError, Kind, Principal, principal};
use platform_graphql::to_graphql;

/// For reading one's own things.
pub(super) struct Reads;

/// For changing one's own things.
pub(super) struct Writes;

/// Who may read, for resolvers of entities: the library runs no guard for those.
pub(super) fn reads(ctx: &Context<'_>) -> Result<(), AuthError> {
    principal(ctx).and_then(|principal| may(principal, "users:read"))
}

impl Guard for Reads {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(reads(ctx))
    }
}

impl Guard for Writes {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(principal(ctx).and_then(|principal| may(principal, "users:write")))
    }
}

/// People may do what is theirs to do; a key only what it was made for.
fn may(principal: &Principal, scope: &str) -> Result<(), AuthError> {
    principal.user()?;
    match principal.kind {
        Kind::Key => principal.require_scope(scope),
        _ => Ok(()),
    }
}

fn checked(result: Result<(), AuthError>) -> Result<()> {
    result.map_err(|error| to_graphql(error.into()))
}
