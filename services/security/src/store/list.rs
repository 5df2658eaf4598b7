//! Lists of roles and grants, with what the actor may see of them.

use platform_database::{
    Connection, PageArgs,
    orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr},
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
pub(crate) struct RoleListed {
    /// The role.
    pub role: Role,
    /// The system that ships it; none for one that was made here.
    pub system: Option<String>,
}

impl Store {
    /// The built-in roles, and those made here that the actor may see: those of one workspace, or of all, of which the
    /// oldest come first and no more than a list can hold.
    pub(crate) async fn roles(&self, actor: &Actor, workspace: Option<Uuid>) -> Result<Vec<RoleListed>, Error> {
        let made = self.visible_roles(actor).await?;
        let here = workspace.map(|id| role::Column::Workspace.eq(id));
        let made = made
            .filter(Condition::all().add_option(here))
            .order_by_asc(role::Column::Id)
            .limit(self.settings().roles_per_workspace.saturating_mul(10))
            .all(self.db().read())
            .await?;
        let shipped = self.engine().catalog().roles().map(|role| shipped(role));
        Ok(shipped.chain(made.iter().map(|row| self.made_here(row))).collect())
    }

    /// The role of this key, when there is one that the actor may see.
    pub(crate) async fn role(&self, actor: &Actor, key: &RoleKey) -> Result<RoleListed, Error> {
        let visible = self.visible_roles(actor).await?;
        let found = match key.custom_id() {
            None => self.engine().catalog().role(key).map(|role| shipped(role)),
            Some(id) => {
                let row = visible.filter(role::Column::Id.eq(id)).one(self.db().read()).await?;
                row.map(|row| self.made_here(&row))
            }
        };
        found.ok_or_else(|| Error::NoSuchRole(key.to_string()))
    }

    async fn visible_roles(&self, actor: &Actor) -> Result<Select<role::Entity>, Error> {
        if actor.subject == Subject::Nobody {
            return Err(Error::SignIn);
        }
        let ask = Ask::own(actor, "roles:view", Target::resource("role", "")?);
        let columns = Columns {
            workspace: Some(Expr::col(role::Column::Workspace)),
            owner: None,
            id: Expr::col(role::Column::Id),
            ids: Ids::Uuid,
        };
        Ok(role::Entity::find().filter(self.filter(&ask).await?.condition(&columns)))
    }

    pub(crate) fn made_here(&self, row: &role::Model) -> RoleListed {
        RoleListed {
            role: row.role(self.engine().catalog()),
            system: None,
        }
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
        let key = (grant::Column::Id, |row: &grant::Model| row.id);
        Ok(page(self.db().read(), select, key, args).await?)
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
}

fn shipped(role: &Role) -> RoleListed {
    RoleListed {
        system: role.key.as_str().split('/').next().map(str::to_owned),
        role: role.clone(),
    }
}
