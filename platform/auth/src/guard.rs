//! Guards for GraphQL fields: `#[graphql(guard = "SignedIn")]`.

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
        checked(principal(ctx).map(drop))
    }
}

/// Only for who was given this scope.
pub struct HasScope(pub &'static str);

impl Guard for HasScope {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(principal(ctx).and_then(|principal| principal.require_scope(self.0)))
    }
}

/// Only for services.
pub struct IsService;

impl Guard for IsService {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        checked(principal(ctx).and_then(|principal| principal.service().map(drop)))
    }
}

fn checked(result: Result<(), AuthError>) -> Result<()> {
    result.map_err(|error| to_graphql(error.into()))
}
