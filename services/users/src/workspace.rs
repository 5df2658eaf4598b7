//! Workspaces: people who work on something together.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveActiveEnum, EntityTrait, IntoActiveModel,
        PaginatorTrait, QueryFilter, QueryOrder, Set, entity::prelude::*,
    },
};

use crate::{error::Error, news, profile, store::Store, text};

/// The most workspaces that somebody may be in.
const MOST: u64 = 50;
/// The most people in a workspace.
pub(crate) const MOST_MEMBERS: u64 = 1_000;

/// What somebody may do in a workspace, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[graphql(name = "WorkspaceRole")]
pub enum Role {
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
    pub fn name(self) -> &'static str {
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
pub struct Model {
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

/// None: rows are joined by hand where it matters.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Somebody in a workspace.
pub mod member {
    use async_graphql::SimpleObject;
    use chrono::{DateTime, Utc};
    use platform_database::orm::entity::prelude::*;

    use super::Role;

    /// Somebody in a workspace.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
    #[sea_orm(table_name = "member")]
    #[graphql(name = "WorkspaceMember", complex)]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        #[graphql(skip)]
        pub id: Uuid,
        /// Where.
        #[graphql(skip)]
        pub workspace_id: Uuid,
        /// Who.
        #[graphql(skip)]
        pub user_id: Uuid,
        /// As what.
        pub role: Role,
        /// Since when.
        pub created_at: DateTime<Utc>,
    }

    /// None: rows are joined by hand where it matters.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Somebody's part in a workspace, or `None`.
pub(crate) async fn part(
    db: &impl ConnectionTrait,
    workspace: Uuid,
    user: Uuid,
) -> Result<Option<member::Model>, Error> {
    let part = Condition::all()
        .add(member::Column::WorkspaceId.eq(workspace))
        .add(member::Column::UserId.eq(user));
    Ok(member::Entity::find().filter(part).one(db).await?)
}

/// The caller's part, which must be `least` or more. Who is not in a workspace is not told that there is one.
pub(crate) async fn entitled(
    db: &impl ConnectionTrait,
    me: Uuid,
    workspace: Uuid,
    (least, what): (Role, &'static str),
) -> Result<Role, Error> {
    match part(db, workspace, me).await? {
        None => Err(Error::NoSuch("workspace")),
        Some(part) if part.role < least => Err(Error::MayNot(what)),
        Some(part) => Ok(part.role),
    }
}

/// A workspace that the caller is in.
pub(crate) async fn own(db: &impl ConnectionTrait, me: Uuid, id: Uuid) -> Result<Model, Error> {
    entitled(db, me, id, (Role::Viewer, "see this workspace")).await?;
    Entity::find_by_id(id).one(db).await?.ok_or(Error::NoSuch("workspace"))
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

/// Who is in a workspace that the caller is in.
pub(crate) async fn members(db: &impl ConnectionTrait, me: Uuid, id: Uuid) -> Result<Vec<member::Model>, Error> {
    entitled(db, me, id, (Role::Viewer, "see who is in this workspace")).await?;
    let members = member::Entity::find().filter(member::Column::WorkspaceId.eq(id));
    Ok(members.order_by_asc(member::Column::Id).all(db).await?)
}

/// Makes a workspace, which the caller owns.
pub(crate) async fn create(store: &Store, me: Uuid, name: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::own(&tx, me).await?;
    if member::Entity::find()
        .filter(member::Column::UserId.eq(me))
        .count(&tx)
        .await?
        >= MOST
    {
        return Err(Error::TooMany {
            what: "workspaces",
            most: MOST,
        });
    }
    let workspace = Model {
        id: store.id(),
        name: text::line("name", name, 100)?,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let workspace = workspace.into_active_model().reset_all().insert(&tx).await?;
    join(&tx, store, (workspace.id, me), Role::Owner).await?;
    tx.commit().await?;
    Ok(workspace)
}

/// Calls a workspace something else.
pub(crate) async fn rename(store: &Store, me: Uuid, id: Uuid, name: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    entitled(&tx, me, id, (Role::Admin, "rename this workspace")).await?;
    let mut workspace = own(&tx, me, id).await?.into_active_model();
    workspace.name = Set(text::line("name", name, 100)?);
    workspace.updated_at = Set(store.now());
    let workspace = workspace.update(&tx).await?;
    tx.commit().await?;
    Ok(workspace)
}

/// Deletes a workspace with everything that is in it alone.
pub(crate) async fn delete(store: &Store, me: Uuid, id: Uuid) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    entitled(&tx, me, id, (Role::Owner, "delete this workspace")).await?;
    remove(&tx, store, me, id).await?;
    Ok(tx.commit().await?)
}

/// Puts somebody into a workspace, or changes their part.
pub(crate) async fn join(
    tx: &Tx,
    store: &Store,
    (workspace, user): (Uuid, Uuid),
    role: Role,
) -> Result<member::Model, Error> {
    let member = match part(tx, workspace, user).await? {
        Some(part) => {
            let mut part = part.into_active_model();
            part.role = Set(role);
            part.update(tx).await?
        }
        None => {
            let member = member::Model {
                id: store.id(),
                workspace_id: workspace,
                user_id: user,
                role,
                created_at: store.now(),
            };
            member.into_active_model().reset_all().insert(tx).await?
        }
    };
    news::member_changed(tx, store, (workspace, user), Some(role)).await?;
    Ok(member)
}

/// Changes somebody's part. An admin cannot make or unmake owners, and nobody can leave a workspace without one.
pub(crate) async fn change_role(
    store: &Store,
    me: Uuid,
    (workspace, user): (Uuid, Uuid),
    role: Role,
) -> Result<member::Model, Error> {
    let tx = store.db.begin().await?;
    let mine = entitled(&tx, me, workspace, (Role::Admin, "manage people in this workspace")).await?;
    let part = part(&tx, workspace, user).await?.ok_or(Error::NoSuch("member"))?;
    if mine < Role::Owner && (role == Role::Owner || part.role == Role::Owner) {
        return Err(Error::MayNot("make or unmake owners"));
    }
    if part.role == Role::Owner && role != Role::Owner {
        another_owner(&tx, workspace, user).await?;
    }
    let member = join(&tx, store, (workspace, user), role).await?;
    tx.commit().await?;
    Ok(member)
}

/// Takes somebody out of a workspace: oneself, or others as an admin.
pub(crate) async fn leave(store: &Store, me: Uuid, (workspace, user): (Uuid, Uuid)) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    let least = if me == user { Role::Viewer } else { Role::Admin };
    let mine = entitled(&tx, me, workspace, (least, "manage people in this workspace")).await?;
    let part = part(&tx, workspace, user).await?.ok_or(Error::NoSuch("member"))?;
    if part.role == Role::Owner {
        if mine < Role::Owner {
            return Err(Error::MayNot("make or unmake owners"));
        }
        another_owner(&tx, workspace, user).await?;
    }
    expel(&tx, store, &part).await?;
    Ok(tx.commit().await?)
}

/// Somebody's account is gone: they leave everywhere. A workspace without another owner goes to who is there longest
/// with the most rights, and one without anybody goes too.
pub(crate) async fn forget(tx: &Tx, store: &Store, user: Uuid) -> Result<(), Error> {
    let parts = member::Entity::find()
        .filter(member::Column::UserId.eq(user))
        .all(tx)
        .await?;
    for part in parts {
        expel(tx, store, &part).await?;
        let left = member::Entity::find().filter(member::Column::WorkspaceId.eq(part.workspace_id));
        let left = left.order_by_asc(member::Column::Id).all(tx).await?;
        let heir = left.iter().rev().max_by_key(|part| part.role);
        match heir {
            None => remove(tx, store, user, part.workspace_id).await?,
            Some(heir) if heir.role < Role::Owner => {
                join(tx, store, (part.workspace_id, heir.user_id), Role::Owner).await?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

async fn expel(tx: &Tx, store: &Store, part: &member::Model) -> Result<(), Error> {
    member::Entity::delete_by_id(part.id).exec(tx).await?;
    news::member_changed(tx, store, (part.workspace_id, part.user_id), None).await
}

async fn remove(tx: &Tx, store: &Store, me: Uuid, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    news::workspace_deleted(tx, store, me, id).await
}

async fn another_owner(tx: &Tx, workspace: Uuid, user: Uuid) -> Result<(), Error> {
    let owners = Condition::all()
        .add(member::Column::WorkspaceId.eq(workspace))
        .add(member::Column::Role.eq(Role::Owner))
        .add(member::Column::UserId.ne(user));
    match member::Entity::find().filter(owners).count(tx).await? {
        0 => Err(Error::LastOwner),
        _ => Ok(()),
    }
}
