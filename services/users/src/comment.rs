//! Comments on annotations, in threads.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set,
        entity::prelude::*, sea_query::Expr,
    },
};

use crate::{annotation, error::Error, profile, store::Store, text, workspace};

/// How deep an answer to an answer may go.
const DEEPEST: i32 = 8;
/// The most comments on one annotation.
const MOST: u64 = 10_000;

/// A comment on an annotation. One that was deleted keeps its place in the thread and has neither text nor author.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "comment")]
#[graphql(name = "Comment", complex)]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// On what.
    pub annotation_id: Uuid,
    /// What it answers.
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    #[graphql(skip)]
    pub author_id: Option<Uuid>,
    /// What there is to say.
    pub body: Option<String>,
    /// How many comments are above it.
    pub depth: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// None: rows are joined by hand where it matters.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The comments on an annotation; the caller must be known to see it.
pub(crate) fn on(annotation: Uuid) -> Select<Entity> {
    Entity::find().filter(Column::AnnotationId.eq(annotation))
}

/// Comments on an annotation that the caller may see, or answers a comment on it.
pub(crate) async fn add(
    store: &Store,
    me: Uuid,
    (annotation, parent): (Uuid, Option<Uuid>),
    body: &str,
) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::own(&tx, me).await?;
    annotation::seen(&tx, me, annotation).await?;
    let depth = match parent {
        None => 0,
        Some(parent) => {
            let above = on(annotation).filter(Column::Id.eq(parent)).one(&tx).await?;
            above.ok_or(Error::NoSuch("comment"))?.depth + 1
        }
    };
    if depth > DEEPEST {
        return Err(Error::field("parentId", "is too deep in its thread: answer further up"));
    }
    if on(annotation).count(&tx).await? >= MOST {
        return Err(Error::TooMany {
            what: "comments on an annotation",
            most: MOST,
        });
    }
    let comment = Model {
        id: store.id(),
        annotation_id: annotation,
        parent_id: parent,
        author_id: Some(me),
        body: Some(text::body("body", body, 5_000)?),
        depth,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let comment = comment.into_active_model().reset_all().insert(&tx).await?;
    tx.commit().await?;
    Ok(comment)
}

/// Changes a comment of the caller's.
pub(crate) async fn change(store: &Store, me: Uuid, id: Uuid, body: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let comment = seen(&tx, me, id).await?;
    if comment.author_id != Some(me) {
        return Err(Error::MayNot("change what somebody else wrote"));
    }
    let mut comment = comment.into_active_model();
    comment.body = Set(Some(text::body("body", body, 5_000)?));
    comment.updated_at = Set(store.now());
    let comment = comment.update(&tx).await?;
    tx.commit().await?;
    Ok(comment)
}

/// Deletes a comment: its author, the annotation's, or who manages the workspace. Answers stay.
pub(crate) async fn delete(store: &Store, me: Uuid, id: Uuid) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let comment = seen(&tx, me, id).await?;
    let annotation = annotation::seen(&tx, me, comment.annotation_id).await?;
    if comment.author_id != Some(me) && annotation.author_id != me {
        let what = "delete what somebody else wrote";
        match annotation.workspace_id {
            Some(workspace) => drop(workspace::entitled(&tx, me, workspace, (workspace::Role::Admin, what)).await?),
            None => return Err(Error::MayNot(what)),
        }
    }
    let mut comment = comment.into_active_model();
    (comment.body, comment.author_id) = (Set(None), Set(None));
    comment.updated_at = Set(store.now());
    let comment = comment.update(&tx).await?;
    tx.commit().await?;
    Ok(comment)
}

/// Somebody's account is gone: their comments keep their places in the threads without text.
pub(crate) async fn forget(tx: &Tx, user: Uuid) -> Result<(), Error> {
    let own = Entity::update_many()
        .col_expr(Column::Body, Expr::value(None::<String>))
        .col_expr(Column::AuthorId, Expr::value(None::<Uuid>))
        .filter(Column::AuthorId.eq(user));
    own.exec(tx).await?;
    Ok(())
}

/// A comment on an annotation that the caller may see.
async fn seen(tx: &Tx, me: Uuid, id: Uuid) -> Result<Model, Error> {
    let comment = Entity::find_by_id(id).one(tx).await?.ok_or(Error::NoSuch("comment"))?;
    match annotation::seen(tx, me, comment.annotation_id).await {
        Err(Error::NoSuch(_)) => Err(Error::NoSuch("comment")),
        Err(error) => Err(error),
        Ok(_) => Ok(comment),
    }
}
