//! Granting and revoking roles.

use chrono::{DateTime, Datelike, Utc};
use platform_database::{
    OnConflict,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter,
    },
    sql,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Store,
    guard::{Acting, Lasts, MANAGE_GRANTS},
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
pub(crate) struct NewGrant {
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

/// What it means to an appointment that others hold the role already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// It is refused: the role is for the first one.
    Refuse,
    /// They may.
    Allow,
}

/// The role of who may do everything everywhere.
pub fn administrator() -> RoleKey {
    RoleKey::built_in("platform", "super_admin")
}

async fn holders(db: &impl ConnectionTrait, role: &RoleKey, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    let ends = grant::Column::ExpiresAt;
    let held = grant::Entity::find()
        .filter(grant::Column::Role.eq(role.as_str()))
        .filter(grant::Column::Place.eq(Place::Everywhere.to_string()))
        .filter(Condition::any().add(ends.is_null()).add(ends.gt(now)));
    Ok(held.all(db).await?.into_iter().map(|row| row.subject).collect())
}

impl Store {
    /// Grants a role. The actor must be allowed to grant there and hold all that the role holds.
    pub(crate) async fn grant(&self, actor: &Actor, new: NewGrant) -> Result<grant::Model, Error> {
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let acting = Acting::begin(self, actor, &chain)?;
        acting.require(MANAGE_GRANTS, &new.place).await?;
        let role = self.role_in(&chain, &new.role).await?;
        if let Some(home) = role.workspace
            && !acting.may("roles:view", &Place::Workspace(home)).await?
        {
            return Err(Error::NoSuchRole(new.role.to_string()));
        }
        fits(&role, &new.place)?;
        acting
            .must_hold(&role.holds, &new.place, Lasts::Until(new.expires_at))
            .await?;
        self.gave_few(&chain, actor, &new).await?;
        let row = self.write_grant(&mut chain, actor, (&new, &role)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Revokes a grant. Anybody may give up a role of their own; a role of somebody else takes the permission to grant
    /// there and all that the role holds.
    pub(crate) async fn revoke(&self, actor: &Actor, id: Uuid) -> Result<(), Error> {
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let acting = Acting::begin(self, actor, &chain)?;
        let row = grant::Entity::find_by_id(id).one(&tx).await?;
        let row = row.ok_or(Error::NoSuchGrant(id))?;
        let place = row.at();
        let key: RoleKey = row.role.parse()?;
        let role = match self.role_in(&chain, &key).await {
            // A grant of a role that is no more can still be revoked.
            Err(Error::NoSuchRole(_)) => None,
            role => Some(role?),
        };
        let is_own = row.subject == actor.subject.to_string();
        if !is_own && !acting.may("grants:view", &place).await? {
            return Err(Error::NoSuchGrant(id));
        }
        // A key never administrates, not even its owner.
        if !is_own || actor.scopes.is_some() {
            acting.require(MANAGE_GRANTS, &place).await?;
            if let Some(role) = &role {
                acting.must_hold(&role.holds, &place, Lasts::Now).await?;
            }
        }
        if let Some(role) = &role {
            self.keep_administrator(&chain, &place, (role, Some(id))).await?;
        }
        grant::Entity::delete_by_id(id).exec(&tx).await?;
        let facts = json!({ "role": row.role, "place": row.place, "grant": row.id });
        self.log(&mut chain, actor, Change::grant("grants.revoked", &row, facts))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Grants a role everywhere in the name of who runs the system, who needs no permission of anybody's. Where others
    /// hold it already they are named and nothing is granted, unless that is wanted. It says whether anything changed.
    pub async fn appoint_to(&self, subject: Subject, role: RoleKey, others: Others) -> Result<bool, Error> {
        let tx = self.db().begin().await?;
        let chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let holders = holders(&tx, &role, chain.now()).await?;
        drop(chain);
        if others == Others::Refuse && !holders.is_empty() && !holders.contains(&subject.to_string()) {
            return Err(Error::HasHolder {
                role: role.to_string(),
                holders,
            });
        }
        let actor = Actor::from(Subject::Service("operator".into()));
        let given = self.give_in(&tx, &actor, (subject, role, Place::Everywhere)).await?;
        tx.commit().await?;
        Ok(given)
    }

    /// Who holds a role everywhere now: `user:ID` or `service:NAME`.
    pub async fn holders(&self, role: &RoleKey) -> Result<Vec<String>, Error> {
        holders(self.db().read(), role, self.0.clock.now()).await
    }

    /// Whether anybody administrates everything, by a grant or by the settings.
    pub async fn has_administrator(&self) -> Result<bool, Error> {
        Ok(!self.settings().administrators.is_empty() || !self.holders(&administrator()).await?.is_empty())
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
        // What was granted for a while gives way to what is given for good.
        let held = same(&subject, &role.key, &place);
        let ending = grant::Entity::delete_many().filter(held.clone());
        ending.filter(grant::Column::ExpiresAt.is_not_null()).exec(tx).await?;
        if grant::Entity::find().filter(held).one(tx).await?.is_some() {
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

    /// Refuses one grant more than one may give to the same subject. What others gave does not count, or strangers could
    /// fill somebody's list; nor does what the system gives.
    async fn gave_few(&self, chain: &Chain<'_>, actor: &Actor, new: &NewGrant) -> Result<(), Error> {
        let most = self.settings().grants_per_subject;
        let given = grant::Entity::find()
            .filter(grant::Column::Subject.eq(new.subject.to_string()))
            .filter(grant::Column::GrantedBy.eq(actor.subject.to_string()))
            .filter(same(&new.subject, &new.role, &new.place).not());
        match given.count(chain.tx()).await? < most {
            true => Ok(()),
            false => Err(Error::Full {
                what: "grants by the same giver to one subject; revoke some that are no longer needed",
                most,
            }),
        }
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
        if new.expires_at.is_some_and(|end| end.year() > sql::LATEST_YEAR) {
            let reason = "is before the year 10000; without it the grant lasts until it is revoked";
            return Err(Error::field("expiresAt", reason));
        }
        let reason = new.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason
            .map(|reason| text::line("reason", reason, LONGEST_REASON))
            .transpose()?;
        // One that has ended is not held any more, however long it is still listed.
        let ended = grant::Entity::delete_many().filter(same(&new.subject, &role.key, &new.place));
        let ended = ended.filter(grant::Column::ExpiresAt.lte(chain.now()));
        ended.exec(chain.tx()).await?;
        let subject = new.subject.to_string();
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
        // Not the reason: it may tell of people, and an entry stays when they are erased.
        let facts = json!({ "role": row.role, "place": row.place, "grant": row.id });
        self.log(chain, actor, Change::grant("grants.granted", &row, facts))
            .await?;
        Ok(row)
    }
}

/// The grant of a role to a subject at a place.
fn same(subject: &Subject, role: &RoleKey, place: &Place) -> Condition {
    Condition::all()
        .add(grant::Column::Subject.eq(subject.to_string()))
        .add(grant::Column::Role.eq(role.as_str()))
        .add(grant::Column::Place.eq(place.to_string()))
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
