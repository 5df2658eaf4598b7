//! What GraphQL and REST do alike: from what a client sent to what it gets.

use platform_database::{Connection, PageArgs};
use uuid::Uuid;

use crate::{
    actor::Actor,
    catalog::RoleKey,
    engine::Decision,
    error::Error,
    grant,
    input::{Check, CreateRole, GrantFilter, GrantRole, UpdateRole},
    output::{PermissionView, RoleView},
    place::Target,
    policies::Described,
    store::{RoleListed, Store},
    subject::Subject,
};

impl Store {
    /// A question of a client's, decided and explained.
    pub(crate) async fn answer(&self, actor: &Actor, check: &Check) -> Result<Decision, Error> {
        self.explain_to(actor, &check.ask(actor)?).await
    }

    /// Several of them.
    pub(crate) async fn answers(&self, actor: &Actor, checks: &[Check]) -> Result<Vec<Decision>, Error> {
        self.within_batch(checks.len())?;
        let mut decisions = Vec::with_capacity(checks.len());
        for check in checks {
            decisions.push(self.answer(actor, check).await?);
        }
        Ok(decisions)
    }

    pub(crate) fn permission_views(&self, system: Option<&str>) -> Vec<PermissionView> {
        let catalog = self.engine().catalog();
        let wanted = catalog.permissions().map(|(_, permission)| permission);
        let wanted = wanted.filter(|permission| system.is_none_or(|system| permission.system == system));
        wanted
            .map(|permission| PermissionView::of(catalog, permission))
            .collect()
    }

    pub(crate) fn policy_views(&self, actor: &Actor) -> Result<Vec<Described>, Error> {
        match actor.subject {
            Subject::Nobody => Err(Error::SignIn),
            _ => Ok(self.engine().policies().described().to_vec()),
        }
    }

    pub(crate) async fn role_views(&self, actor: &Actor, workspace: Option<Uuid>) -> Result<Vec<RoleView>, Error> {
        let roles = self.roles(actor, workspace).await?;
        Ok(roles.into_iter().map(|role| self.view(role)).collect())
    }

    pub(crate) async fn role_view(&self, actor: &Actor, key: &str) -> Result<RoleView, Error> {
        Ok(self.view(self.role(actor, &key.parse::<RoleKey>()?).await?))
    }

    pub(crate) async fn create_role(&self, actor: &Actor, input: CreateRole) -> Result<RoleView, Error> {
        let made = self.make_role(actor, input).await;
        Ok(self.made(&self.noted(actor, "roles.made", made).await?))
    }

    pub(crate) async fn update_role(&self, actor: &Actor, (key, input): (&str, UpdateRole)) -> Result<RoleView, Error> {
        let changed = self.change_role(actor, &key.parse::<RoleKey>()?, input).await;
        Ok(self.made(&self.noted(actor, "roles.changed", changed).await?))
    }

    pub(crate) async fn remove_role(&self, actor: &Actor, key: &str) -> Result<(), Error> {
        let deleted = self.delete_role(actor, &key.parse::<RoleKey>()?).await;
        self.noted(actor, "roles.deleted", deleted).await
    }

    pub(crate) async fn grant_role(&self, actor: &Actor, input: GrantRole) -> Result<grant::Model, Error> {
        let granted = self.grant(actor, input.try_into()?).await;
        self.noted(actor, "grants.granted", granted).await
    }

    pub(crate) async fn revoke_grant(&self, actor: &Actor, id: Uuid) -> Result<(), Error> {
        let revoked = self.revoke(actor, id).await;
        self.noted(actor, "grants.revoked", revoked).await
    }

    pub(crate) async fn grant_views(
        &self,
        actor: &Actor,
        filter: GrantFilter,
        args: &PageArgs,
    ) -> Result<Connection<grant::Model>, Error> {
        self.grants(actor, &filter.try_into()?, args).await
    }

    pub(crate) async fn my_permissions(&self, actor: &Actor, target: Target) -> Result<Vec<String>, Error> {
        Ok(self.permissions(actor, &target).await?.into_iter().collect())
    }

    fn made(&self, row: &crate::role::Model) -> RoleView {
        self.view(self.made_here(row))
    }

    fn view(&self, listed: RoleListed) -> RoleView {
        RoleView::of(self.engine().catalog(), listed)
    }
}
