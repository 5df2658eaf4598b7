//! What can be asked.

use async_graphql::{Context, Object, SimpleObject};
use platform_auth::SignedIn;
use platform_database::{Connection, PageArgs};
use platform_graphql::Result;
use uuid::Uuid;

use super::{Account, auth, caller};
use crate::{
    account,
    administration::{self, Filter},
};

/// What can be asked.
pub(crate) struct Query;

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

    /// All accounts, the newest first. It takes the permission `users:view` or `view_users`.
    #[graphql(guard = "SignedIn", complexity = "5 * child_complexity")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only accounts for which all of this holds")] filter: Option<Filter>,
        #[graphql(desc = "Accounts of the page, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "The cursor of the account before the page")] after: Option<String>,
    ) -> Result<Connection<account::Model>> {
        let page = PageArgs::forward(first, after);
        let (caller, filter) = (caller(ctx).await?, filter.unwrap_or_default());
        Ok(administration::page(auth(ctx), &caller, &filter, &page).await?)
    }

    /// An account. It takes the permission `users:view` or `view_users`.
    #[graphql(guard = "SignedIn")]
    async fn account_by_id(&self, ctx: &Context<'_>, id: Uuid) -> Result<account::Model> {
        Ok(administration::find(auth(ctx), &caller(ctx).await?, id).await?)
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
