//! Who is in a workspace, and as what.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter, QueryOrder, Set, entity::prelude::*,
    },
};
use serde_json::json;

use super::{REMOVE, Role, entitled, hold};
use crate::{asker::Asker, error::Error, news, rights::By, store::Store};

/// The most workspaces that somebody may be in.
const MOST: u64 = 50;
/// The most people in a workspace.
const MOST_MEMBERS: u64 = 1_000;

/// Somebody in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "member")]
#[graphql(name = "WorkspaceMember", complex)]
pub(crate) struct Model {
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

platform_database::unrelated!();

/// Somebody's part in a workspace, or `None`.
pub(crate) async fn part(db: &impl ConnectionTrait, workspace: Uuid, user: Uuid) -> Result<Option<Model>, Error> {
    let part = Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add(Column::UserId.eq(user));
    Ok(Entity::find().filter(part).one(db).await?)
}

/// What people are in workspaces: each pair names a person and a workspace.
pub(crate) async fn parts(
    db: &impl ConnectionTrait,
    asked: &[(Uuid, Uuid)],
) -> Result<HashMap<(Uuid, Uuid), Role>, Error> {
    let some = Condition::all()
        .add(Column::UserId.is_in(asked.iter().map(|(person, _)| *person)))
        .add(Column::WorkspaceId.is_in(asked.iter().map(|(_, workspace)| *workspace)));
    let rows = Entity::find().filter(some).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|part| ((part.user_id, part.workspace_id), part.role))
        .collect())
}

/// Who is in workspaces, the longest there first, by workspace.
pub(crate) async fn members(
    db: &impl ConnectionTrait,
    workspaces: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Model>>, Error> {
    let of = Entity::find().filter(Column::WorkspaceId.is_in(workspaces.iter().copied()));
    let mut members: HashMap<_, Vec<_>> = HashMap::new();
    for row in of.order_by_asc(Column::Id).all(db).await? {
        members.entry(row.workspace_id).or_default().push(row);
    }
    Ok(members)
}

/// Refuses somebody who is in as many workspaces as one may be in.
pub(crate) async fn has_room(tx: &Tx, user: Uuid) -> Result<(), Error> {
    match Entity::find().filter(Column::UserId.eq(user)).count(tx).await? >= MOST {
        true => Err(Error::TooMany {
            what: "workspaces",
            most: MOST,
        }),
        false => Ok(()),
    }
}

/// Refuses one more in a workspace that is full.
pub(crate) async fn has_place(tx: &Tx, workspace: Uuid) -> Result<(), Error> {
    let members = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    match members.count(tx).await? >= MOST_MEMBERS {
        true => Err(Error::TooMany {
            what: "people in a workspace",
            most: MOST_MEMBERS,
        }),
        false => Ok(()),
    }
}

/// Puts somebody into a workspace, or changes their part.
pub(crate) async fn join(tx: &Tx, store: &Store, (workspace, user): (Uuid, Uuid), role: Role) -> Result<Model, Error> {
    let member = match part(tx, workspace, user).await? {
        Some(part) => {
            let mut part = part.into_active_model();
            part.role = Set(role);
            part.update(tx).await?
        }
        None => {
            let member = Model {
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
) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    hold(&tx, workspace).await?;
    let mine = entitled(&tx, By::themselves(me), workspace, REMOVE.need()).await?;
    let part = part(&tx, workspace, user).await?.ok_or(Error::NoSuch("member"))?;
    if mine < Some(Role::Owner) && (role == Role::Owner || part.role == Role::Owner) {
        return Err(Error::MayNot("make or unmake owners"));
    }
    if part.role == Role::Owner && role != Role::Owner {
        another_owner(&tx, workspace, user).await?;
    }
    let member = join(&tx, store, (workspace, user), role).await?;
    let facts = json!({ "user": user, "role": role.name() });
    news::of_workspace(&tx, store, (me, workspace), ("workspaces.role_changed", facts)).await?;
    tx.commit().await?;
    Ok(member)
}

/// Takes somebody out of a workspace: oneself, or others as an admin or by permission.
pub(crate) async fn leave(store: &Store, who: &Asker<'_>, member: (Uuid, Uuid)) -> Result<(), Error> {
    match who.id == member.1 {
        true => take_out(store, By::themselves(who.id), member).await,
        false => {
            REMOVE
                .used(store, who, member.0, |by| take_out(store, by, member))
                .await
        }
    }
}

async fn take_out(store: &Store, by: By<Role>, (workspace, user): (Uuid, Uuid)) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    hold(&tx, workspace).await?;
    let (least, what) = REMOVE.need();
    let least = if by.me == user { Role::Viewer } else { least };
    let mine = entitled(&tx, by, workspace, (least, what)).await?;
    let part = part(&tx, workspace, user).await?.ok_or(Error::NoSuch("member"))?;
    if part.role == Role::Owner {
        if mine < Some(Role::Owner) {
            return Err(Error::MayNot("make or unmake owners"));
        }
        another_owner(&tx, workspace, user).await?;
    }
    expel(&tx, store, &part).await?;
    let facts = json!({ "user": user });
    news::of_workspace(&tx, store, (by.me, workspace), ("workspaces.left", facts)).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn expel(tx: &Tx, store: &Store, part: &Model) -> Result<(), Error> {
    Entity::delete_by_id(part.id).exec(tx).await?;
    news::member_changed(tx, store, (part.workspace_id, part.user_id), None).await
}

async fn another_owner(tx: &Tx, workspace: Uuid, user: Uuid) -> Result<(), Error> {
    let owners = Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add(Column::Role.eq(Role::Owner))
        .add(Column::UserId.ne(user));
    match Entity::find().filter(owners).count(tx).await? {
        0 => Err(Error::LastOwner),
        _ => Ok(()),
    }
}
