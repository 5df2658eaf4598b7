//! What keeps rights where they are: nobody gives or takes what they do not have, and somebody is always left to give.

use chrono::{DateTime, Utc};
use platform_database::orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Ask, Store};
use crate::{
    actor::Actor,
    audit::Chain,
    catalog::{PermissionId, Permissions, Role, RoleKey},
    engine::Question,
    error::Error,
    grant,
    place::{EVERYWHERE, PERSON, Place, Target},
    role,
    standing::Standing,
    subject::Subject,
};

pub(super) const MANAGE_GRANTS: &str = "grants:manage";

pub(super) fn missing(permission: &str, target: &Target) -> Error {
    Error::NotAllowed {
        permission: permission.to_owned(),
        place: shown(&target.place()),
    }
}

fn shown(place: &str) -> String {
    match place {
        "" | EVERYWHERE => EVERYWHERE.to_owned(),
        place => format!("on {place}"),
    }
}

/// For how long the actor must hold what they give. Who holds something for a while gives it for no longer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lasts {
    /// For now: what is given is a name, and no right.
    Now,
    /// Until then; for good without an end.
    Until(Option<DateTime<Utc>>),
}

/// An actor inside the transaction in which it acts: what it holds at a place is read there.
pub(super) struct Acting<'a> {
    store: &'a Store,
    actor: &'a Actor,
    chain: &'a Chain<'a>,
}

impl<'a> Acting<'a> {
    pub(super) fn begin(store: &'a Store, actor: &'a Actor, chain: &'a Chain<'a>) -> Result<Self, Error> {
        match actor.subject {
            Subject::Nobody => Err(Error::SignIn),
            _ => Ok(Self { store, actor, chain }),
        }
    }

    async fn standing(&self, place: &Place) -> Result<Standing, Error> {
        let (tx, subject) = (self.chain.tx(), &self.actor.subject);
        self.store.load_at(tx, subject, &place.target()).await
    }

    pub(super) async fn may(&self, permission: &str, place: &Place) -> Result<bool, Error> {
        let question = Question {
            standing: &self.standing(place).await?,
            scopes: self.actor.scopes.as_deref(),
            permission,
            target: &place.target(),
        };
        Ok(self.store.engine().check(question, self.chain.now()).is_allowed())
    }

    pub(super) async fn require(&self, permission: &str, place: &Place) -> Result<(), Error> {
        match self.may(permission, place).await? {
            true => Ok(()),
            false => Err(missing(permission, &place.target())),
        }
    }

    /// Refuses to give or take permissions that the actor does not hold at the place, as long as `lasts` asks for.
    pub(super) async fn must_hold(&self, permissions: &Permissions, place: &Place, lasts: Lasts) -> Result<(), Error> {
        let now = self.chain.now();
        let is_long_enough = |end: Option<DateTime<Utc>>| match (end, lasts) {
            (None, _) | (_, Lasts::Now) => true,
            (Some(end), Lasts::Until(wanted)) => wanted.is_some_and(|wanted| wanted <= end),
        };
        let standing = self.standing(place).await?;
        let held = standing.places().flat_map(|(_, held)| held);
        let held = held.filter(|held| held.is_alive(now));
        let held = held.filter(|held| is_long_enough(held.expires_at));
        let held: Permissions = held.flat_map(|held| held.role.holds.iter().copied()).collect();
        let lacking = self.store.lacking(&held, permissions);
        let names = self.store.engine().catalog().names(&lacking);
        match names.is_empty() {
            true => Ok(()),
            false => Err(Error::Escalation(names.into_iter().map(str::to_owned).collect())),
        }
    }
}

impl Store {
    /// Whether an administrative permission is asked about people.
    pub(super) fn administrates_people(&self, ask: &Ask) -> bool {
        let catalog = self.engine().catalog();
        let asked = catalog.find(&ask.permission);
        ask.target.kind() == PERSON && asked.is_some_and(|id| catalog.permission(id).is_administrative)
    }

    /// Whether it would be done to a person who may administrate what the subject may not: who could lock such a person
    /// out would be above who may do more. What either holds everywhere is read anew.
    pub(super) async fn is_outranked(&self, ask: &Ask) -> Result<bool, Error> {
        let person = ask.target.id().parse().map(Subject::User);
        let (true, Ok(person)) = (self.administrates_people(ask), person) else {
            return Ok(false);
        };
        let (subjects, persons) = (self.everywhere(&ask.subject).await?, self.everywhere(&person).await?);
        let catalog = self.engine().catalog();
        let lacking = self.lacking(&subjects, &persons);
        Ok(lacking.iter().any(|id| catalog.permission(*id).is_administrative))
    }

    /// What a subject holds everywhere now.
    async fn everywhere(&self, subject: &Subject) -> Result<Permissions, Error> {
        let now = self.0.clock.now();
        let standing = self.load_at(self.db().read(), subject, &Target::everywhere()).await?;
        let held = standing.places().flat_map(|(_, held)| held);
        let held = held.filter(|held| held.is_alive(now));
        Ok(held.flat_map(|held| held.role.holds.iter().copied()).collect())
    }

    /// Refuses to take `role` away from `place` by dropping the grant `gone` (or all grants of `role`, when there is
    /// none) unless somebody stays there for good who can give as much.
    pub(super) async fn keep_administrator(
        &self,
        chain: &Chain<'_>,
        place: &Place,
        (role, gone): (&Role, Option<Uuid>),
    ) -> Result<(), Error> {
        let manages = self.manages();
        let is_kept = matches!(place, Place::Everywhere | Place::Workspace(_));
        if !is_kept || !role.holds.is_superset(&manages) {
            return Ok(());
        }
        if *place == Place::Everywhere && !self.settings().administrators.is_empty() {
            return Ok(());
        }
        // Everybody who registers holds something everywhere: only what counts is read.
        let counting = self.managing_roles(chain, place).await?;
        let here = grant::Entity::find()
            .filter(grant::Column::Role.is_in(counting))
            .filter(grant::Column::Place.eq(place.to_string()))
            .filter(grant::Column::ExpiresAt.is_null())
            .filter(grant::Column::Subject.starts_with("user:"))
            .all(chain.tx())
            .await?;
        let goes = |row: &&grant::Model| match gone {
            Some(id) => row.id == id,
            None => row.role == role.key.as_str(),
        };
        if !here.iter().any(|row| goes(&row)) {
            return Ok(());
        }
        let staying: Vec<_> = here.iter().filter(|row| !goes(row)).collect();
        let roles = self
            .roles_of(chain.tx(), staying.iter().map(|row| row.role.as_str()))
            .await?;
        // A role that is edited away leaves who can give at all; a grant, who can give as much.
        let needed = if gone.is_some() { &role.holds } else { &manages };
        let is_enough = |row: &grant::Model| {
            roles
                .get(row.role.as_str())
                .is_some_and(|role| role.holds.is_superset(needed))
        };
        match staying.into_iter().any(is_enough) {
            true => Ok(()),
            false => Err(Error::LastAdministrator(shown(&place.to_string()))),
        }
    }

    /// The keys of the roles at a place by which roles can be granted.
    async fn managing_roles(&self, chain: &Chain<'_>, place: &Place) -> Result<Vec<String>, Error> {
        let (catalog, manages) = (self.engine().catalog(), self.manages());
        let home = match place.workspace() {
            Some(workspace) => role::Column::Workspace.eq(workspace),
            None => role::Column::Workspace.is_null(),
        };
        let made = role::Entity::find().filter(home).all(chain.tx()).await?;
        let made = made.iter().map(|row| row.role(catalog));
        let all = catalog.roles().map(|role| Role::clone(role)).chain(made);
        let managing = all.filter(|role| role.holds.is_superset(&manages));
        Ok(managing.map(|role| role.key.to_string()).collect())
    }

    /// Whether who holds these permissions at a place may grant a role there.
    pub(super) fn may_give(&self, held: &Permissions, role: &Role) -> bool {
        held.is_superset(&self.manages()) && self.lacking(held, &role.holds).is_empty()
    }

    /// Those of some permissions that who holds these does not. Who holds one on anything holds it on what is one's own
    /// as well.
    fn lacking(&self, held: &Permissions, permissions: &Permissions) -> Permissions {
        let catalog = self.engine().catalog();
        let has =
            |id: &PermissionId| held.contains(id) || catalog.permission(*id).of.is_some_and(|of| held.contains(&of));
        permissions.iter().copied().filter(|id| !has(id)).collect()
    }

    pub(super) fn manages(&self) -> Permissions {
        self.engine().catalog().find(MANAGE_GRANTS).into_iter().collect()
    }

    /// The role of this key, as the transaction sees it.
    pub(super) async fn role_in(&self, chain: &Chain<'_>, key: &RoleKey) -> Result<std::sync::Arc<Role>, Error> {
        let mut roles = self.roles_of(chain.tx(), std::iter::once(key.as_str())).await?;
        roles
            .remove(key.as_str())
            .ok_or_else(|| Error::NoSuchRole(key.to_string()))
    }
}
