//! Who asks, for GraphQL: in resolvers, and as a guard of fields (`#[graphql(guard = "SignedIn")]`).

use std::sync::Arc;

use async_graphql::{Context, Guard, Result};
use axum::http::Extensions;
use platform_graphql::to_graphql;

use crate::{AuthError, Principal};

/// Who asks, where somebody does.
pub fn caller<'a>(ctx: &Context<'a>) -> Option<&'a Principal> {
    let extensions = ctx.data_opt::<Extensions>()?;
    extensions.get::<Arc<Principal>>().map(Arc::as_ref)
}

/// Who asks; nobody is refused.
pub fn principal<'a>(ctx: &Context<'a>) -> Result<&'a Principal, AuthError> {
    caller(ctx).ok_or(AuthError::Missing)
}

/// Only for somebody.
pub struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let somebody = principal(ctx).map(drop);
        somebody.map_err(|error| to_graphql(error.into()))
    }
}
