//! Making, changing and deleting roles.

use platform_database::{
    OnConflict,
    orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Store,
    guard::{Acting, Lasts},
    log::Change,
};
use crate::{
    actor::Actor,
    audit::Chain,
    catalog::{Permissions, Role, RoleKey},
    error::Error,
    grant,
    input::{CreateRole, UpdateRole},
    place::Place,
    role, text,
};

const LONGEST_NAME: usize = 80;
const LONGEST_ABOUT: usize = 500;

fn home(workspace: Option<Uuid>) -> Place {
    workspace.map_or(Place::Everywhere, Place::Workspace)
}

impl Store {
    /// Makes a role. The actor must hold each of its permissions where the role is made.
    pub(crate) async fn make_role(&self, actor: &Actor, new: CreateRole) -> Result<role::Model, Error> {
        let place = home(new.workspace);
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let acting = Acting::begin(self, actor, &chain)?;
        acting.require("roles:manage", &place).await?;
        let stated = self.stated(&new.permissions)?;
        acting
            .must_hold(&self.engine().catalog().closed(&stated), &place, Lasts::Now)
            .await?;
        self.has_room(&chain, new.workspace).await?;
        let name = text::line("name", &new.name, LONGEST_NAME)?;
        let about = self.about(new.about.as_deref())?;
        let row = role::Model {
            id: self.0.ids.v7(),
            workspace: new.workspace,
            name_key: name.to_lowercase(),
            about,
            permissions: self.engine().catalog().names(&stated).join(" "),
            created_at: chain.now(),
            created_by: actor.subject.to_string(),
            updated_at: chain.now(),
            name,
        };
        let taken = || Error::NameTaken(row.name.clone());
        let row = row.clone().into_active_model().insert(&tx).await.on_unique(taken)?;
        let facts = json!({ "name": row.name, "permissions": row.permissions });
        self.log(&mut chain, actor, Change::role("roles.made", &row, facts))
            .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Changes a role that was made here. The actor must hold what it has and what it is to have.
    pub(crate) async fn change_role(
        &self,
        actor: &Actor,
        key: &RoleKey,
        change: UpdateRole,
    ) -> Result<role::Model, Error> {
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let (row, before) = self.changeable(&chain, actor, key).await?;
        let catalog = self.engine().catalog();
        let stated = change
            .permissions
            .as_ref()
            .map(|names| self.stated(names))
            .transpose()?;
        if let Some(stated) = &stated {
            let holds = catalog.closed(stated);
            let acting = Acting::begin(self, actor, &chain)?;
            acting
                .must_hold(&holds, &home(row.workspace), Lasts::Until(None))
                .await?;
            if !holds.is_superset(&self.manages()) {
                self.keep_administrator(&chain, &home(row.workspace), (&before, None))
                    .await?;
            }
        }
        let mut changed = row.clone();
        if let Some(name) = &change.name {
            changed.name = text::line("name", name, LONGEST_NAME)?;
            changed.name_key = changed.name.to_lowercase();
        }
        if change.about.is_some() {
            changed.about = self.about(change.about.as_deref())?;
        }
        if let Some(stated) = stated {
            changed.permissions = catalog.names(&stated).join(" ");
        }
        changed.updated_at = chain.now();
        let taken = || Error::NameTaken(changed.name.clone());
        let active = changed.clone().into_active_model().reset_all();
        let changed = active.update(&tx).await.on_unique(taken)?;
        let facts = json!({
            "name": changed.name,
            "permissions": changed.permissions,
            "before": { "name": row.name, "permissions": row.permissions },
        });
        self.log(&mut chain, actor, Change::role("roles.changed", &changed, facts))
            .await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Deletes a role that was made here, and every grant of it.
    pub(crate) async fn delete_role(&self, actor: &Actor, key: &RoleKey) -> Result<(), Error> {
        let tx = self.db().begin().await?;
        let mut chain = Chain::hold(&tx, &self.0.ring, self.0.clock.now()).await?;
        let (row, role) = self.changeable(&chain, actor, key).await?;
        self.keep_administrator(&chain, &home(row.workspace), (&role, None))
            .await?;
        let of_role = grant::Entity::delete_many().filter(grant::Column::Role.eq(role.key.as_str()));
        let revoked = of_role.exec(&tx).await?.rows_affected;
        role::Entity::delete_by_id(row.id).exec(&tx).await?;
        let facts = json!({ "name": row.name, "permissions": row.permissions, "revoked": revoked });
        self.log(&mut chain, actor, Change::role("roles.deleted", &row, facts))
            .await?;
        Ok(tx.commit().await?)
    }

    /// The role, when the actor may change it. Who may not even see it learns nothing of it.
    async fn changeable(&self, chain: &Chain<'_>, actor: &Actor, key: &RoleKey) -> Result<(role::Model, Role), Error> {
        let acting = Acting::begin(self, actor, chain)?;
        let unknown = || Error::NoSuchRole(key.to_string());
        let Some(id) = key.custom_id() else {
            let built_in = self.engine().catalog().role(key).ok_or_else(unknown)?;
            return Err(Error::BuiltIn(built_in.key.to_string()));
        };
        let row = role::Entity::find_by_id(id)
            .one(chain.tx())
            .await?
            .ok_or_else(unknown)?;
        let place = home(row.workspace);
        if !acting.may("roles:view", &place).await? {
            return Err(unknown());
        }
        acting.require("roles:manage", &place).await?;
        let role = row.role(self.engine().catalog());
        acting.must_hold(&role.holds, &place, Lasts::Now).await?;
        Ok((row, role))
    }

    fn stated(&self, names: &[String]) -> Result<Permissions, Error> {
        let stated = self.engine().catalog().named(names)?;
        match stated.is_empty() {
            true => Err(Error::field("permissions", "names at least one permission")),
            false => Ok(stated),
        }
    }

    fn about(&self, about: Option<&str>) -> Result<String, Error> {
        match about.map(str::trim) {
            None | Some("") => Ok(String::new()),
            Some(about) => text::line("about", about, LONGEST_ABOUT),
        }
    }

    async fn has_room(&self, chain: &Chain<'_>, workspace: Option<Uuid>) -> Result<(), Error> {
        let here = match workspace {
            Some(id) => role::Column::Workspace.eq(id),
            None => role::Column::Workspace.is_null(),
        };
        let most = self.settings().roles_per_workspace;
        match role::Entity::find().filter(here).count(chain.tx()).await? < most {
            true => Ok(()),
            false => Err(Error::Full {
                what: "roles in a workspace",
                most,
            }),
        }
    }
}
