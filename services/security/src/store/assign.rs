//! Granting and revoking roles.

use chrono::{DateTime, Utc};
use platform_database::{
    OnConflict,
    orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Store,
    guard::{Acting, MANAGE_GRANTS},
    log::Change,
};
use crate::{
    actor::Actor,
    audit::Chain,
    catalog::{Role, RoleKey},
    error::Error,
    grant,
    place::Place,
    subject::Subject,
    text,
};

const LONGEST_REASON: usize = 300;

/// A role to be granted.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// To whom.
    pub subject: Subject,
    /// The role.
    pub role: RoleKey,
    /// Where.
    pub place: Place,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

impl Store {
    /// Grants a role. The actor must be allowed to grant there and hold all that the role holds.
    pub async fn grant(&self, actor: &Actor, new: NewGrant) -> Result<grant::Model, Error> {
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let acting = Acting::begin(self, actor, &chain).await?;
        acting.require(MANAGE_GRANTS, &new.place)?;
        let role = self.role_in(&chain, &new.role).await?;
        if role.workspace.is_some()
            && !acting.may(
                "roles:view",
                &role.workspace.map_or(Place::Everywhere, Place::Workspace),
            )
        {
            return Err(Error::NoSuchRole(new.role.to_string()));
        }
        fits(&role, &new.place)?;
        acting.must_hold(&role.holds, &new.place)?;
        drop(acting);
        let row = self.write_grant(&mut chain, actor, (&new, &role)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Revokes a grant. Anybody may give up a role of their own; a role of somebody else takes the permission to grant
    /// there and all that the role holds.
    pub async fn revoke(&self, actor: &Actor, id: Uuid) -> Result<(), Error> {
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let acting = Acting::begin(self, actor, &chain).await?;
        let row = grant::Entity::find_by_id(id).one(&tx).await?;
        let row = row.ok_or(Error::NoSuchGrant(id))?;
        let place = row.at();
        let key: RoleKey = row.role.parse()?;
        let role = self.role_in(&chain, &key).await.ok();
        let is_own = row.subject == actor.subject.to_string();
        if !is_own && !acting.may("grants:view", &place) {
            return Err(Error::NoSuchGrant(id));
        }
        // A key never administrates, not even its owner.
        if !is_own || actor.scopes.is_some() {
            acting.require(MANAGE_GRANTS, &place)?;
            if let Some(role) = &role {
                acting.must_hold(&role.holds, &place)?;
            }
        }
        drop(acting);
        if let Some(role) = &role {
            self.keep_administrator(&chain, &place, (role, Some(id))).await?;
        }
        grant::Entity::delete_by_id(id).exec(&tx).await?;
        let facts = json!({ "role": row.role, "place": row.place, "grant": row.id });
        self.log(&mut chain, actor, Change::grant("grants.revoked", &row, facts))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Makes somebody an administrator of everything, for a new installation or by the command line. It says whether
    /// anything changed.
    pub async fn appoint(&self, subject: Subject) -> Result<bool, Error> {
        let role = RoleKey::built_in("platform", "super_admin");
        self.give(
            &Actor::from(Subject::Service("security".into())),
            subject,
            (role, Place::Everywhere),
        )
        .await
    }

    /// Grants a role in the name of the system, unless it is held already. It says whether anything changed.
    pub async fn give(&self, actor: &Actor, subject: Subject, (role, place): (RoleKey, Place)) -> Result<bool, Error> {
        let tx = self.db().begin().await?;
        let given = self.give_in(&tx, actor, (subject, role, place)).await?;
        tx.commit().await?;
        Ok(given)
    }

    pub(super) async fn give_in(
        &self,
        tx: &platform_database::Tx,
        actor: &Actor,
        (subject, key, place): (Subject, RoleKey, Place),
    ) -> Result<bool, Error> {
        let mut chain = Chain::hold(tx, &self.0.ring, self.0.clock.now()).await?;
        let role = self.role_in(&chain, &key).await?;
        fits(&role, &place)?;
        let held = grant::Entity::find()
            .filter(grant::Column::Subject.eq(subject.to_string()))
            .filter(grant::Column::Role.eq(role.key.as_str()))
            .filter(grant::Column::Place.eq(place.to_string()));
        if held.one(tx).await?.is_some() {
            return Ok(false);
        }
        let new = NewGrant {
            subject,
            role: key,
            place,
            expires_at: None,
            reason: None,
        };
        self.write_grant(&mut chain, actor, (&new, &role)).await?;
        Ok(true)
    }

    async fn write_grant(
        &self,
        chain: &mut Chain<'_>,
        actor: &Actor,
        (new, role): (&NewGrant, &Role),
    ) -> Result<grant::Model, Error> {
        if new.subject == Subject::Nobody {
            return Err(Error::field(
                "subject",
                "is somebody; the roles of nobody are in the settings",
            ));
        }
        if new.expires_at.is_some_and(|end| end <= chain.now()) {
            return Err(Error::field("expiresAt", "is in the future"));
        }
        let reason = new.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason
            .map(|reason| text::line("reason", reason, LONGEST_REASON))
            .transpose()?;
        let most = self.settings().grants_per_subject;
        let subject = new.subject.to_string();
        let held = grant::Entity::find().filter(grant::Column::Subject.eq(subject.as_str()));
        if held.count(chain.tx()).await? >= most {
            return Err(Error::Full {
                what: "grants of one subject",
                most,
            });
        }
        let (kind, id) = match &new.place {
            Place::Resource { kind, id } => (Some(kind.clone()), Some(id.clone())),
            Place::Everywhere | Place::Workspace(_) => (None, None),
        };
        let row = grant::Model {
            id: self.0.ids.v7(),
            role: role.key.to_string(),
            place: new.place.to_string(),
            workspace: new.place.workspace(),
            resource_kind: kind,
            resource_id: id,
            granted_at: chain.now(),
            granted_by: actor.subject.to_string(),
            expires_at: new.expires_at,
            reason,
            subject,
        };
        let twice = || Error::AlreadyGranted {
            subject: row.subject.clone(),
            role: row.role.clone(),
        };
        let row = row
            .clone()
            .into_active_model()
            .insert(chain.tx())
            .await
            .on_unique(twice)?;
        let facts = json!({ "role": row.role, "place": row.place, "grant": row.id, "reason": row.reason });
        self.log(chain, actor, Change::grant("grants.granted", &row, facts))
            .await?;
        Ok(row)
    }
}

/// A role of a workspace is granted in that workspace as a whole and nowhere else, so that who edits it changes
/// nothing outside.
fn fits(role: &Role, place: &Place) -> Result<(), Error> {
    match role.workspace {
        Some(workspace) if *place != Place::Workspace(workspace) => Err(Error::WrongPlace(format!(
            "{} was made by a workspace and is granted in that workspace alone",
            role.key
        ))),
        _ => Ok(()),
    }
}
