//! People and workspaces that come and go: roles at registration and in workspaces, and forgetting what was held.

use std::sync::Arc;

use platform_database::{
    Tx,
    orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect},
};
use platform_events::{Cause, Event};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Store, log::Change};
use crate::{
    actor::Actor,
    audit::{self, Chain},
    catalog::{Permissions, Role},
    error::Error,
    grant,
    place::Place,
    role,
    subject::Subject,
};

/// The most grants, and the most entries of the audit log, in what somebody is told of themselves.
const TOLD: u64 = 5_000;

impl Store {
    /// Gives somebody who registered the roles that the settings name.
    pub(crate) async fn welcome(&self, tx: &Tx, actor: &Actor, user: Uuid) -> Result<(), Error> {
        for role in &self.settings().registered {
            let what = (Subject::User(user), role.clone(), Place::Everywhere);
            self.give_in(tx, actor, what).await?;
        }
        Ok(())
    }

    /// Gives a member of a workspace the roles of what they are in it now, after it took those of what they were: who
    /// holds too much loses it, whatever becomes of the rest.
    pub(crate) async fn set_member(
        &self,
        tx: &Tx,
        actor: &Actor,
        ((workspace, user), part): ((Uuid, Uuid), Option<&str>),
    ) -> Result<(), Error> {
        let wanted = part.map(|part| self.roles_of_part(part)).transpose()?;
        let (subject, place) = (Subject::User(user), Place::Workspace(workspace));
        let mut chain = Chain::hold(tx, &self.0.ring, self.0.clock.now()).await?;
        let held = grant::Entity::find()
            .filter(grant::Column::Subject.eq(subject.to_string()))
            .filter(grant::Column::Place.eq(place.to_string()));
        let held = held.all(tx).await?;
        let gone = match &wanted {
            // Who left holds nothing there any more, whoever gave it.
            None => held.iter().map(|row| row.id).collect(),
            Some(wanted) => self.outlived(tx, &held, wanted).await?,
        };
        if !gone.is_empty() {
            let facts = json!({ "revoked": gone.len(), "workspace": workspace, "now": part });
            let gone = grant::Entity::delete_many().filter(grant::Column::Id.is_in(gone));
            gone.exec(tx).await?;
            self.log(&mut chain, actor, Change::erased(&subject, (Some(workspace), facts)))
                .await?;
        }
        drop(chain);
        for role in wanted.into_iter().flatten() {
            self.give_in(tx, actor, (subject.clone(), role.key.clone(), place.clone()))
                .await?;
        }
        Ok(())
    }

    /// Those of a member's grants in a workspace that do not go with what they are now: the roles of what else one may
    /// be there and, where they held such, the roles that they gave themselves and could not give now.
    async fn outlived(&self, tx: &Tx, held: &[grant::Model], now: &[Arc<Role>]) -> Result<Vec<Uuid>, Error> {
        let catalog = self.engine().catalog();
        let is_of_now = |row: &grant::Model| now.iter().any(|role| role.key.as_str() == row.role);
        let parts: Vec<_> = self.settings().members.values().flatten().collect();
        let parts: Vec<_> = parts.into_iter().filter_map(|key| catalog.role(key)).collect();
        let is_of_part = |row: &&grant::Model| parts.iter().any(|role| role.key.as_str() == row.role);
        let (before, beside): (Vec<_>, Vec<_>) = held.iter().filter(|row| !is_of_now(row)).partition(is_of_part);
        if before.is_empty() {
            return Ok(Vec::new());
        }
        let roles = self.roles_of(tx, beside.iter().map(|row| row.role.as_str())).await?;
        let holds: Permissions = now.iter().flat_map(|role| role.holds.iter().copied()).collect();
        let may_give = |row: &grant::Model| {
            let role = roles.get(row.role.as_str());
            role.is_some_and(|role| self.may_give(&holds, role))
        };
        let own = beside
            .into_iter()
            .filter(|row| row.granted_by == row.subject && !may_give(row));
        Ok(before.into_iter().chain(own).map(|row| row.id).collect())
    }

    /// Takes all roles from somebody who is gone. The audit log keeps what they did, by their id alone.
    pub(crate) async fn forget_user(&self, tx: &Tx, actor: &Actor, user: Uuid) -> Result<(), Error> {
        let subject = Subject::User(user);
        let mut chain = Chain::hold(tx, &self.0.ring, self.0.clock.now()).await?;
        let of_user = grant::Entity::delete_many().filter(grant::Column::Subject.eq(subject.to_string()));
        let revoked = of_user.exec(tx).await?.rows_affected;
        if revoked == 0 {
            return Ok(());
        }
        let change = Change::erased(&subject, (None, json!({ "revoked": revoked })));
        self.log(&mut chain, actor, change).await
    }

    /// Removes the roles that a workspace made, and every grant in it.
    pub(crate) async fn forget_workspace(&self, tx: &Tx, actor: &Actor, workspace: Uuid) -> Result<(), Error> {
        let mut chain = Chain::hold(tx, &self.0.ring, self.0.clock.now()).await?;
        let grants = grant::Entity::delete_many().filter(grant::Column::Workspace.eq(workspace));
        let revoked = grants.exec(tx).await?.rows_affected;
        let roles = role::Entity::delete_many().filter(role::Column::Workspace.eq(workspace));
        let removed = roles.exec(tx).await?.rows_affected;
        if revoked + removed == 0 {
            return Ok(());
        }
        let facts = json!({ "revoked": revoked, "roles": removed });
        self.log(&mut chain, actor, Change::dissolved(workspace, facts)).await
    }

    /// What is known here of somebody, for themselves: the roles they hold, and what they did, the newest first.
    pub(crate) async fn known_of(&self, tx: &Tx, user: Uuid) -> Result<Value, Error> {
        let subject = Subject::User(user).to_string();
        let held = grant::Entity::find().filter(grant::Column::Subject.eq(subject.as_str()));
        // Those of one moment have no order by their ids.
        let held = held.order_by_asc(grant::Column::Role).order_by_asc(grant::Column::Id);
        let held = held.limit(TOLD).all(tx).await?;
        let done = audit::Entity::find().filter(audit::Column::Actor.eq(subject));
        let done = done.order_by_desc(audit::Column::Seq).limit(TOLD).all(tx).await?;
        let done = done.iter().map(|entry| {
            json!({
                "at": entry.at, "action": entry.action, "outcome": entry.outcome, "targetType": entry.target_kind,
                "targetId": entry.target_id, "workspace": entry.workspace,
            })
        });
        Ok(json!({ "grants": held, "actions": done.collect::<Vec<_>>() }))
    }

    /// Tells other services something.
    pub(crate) async fn publish<E: Event>(&self, tx: &Tx, event: &E, cause: &Cause) -> Result<(), Error> {
        self.0.events.publish(tx, event, cause).await?;
        Ok(())
    }
}
