//! What can be asked.

use async_graphql::{Context, Object, SimpleObject};
use platform_graphql::Result;

use super::{Account, auth, caller};

/// What can be asked.
pub struct Query;

/// Somebody who can say who people are.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct SignInProvider {
    /// Its name in addresses.
    id: String,
    /// Its name for people.
    name: String,
    /// Where signing in by it begins.
    start: String,
}

#[Object]
impl Query {
    /// The account of who asks; nothing for nobody.
    async fn account(&self, ctx: &Context<'_>) -> Option<Result<Account>> {
        platform_auth::caller(ctx)?;
        match caller(ctx).await {
            Ok(caller) => Some(Ok(Account(caller, auth(ctx).clone()))),
            Err(error) => Some(Err(error.into())),
        }
    }

    /// The providers that sign people in.
    async fn sign_in_providers(&self, ctx: &Context<'_>) -> Vec<SignInProvider> {
        let all = auth(ctx).providers.all().map(|(id, name)| SignInProvider {
            id: id.to_owned(),
            name: name.to_owned(),
            start: format!("/auth/oidc/{id}/start"),
        });
        all.collect()
    }
}
