//! Annotations: what somebody has to say of a span of a series.

mod moderation;

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use platform_database::orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveActiveEnum, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Set, entity::prelude::*,
};

use crate::{
    asker::Asker,
    error::Error,
    level::Level,
    profile,
    rights::{self, By},
    store::Store,
    text,
    workspace::{self, Role, member},
};

use moderation::moderated;
pub(crate) use moderation::{given, moderates};

/// The most annotations of one person.
const MOST: u64 = 10_000;

/// Who sees an annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub(crate) enum Visibility {
    /// Its author.
    #[default]
    Private,
    /// Who is in its workspace.
    Workspace,
    /// Everybody who is signed in.
    Public,
}

/// What somebody has to say of a span of a series.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "annotation")]
#[graphql(name = "Annotation", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who wrote it.
    #[graphql(skip)]
    pub author_id: Uuid,
    /// Whose workspace sees it.
    pub workspace_id: Option<Uuid>,
    /// Who sees it.
    pub visibility: Visibility,
    /// Of which series, by id or `SOURCE:EXTERNAL_ID`.
    #[graphql(skip)]
    pub series: String,
    /// The first day of the span, as `YYYY-MM-DD`.
    pub first_date: String,
    /// The last day, when it is not the first.
    pub last_date: Option<String>,
    /// What it is about.
    pub title: String,
    /// What there is to say.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// A new annotation.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "AnnotationInput")]
pub(crate) struct New {
    /// Of which series, by id or SOURCE:EXTERNAL_ID.
    pub series: String,
    /// The first day of the span.
    pub first_date: NaiveDate,
    /// The last day, when it is not the first.
    pub last_date: Option<NaiveDate>,
    /// What it is about.
    pub title: String,
    /// What there is to say.
    pub body: String,
    /// Who sees it.
    #[graphql(default)]
    pub visibility: Visibility,
    /// The workspace that sees it, when its visibility is WORKSPACE.
    pub workspace_id: Option<Uuid>,
}

/// What an annotation may become; what is absent stays as it is.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "AnnotationChange")]
pub(crate) struct Change {
    /// What it is about.
    pub title: Option<String>,
    /// What there is to say.
    pub body: Option<String>,
}

/// What the caller may see: their own, those of their workspaces, and public ones. What somebody wrote in a workspace
/// stays there when they leave.
fn visible(me: Uuid) -> Condition {
    let workspaces = member::Entity::find()
        .select_only()
        .column(member::Column::WorkspaceId)
        .filter(member::Column::UserId.eq(me));
    let shared = Condition::all()
        .add(Column::Visibility.eq(Visibility::Workspace))
        .add(Column::WorkspaceId.in_subquery(workspaces.into_query()));
    Condition::any()
        .add(
            Condition::all()
                .add(Column::AuthorId.eq(me))
                .add(Column::WorkspaceId.is_null()),
        )
        .add(Column::Visibility.eq(Visibility::Public))
        .add(shared)
}

/// The annotations of a series that the caller may see.
pub(crate) fn of_series(me: Uuid, series: &str) -> Result<Select<Entity>, Error> {
    Ok(Entity::find()
        .filter(Column::Series.eq(text::series(series)?))
        .filter(visible(me)))
}

/// All that somebody wrote.
pub(crate) fn by(author: Uuid) -> Select<Entity> {
    Entity::find().filter(Column::AuthorId.eq(author))
}

/// The caller's own annotations that they may see.
pub(crate) fn own(me: Uuid) -> Select<Entity> {
    by(me).filter(visible(me))
}

/// An annotation that the caller may see.
pub(crate) async fn seen(db: &impl ConnectionTrait, me: Uuid, id: Uuid) -> Result<Model, Error> {
    let found = Entity::find_by_id(id).filter(visible(me)).one(db).await?;
    found.ok_or(Error::NoSuch("annotation"))
}

/// What the caller may do with an annotation that they see, by their part in its workspace.
pub(crate) fn level(annotation: &Model, me: Uuid, part: Option<Role>) -> Option<Level> {
    match annotation.visibility {
        Visibility::Workspace if part.is_none() => None,
        _ if annotation.author_id == me => Some(Level::Admin),
        Visibility::Workspace => part.map(Level::of),
        Visibility::Public => Some(Level::Comment),
        Visibility::Private => None,
    }
}

/// An annotation with which the caller may do `least`, by their own level or by one they were given. One that they may
/// not see is as if it were not there.
pub(crate) async fn entitled(
    db: &impl ConnectionTrait,
    By { me, given }: By<Level>,
    id: Uuid,
    (least, what): (Level, &'static str),
) -> Result<(Model, Level), Error> {
    let annotation = seen(db, me, id).await?;
    let part = match annotation.workspace_id {
        Some(workspace) => workspace::part(db, workspace, me).await?.map(|part| part.role),
        None => None,
    };
    let level = level(&annotation, me, part).ok_or(Error::NoSuch("annotation"))?;
    let level = Some(level).max(given).unwrap_or(level);
    Ok((annotation, level.at_least(least, what)?))
}

/// Writes an annotation.
pub(crate) async fn create(store: &Store, me: Uuid, new: New) -> Result<Model, Error> {
    let workspace = match (new.visibility, new.workspace_id) {
        (Visibility::Workspace, None) => {
            return Err(Error::field("workspaceId", "is needed to show it to a workspace"));
        }
        (Visibility::Workspace, workspace) => workspace,
        (_, None) => None,
        (_, Some(_)) => {
            return Err(Error::field(
                "workspaceId",
                "is only for annotations whose visibility is WORKSPACE",
            ));
        }
    };
    if new.last_date.is_some_and(|last| last < new.first_date) {
        return Err(Error::field("lastDate", "is before firstDate"));
    }
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    if let Some(workspace) = workspace {
        workspace::entitled(
            &tx,
            By::themselves(me),
            workspace,
            (Role::Member, "write in this workspace"),
        )
        .await?;
    }
    if by(me).count(&tx).await? >= MOST {
        return Err(Error::TooMany {
            what: "annotations",
            most: MOST,
        });
    }
    let annotation = Model {
        id: store.id(),
        author_id: me,
        workspace_id: workspace,
        visibility: new.visibility,
        series: text::series(&new.series)?,
        first_date: new.first_date.to_string(),
        last_date: new.last_date.map(|last| last.to_string()),
        title: text::line("title", &new.title, 200)?,
        body: text::body("body", &new.body, 10_000)?,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let annotation = annotation.into_active_model().reset_all().insert(&tx).await?;
    tx.commit().await?;
    Ok(annotation)
}

/// Changes an annotation: the author, who manages its workspace, or who moderates it.
pub(crate) async fn change(store: &Store, who: &Asker<'_>, id: Uuid, change: &Change) -> Result<Model, Error> {
    let given = given(store, who, id);
    rights::either(who.id, |by| change_as(store, by, id, change), given).await
}

async fn change_as(store: &Store, by: By<Level>, id: Uuid, change: &Change) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let (annotation, _) = entitled(&tx, by, id, (Level::Edit, "change what somebody else wrote")).await?;
    let mut annotation = annotation.into_active_model();
    if let Some(title) = &change.title {
        annotation.title = Set(text::line("title", title, 200)?);
    }
    if let Some(body) = &change.body {
        annotation.body = Set(text::body("body", body, 10_000)?);
    }
    annotation.updated_at = Set(store.now());
    let annotation = annotation.update(&tx).await?;
    moderated(&tx, store, by, (&annotation, "changed")).await?;
    tx.commit().await?;
    Ok(annotation)
}

/// Deletes an annotation with its comments: the author, who manages its workspace, or who moderates it.
pub(crate) async fn delete(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<(), Error> {
    let given = given(store, who, id);
    rights::either(who.id, |by| delete_as(store, by, id), given).await
}

async fn delete_as(store: &Store, by: By<Level>, id: Uuid) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    let (annotation, _) = entitled(&tx, by, id, (Level::Admin, "delete what somebody else wrote")).await?;
    Entity::delete_by_id(id).exec(&tx).await?;
    moderated(&tx, store, by, (&annotation, "deleted")).await?;
    Ok(tx.commit().await?)
}
