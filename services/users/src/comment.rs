//! Comments on annotations and charts, in threads.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
        QuerySelect, Set, entity::prelude::*, sea_query::Expr,
    },
};
use serde_json::json;

use crate::{
    annotation,
    asker::Asker,
    chart,
    error::Error,
    level::Level,
    news::{self, Deed},
    profile,
    rights::{self, By},
    store::Store,
    text,
};

/// How deep an answer to an answer may go.
const DEEPEST: i32 = 8;
/// The most comments on one annotation or chart.
const MOST: u64 = 10_000;
/// The most of them by one person, so that nobody fills a thread alone.
const MOST_OF_ONE: u64 = 1_000;
/// The most comments of one person, wherever they are.
const MOST_EVERYWHERE: u64 = 10_000;

/// A comment on an annotation or a chart. One that was deleted after it was answered keeps its place in the thread and has
/// neither text nor author.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "comment")]
#[graphql(name = "Comment", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// On which annotation, where it is on one.
    pub annotation_id: Option<Uuid>,
    /// On which chart, where it is on one.
    pub chart_id: Option<Uuid>,
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

platform_database::unrelated!();

/// What can be commented on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An annotation.
    Annotation(Uuid),
    /// A chart.
    Chart(Uuid),
}

impl Subject {
    /// Refuses who may do less with it. What somebody may not see is as if it were not there.
    async fn entitled(
        self,
        db: &impl ConnectionTrait,
        by: By<Level>,
        least: (Level, &'static str),
    ) -> Result<Level, Error> {
        match self {
            Self::Annotation(id) => Ok(annotation::entitled(db, by, id, least).await?.1),
            Self::Chart(id) => Ok(chart::entitled(db, by, id, least).await?.1),
        }
    }

    /// Holds it, so that of two who comment on it at once the second counts what the first has said.
    async fn hold(self, tx: &Tx) -> Result<(), Error> {
        let (is_there, what) = match self {
            Self::Annotation(id) => (tx.hold::<annotation::Entity>(id).await?.is_some(), "annotation"),
            Self::Chart(id) => (tx.hold::<chart::Entity>(id).await?.is_some(), "chart"),
        };
        is_there.then_some(()).ok_or(Error::NoSuch(what))
    }

    /// What `security` gives the caller with it, where that is one of `levels`. Who moderates an annotation removes
    /// what others said to it, and comments on it no more than they may anyway.
    async fn given(self, store: &Store, who: &Asker<'_>, levels: &[Level]) -> Result<Option<Level>, Error> {
        match self {
            Self::Annotation(id) if levels.contains(&Level::Admin) => annotation::given(store, who, id).await,
            Self::Annotation(_) => Ok(None),
            Self::Chart(id) => Ok(chart::given(store, who, id, levels).await),
        }
    }
}

/// The comments on something; the caller must be known to see it.
pub(crate) fn on(subject: Subject) -> Select<Entity> {
    Entity::find().filter(match subject {
        Subject::Annotation(id) => Column::AnnotationId.eq(id),
        Subject::Chart(id) => Column::ChartId.eq(id),
    })
}

/// Comments on something, or answers a comment on it.
pub(crate) async fn add(
    store: &Store,
    who: &Asker<'_>,
    at: (Subject, Option<Uuid>),
    body: &str,
) -> Result<Model, Error> {
    let given = at.0.given(store, who, &[Level::Comment]);
    rights::either(who.id, |by| add_as(store, by, at, body), given).await
}

async fn add_as(
    store: &Store,
    by: By<Level>,
    (subject, parent): (Subject, Option<Uuid>),
    body: &str,
) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, by.me).await?;
    subject.entitled(&tx, by, (Level::Comment, "comment on this")).await?;
    subject.hold(&tx).await?;
    let depth = match parent {
        None => 0,
        Some(parent) => {
            let above = on(subject).filter(Column::Id.eq(parent)).one(&tx).await?;
            above.ok_or(Error::NoSuch("comment"))?.depth + 1
        }
    };
    if depth > DEEPEST {
        return Err(Error::field("parentId", "is too deep in its thread: answer further up"));
    }
    has_room(&tx, by.me, subject).await?;
    let (annotation_id, chart_id) = match subject {
        Subject::Annotation(id) => (Some(id), None),
        Subject::Chart(id) => (None, Some(id)),
    };
    let comment = Model {
        id: store.id(),
        annotation_id,
        chart_id,
        parent_id: parent,
        author_id: Some(by.me),
        body: Some(text::body("body", body, 5_000)?),
        depth,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let comment = comment.into_active_model().reset_all().insert(&tx).await?;
    tx.commit().await?;
    Ok(comment)
}

/// Refuses one more where there are as many as there may be.
async fn has_room(tx: &Tx, me: Uuid, subject: Subject) -> Result<(), Error> {
    let of_me = Column::AuthorId.eq(me);
    let here = on(subject).filter(of_me.clone());
    let counts = [
        (on(subject), "comments on one thing", MOST),
        (here, "comments of one person on one thing", MOST_OF_ONE),
        (Entity::find().filter(of_me), "comments of one person", MOST_EVERYWHERE),
    ];
    for (counted, what, most) in counts {
        if counted.count(tx).await? >= most {
            return Err(Error::TooMany { what, most });
        }
    }
    Ok(())
}

/// Changes a comment of the caller's.
pub(crate) async fn change(store: &Store, who: &Asker<'_>, id: Uuid, body: &str) -> Result<Model, Error> {
    let given = given(store, who, id, &[Level::Comment]);
    rights::either(who.id, |by| change_as(store, by, id, body), given).await
}

async fn change_as(store: &Store, by: By<Level>, id: Uuid, body: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, by.me).await?;
    let (comment, level) = seen(&tx, by, id).await?;
    level.at_least(Level::Comment, "comment on this")?;
    if comment.author_id != Some(by.me) {
        return Err(Error::MayNot("change what somebody else wrote"));
    }
    let mut comment = comment.into_active_model();
    comment.body = Set(Some(text::body("body", body, 5_000)?));
    comment.updated_at = Set(store.now());
    let comment = comment.update(&tx).await?;
    tx.commit().await?;
    Ok(comment)
}

/// Deletes a comment: its author, who may do everything with what it is on, or who moderates that. Answers stay, and for
/// them its place.
pub(crate) async fn delete(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<Model, Error> {
    let given = given(store, who, id, &[Level::Admin]);
    rights::either(who.id, |by| delete_as(store, by, id), given).await
}

async fn delete_as(store: &Store, by: By<Level>, id: Uuid) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let (comment, level) = seen(&tx, by, id).await?;
    if comment.author_id != Some(by.me) {
        level.at_least(Level::Admin, "delete what somebody else wrote")?;
        moderated(&tx, store, by, &comment).await?;
    }
    // Held, so that nobody answers it meanwhile.
    Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let mut comment = comment.into_active_model();
    (comment.body, comment.author_id) = (Set(None), Set(None));
    comment.updated_at = Set(store.now());
    let comment = comment.update(&tx).await?;
    if Entity::find().filter(Column::ParentId.eq(id)).count(&tx).await? == 0 {
        Entity::delete_by_id(id).exec(&tx).await?;
    }
    tx.commit().await?;
    Ok(comment)
}

/// Has it written down where somebody deletes by permission what they could not have deleted as what they are.
async fn moderated(tx: &Tx, store: &Store, by: By<Level>, comment: &Model) -> Result<(), Error> {
    if by.given.is_none() {
        return Ok(());
    }
    let workspace = match comment.annotation_id {
        Some(id) => annotation::Entity::find_by_id(id).one(tx).await?,
        None => None,
    };
    let deed = Deed {
        by: by.me,
        workspace: workspace.and_then(|annotation| annotation.workspace_id),
        action: "comments.moderated",
        target: ("comment", comment.id),
        facts: json!({ "author": comment.author_id, "done": "deleted" }),
    };
    news::done(tx, store, deed).await
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

/// What `security` gives the caller with what a comment is on, where that is one of `levels`.
async fn given(store: &Store, who: &Asker<'_>, id: Uuid, levels: &[Level]) -> Result<Option<Level>, Error> {
    match find(store.db.read(), id).await {
        Err(Error::NoSuch(_)) => Ok(None),
        found => found?.1.given(store, who, levels).await,
    }
}

/// A comment, and what it is on.
async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<(Model, Subject), Error> {
    let nothing = || Error::NoSuch("comment");
    let comment = Entity::find_by_id(id).one(db).await?.ok_or_else(nothing)?;
    let subject = match (comment.annotation_id, comment.chart_id) {
        (Some(annotation), _) => Subject::Annotation(annotation),
        (None, Some(chart)) => Subject::Chart(chart),
        (None, None) => return Err(nothing()),
    };
    Ok((comment, subject))
}

/// A comment on something that the caller may see, and what they may do with that.
async fn seen(tx: &Tx, by: By<Level>, id: Uuid) -> Result<(Model, Level), Error> {
    let nothing = || Error::NoSuch("comment");
    let (comment, subject) = find(tx, id).await?;
    match subject.entitled(tx, by, (Level::View, "see this")).await {
        Err(Error::NoSuch(_)) => Err(nothing()),
        level => Ok((comment, level?)),
    }
}
