//! Workspaces: people who work on something together.

pub(crate) mod member;
mod right;

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, IntoActiveModel, QueryFilter,
        QueryOrder, Set, entity::prelude::*,
    },
};
use serde_json::json;

use crate::{asker::Asker, error::Error, news, profile, rights::By, store::Store, text};

use member::expel;
pub(crate) use member::{change_role, join, leave, members, part, parts};
use right::{DELETE, REMOVE, RENAME};
pub(crate) use right::{INVITE, SEE};

/// What somebody may do in a workspace, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[graphql(name = "WorkspaceRole")]
pub(crate) enum Role {
    /// Reads.
    Viewer,
    /// Writes too.
    Member,
    /// Manages people too, apart from owners.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// The name that the permissions know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// People who work on something together.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "workspace")]
#[graphql(name = "Workspace", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// The caller's own part, where they have one. It, or what they were given, must be `least` or more. Who is not in a
/// workspace and was given nothing there is not told that there is one.
pub(crate) async fn entitled(
    db: &impl ConnectionTrait,
    By { me, given }: By<Role>,
    workspace: Uuid,
    (least, what): (Role, &'static str),
) -> Result<Option<Role>, Error> {
    let own = part(db, workspace, me).await?.map(|part| part.role);
    match own.max(given) {
        None => Err(Error::NoSuch("workspace")),
        Some(role) if role < least => Err(Error::MayNot(what)),
        Some(_) => {
            // What is given everywhere is given for workspaces too that there never were.
            if own.is_none() {
                find(db, workspace).await?;
            }
            Ok(own)
        }
    }
}

/// A workspace, for who is known to see it.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Model, Error> {
    Entity::find_by_id(id).one(db).await?.ok_or(Error::NoSuch("workspace"))
}

/// Holds a workspace until the transaction ends, so that of two who leave or join it at once the second sees that the first
/// has. Whoever holds their own profile too does that before.
pub(crate) async fn hold(tx: &Tx, id: Uuid) -> Result<(), Error> {
    let held = tx.hold::<Entity>(id).await?;
    held.map(drop).ok_or(Error::NoSuch("workspace"))
}

/// A workspace that the caller is in, or was given to see.
pub(crate) async fn seen(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<Model, Error> {
    SEE.used(store, who, id, |by| async move {
        entitled(store.db.read(), by, id, SEE.need()).await?;
        find(store.db.read(), id).await
    })
    .await
}

/// The workspaces that somebody is in, with their part in each.
pub(crate) async fn of(db: &impl ConnectionTrait, user: Uuid) -> Result<Vec<(Model, Role)>, Error> {
    let parts = member::Entity::find()
        .filter(member::Column::UserId.eq(user))
        .all(db)
        .await?;
    let ids = parts.iter().map(|part| part.workspace_id);
    let workspaces = Entity::find()
        .filter(Column::Id.is_in(ids))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    let role = |id| parts.iter().find(|part| part.workspace_id == id).map(|part| part.role);
    let with_role = workspaces
        .into_iter()
        .filter_map(|workspace| role(workspace.id).map(|role| (workspace, role)));
    Ok(with_role.collect())
}

/// Makes a workspace, which the caller owns.
pub(crate) async fn create(store: &Store, me: Uuid, name: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    member::has_room(&tx, me).await?;
    let workspace = Model {
        id: store.id(),
        name: text::line("name", name, 100)?,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let workspace = workspace.into_active_model().reset_all().insert(&tx).await?;
    join(&tx, store, (workspace.id, me), Role::Owner).await?;
    news::of_workspace(&tx, store, (me, workspace.id), ("workspaces.made", json!({}))).await?;
    tx.commit().await?;
    Ok(workspace)
}

/// Calls a workspace something else.
pub(crate) async fn rename(store: &Store, who: &Asker<'_>, id: Uuid, name: &str) -> Result<Model, Error> {
    RENAME
        .used(store, who, id, |by| async move {
            let tx = store.db.begin().await?;
            entitled(&tx, by, id, RENAME.need()).await?;
            let mut workspace = find(&tx, id).await?.into_active_model();
            workspace.name = Set(text::line("name", name, 100)?);
            workspace.updated_at = Set(store.now());
            let workspace = workspace.update(&tx).await?;
            news::of_workspace(&tx, store, (by.me, id), ("workspaces.renamed", json!({}))).await?;
            tx.commit().await?;
            Ok(workspace)
        })
        .await
}

/// Deletes a workspace with everything that is in it alone.
pub(crate) async fn delete(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<(), Error> {
    DELETE
        .used(store, who, id, |by| async move {
            let tx = store.db.begin().await?;
            entitled(&tx, by, id, DELETE.need()).await?;
            remove(&tx, store, by.me, id).await?;
            news::of_workspace(&tx, store, (by.me, id), ("workspaces.deleted", json!({}))).await?;
            Ok(tx.commit().await?)
        })
        .await
}

/// Somebody's account is gone: they leave everywhere. A workspace without another owner goes to who is there longest
/// with the most rights, and one without anybody goes too.
pub(crate) async fn forget(tx: &Tx, store: &Store, user: Uuid) -> Result<(), Error> {
    let of = member::Entity::find().filter(member::Column::UserId.eq(user));
    // In one order, so that of two who are forgotten at once none waits for the other.
    let of = of.order_by_asc(member::Column::WorkspaceId).all(tx).await?;
    for id in of.into_iter().map(|part| part.workspace_id) {
        match hold(tx, id).await {
            Err(Error::NoSuch(_)) => continue,
            held => held?,
        }
        // Before it was held they may have left, or become something else.
        if let Some(part) = part(tx, id, user).await? {
            expel(tx, store, &part).await?;
            pass_on(tx, store, (id, user)).await?;
        }
    }
    Ok(())
}

/// Sees to an owner for a workspace that somebody has left.
async fn pass_on(tx: &Tx, store: &Store, (id, user): (Uuid, Uuid)) -> Result<(), Error> {
    let left = member::Entity::find().filter(member::Column::WorkspaceId.eq(id));
    let left = left.order_by_asc(member::Column::Id).all(tx).await?;
    match left.iter().rev().max_by_key(|part| part.role) {
        None => remove(tx, store, user, id).await,
        Some(heir) if heir.role < Role::Owner => {
            let heir = join(tx, store, (id, heir.user_id), Role::Owner).await?;
            let facts = json!({ "user": heir.user_id, "role": heir.role.name() });
            news::of_workspace(tx, store, (user, id), ("workspaces.role_changed", facts)).await
        }
        Some(_) => Ok(()),
    }
}

async fn remove(tx: &Tx, store: &Store, me: Uuid, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    news::workspace_deleted(tx, store, me, id).await
}
