//! People and workspaces that come and go: roles at registration and in workspaces, and forgetting what was held.

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
    catalog::RoleKey,
    error::Error,
    grant,
    place::Place,
    role,
    subject::Subject,
};

/// The most entries of the audit log in what somebody is told of themselves.
const ACTIONS: u64 = 5_000;

impl Store {
    /// Gives somebody who registered the roles that the settings name.
    pub(crate) async fn welcome(&self, tx: &Tx, actor: &Actor, user: Uuid) -> Result<(), Error> {
        for role in &self.settings().registered {
            let what = (Subject::User(user), role.clone(), Place::Everywhere);
            self.give_in(tx, actor, what).await?;
        }
        Ok(())
    }

    /// Gives a member of a workspace the roles of what they are in it now, and takes those of what they were.
    pub(crate) async fn set_member(
        &self,
        tx: &Tx,
        actor: &Actor,
        ((workspace, user), part): ((Uuid, Uuid), Option<&str>),
    ) -> Result<(), Error> {
        let members = &self.settings().members;
        let wanted: Vec<RoleKey> = match part {
            None => Vec::new(),
            Some(part) => {
                let roles = members.get(part);
                roles
                    .ok_or_else(|| Error::field("role", "of a member is none that the settings know"))?
                    .clone()
            }
        };
        let (subject, place) = (Subject::User(user), Place::Workspace(workspace));
        for role in &wanted {
            self.give_in(tx, actor, (subject.clone(), role.clone(), place.clone()))
                .await?;
        }
        let gone = grant::Entity::delete_many()
            .filter(grant::Column::Subject.eq(subject.to_string()))
            .filter(grant::Column::Place.eq(place.to_string()));
        let others = members.values().flatten().filter(|role| !wanted.contains(role));
        let gone = match part {
            // Who left holds nothing there any more, whoever gave it.
            None => gone,
            Some(_) => gone.filter(grant::Column::Role.is_in(others.map(RoleKey::as_str))),
        };
        let revoked = gone.exec(tx).await?.rows_affected;
        if revoked == 0 {
            return Ok(());
        }
        let facts = json!({ "revoked": revoked, "workspace": workspace, "now": part });
        let mut chain = Chain::hold(tx, &self.0.ring, self.0.clock.now()).await?;
        self.log(&mut chain, actor, Change::erased(&subject, (Some(workspace), facts)))
            .await
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
        let held = held.limit(self.settings().grants_per_subject).all(tx).await?;
        let done = audit::Entity::find().filter(audit::Column::Actor.eq(subject));
        let done = done.order_by_desc(audit::Column::Seq).limit(ACTIONS).all(tx).await?;
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
