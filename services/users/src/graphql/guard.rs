//! Who may ask for a field at all.

use async_graphql::{Context, Guard, Result};
use platform_auth::{AuthError, Principal, principal};
use platform_graphql::to_graphql;
use uuid::Uuid;

use crate::asker;

/// For reading one's own things.
pub(super) struct Reads;

/// For changing one's own things.
pub(super) struct Writes;

/// For what no key does for anybody.
pub(super) struct InPerson;

/// Who may read, for resolvers of entities: the library runs no guard for those.
pub(super) fn reads(ctx: &Context<'_>) -> Result<Uuid, AuthError> {
    principal(ctx).and_then(asker::reads)
}

impl Guard for Reads {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(ctx, asker::reads)
    }
}

impl Guard for Writes {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(ctx, asker::writes)
    }
}

impl Guard for InPerson {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(ctx, asker::in_person)
    }
}

fn checked(ctx: &Context<'_>, may: impl Fn(&Principal) -> Result<Uuid, AuthError>) -> Result<()> {
    let asked = principal(ctx).and_then(may);
    asked.map(drop).map_err(|error| to_graphql(error.into()))
}
