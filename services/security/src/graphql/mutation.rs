//! What can be changed.

use async_graphql::{Context, Object};
use platform_graphql::Result;
use uuid::Uuid;

use super::{actor, store};
use crate::{
    grant,
    input::{CreateRole, GrantRole, UpdateRole},
    output::RoleView,
};

/// The root of all changes.
pub(crate) struct Mutation;

/// What can be changed.
#[Object]
impl Mutation {
    /// Makes a role, for a workspace or for everywhere. It can hold no more than who makes it.
    async fn create_access_role(&self, ctx: &Context<'_>, input: CreateRole) -> Result<RoleView> {
        Ok(store(ctx).create_role(&actor(ctx), input).await?)
    }

    /// Changes a role that was made here. Who changes it holds what it had and what it gets.
    async fn update_access_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its key, `custom/ID`")] key: String,
        input: UpdateRole,
    ) -> Result<RoleView> {
        Ok(store(ctx).update_role(&actor(ctx), (&key, input)).await?)
    }

    /// Deletes a role that was made here, and takes it from everybody who holds it.
    async fn delete_access_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its key, `custom/ID`")] key: String,
    ) -> Result<bool> {
        store(ctx).remove_role(&actor(ctx), &key).await?;
        Ok(true)
    }

    /// Grants a role. Who grants it holds all that it holds.
    async fn grant_role(&self, ctx: &Context<'_>, input: GrantRole) -> Result<grant::Model> {
        Ok(store(ctx).grant_role(&actor(ctx), input).await?)
    }

    /// Revokes a grant. Anybody may give up a role of their own, except the last who can grant roles.
    async fn revoke_grant(&self, ctx: &Context<'_>, id: Uuid) -> Result<bool> {
        store(ctx).revoke_grant(&actor(ctx), id).await?;
        Ok(true)
    }
}
