//! Lists of roles and grants, with what the actor may see of them.

use std::collections::BTreeSet;

use platform_database::{
    Connection, Order, PageArgs, PageLimits,
    orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr},
    page,
};
use uuid::Uuid;

use super::{Ask, Store};
use crate::{
    actor::Actor,
    catalog::{Role, RoleKey},
    error::Error,
    filter::{Columns, Ids},
    grant,
    place::{Place, Target},
    role,
    subject::Subject,
};

/// Which grants are wanted. What is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct GrantsWanted {
    /// Whose.
    pub subject: Option<Subject>,
    /// Of which role.
    pub role: Option<RoleKey>,
    /// Where.
    pub place: Option<Place>,
}

/// A role as it is listed.
#[derive(Clone, Debug)]
pub struct RoleListed {
    /// The role.
    pub role: Role,
    /// The system that ships it; none for one that was made here.
    pub system: Option<String>,
}

impl Store {
    /// The built-in roles, and those made here that the actor may see: all, or those of one workspace.
    pub async fn roles(&self, actor: &Actor, workspace: Option<Uuid>) -> Result<Vec<RoleListed>, Error> {
        if actor.subject == Subject::Nobody {
            return Err(Error::SignIn);
        }
        let catalog = self.engine().catalog();
        let system = |role: &Role| role.key.as_str().split('/').next().map(str::to_owned);
        let shipped = catalog.roles().map(|role| RoleListed {
            system: system(role),
            role: (**role).clone(),
        });
        let mut listed: Vec<_> = shipped.collect();
        let ask = Ask::own(actor, "roles:view", Target::resource("role", "")?);
        let columns = Columns {
            workspace: Some(Expr::col(role::Column::Workspace)),
            owner: None,
            id: Expr::col(role::Column::Id),
            ids: Ids::Uuid,
        };
        let here = workspace.map(|id| role::Column::Workspace.eq(id));
        let made = role::Entity::find()
            .filter(self.filter(&ask).await?.condition(&columns))
            .filter(Condition::all().add_option(here))
            .order_by_asc(role::Column::Id)
            .limit(self.settings().roles_per_workspace.saturating_mul(10))
            .all(self.db().read())
            .await?;
        listed.extend(made.iter().map(|row| RoleListed {
            role: row.role(catalog),
            system: None,
        }));
        Ok(listed)
    }

    /// The role of this key, when there is one that the actor may see.
    pub async fn role(&self, actor: &Actor, key: &RoleKey) -> Result<RoleListed, Error> {
        let unknown = || Error::NoSuchRole(key.to_string());
        let meant = self.engine().catalog().role(key).map_or(key, |role| &role.key);
        let roles = self.roles(actor, None).await?;
        roles
            .into_iter()
            .find(|listed| listed.role.key == *meant)
            .ok_or_else(unknown)
    }

    /// A page of the grants that the actor may see: its own, and those where it has the permission to.
    pub async fn grants(
        &self,
        actor: &Actor,
        wanted: &GrantsWanted,
        args: &PageArgs,
    ) -> Result<Connection<grant::Model>, Error> {
        if actor.subject == Subject::Nobody {
            return Err(Error::SignIn);
        }
        let exact = Condition::all()
            .add_option(
                wanted
                    .subject
                    .as_ref()
                    .map(|subject| grant::Column::Subject.eq(subject.to_string())),
            )
            .add_option(wanted.role.as_ref().map(|role| grant::Column::Role.eq(role.as_str())))
            .add_option(
                wanted
                    .place
                    .as_ref()
                    .map(|place| grant::Column::Place.eq(place.to_string())),
            );
        let select = grant::Entity::find()
            .filter(self.visible_grants(actor, wanted).await?)
            .filter(exact);
        let key = (grant::Column::Id, Order::Falling, |row: &grant::Model| row.id);
        Ok(page(self.db().read(), select, key, args, PageLimits::default()).await?)
    }

    async fn visible_grants(&self, actor: &Actor, wanted: &GrantsWanted) -> Result<Condition, Error> {
        let ask = Ask::own(actor, "grants:view", Target::resource("grant", "")?);
        let columns = Columns {
            workspace: Some(Expr::col(grant::Column::Workspace)),
            owner: None,
            id: Expr::col(grant::Column::Id),
            ids: Ids::Uuid,
        };
        let mut visible = Condition::any().add(self.filter(&ask).await?.condition(&columns));
        if actor.scopes.is_none() {
            visible = visible.add(grant::Column::Subject.eq(actor.subject.to_string()));
        }
        // Who shares one thing sees with whom it is shared.
        if let Some(place @ Place::Resource { .. }) = &wanted.place
            && self
                .check(&Ask::own(actor, "grants:view", place.target()))
                .await?
                .is_allowed()
        {
            visible = visible.add(grant::Column::Place.eq(place.to_string()));
        }
        Ok(visible)
    }

    /// Who holds a permission at a place, by grants: for a question such as who may delete this workspace.
    pub async fn holders(&self, actor: &Actor, permission: &str, place: &Place) -> Result<BTreeSet<String>, Error> {
        self.require(actor, "grants:view", &place.target()).await?;
        let catalog = self.engine().catalog();
        let id = catalog.find(permission);
        let id = id.ok_or_else(|| Error::NoSuchPermission(crate::text::clip(permission, 100)))?;
        let places = [place.to_string(), Place::Everywhere.to_string()];
        let rows = grant::Entity::find().filter(grant::Column::Place.is_in(places));
        let rows = rows.limit(10_000).all(self.db().read()).await?;
        let roles = self
            .roles_of(self.db().read(), rows.iter().map(|row| row.role.as_str()))
            .await?;
        let now = self.0.clock.now();
        let holds = |row: &&grant::Model| {
            let is_alive = row.expires_at.is_none_or(|end| now < end);
            let role = roles.get(row.role.as_str());
            is_alive && role.is_some_and(|role| catalog.permission(id).is_in(&role.holds))
        };
        Ok(rows.iter().filter(holds).map(|row| row.subject.clone()).collect())
    }
}
