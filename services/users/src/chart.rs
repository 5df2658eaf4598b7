//! Charts that are shared: view < comment < edit < admin.

pub(crate) mod share;

use std::collections::HashMap;

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use contracts::permissions::About;
use platform_database::orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect, QueryTrait, Set, entity::prelude::*,
};

use crate::{
    asker::Asker,
    error::Error,
    level::Level,
    profile,
    rights::{self, By},
    store::Store,
    text,
};

/// The most charts of one person.
const MOST: u64 = 1_000;
/// The largest drawing, as JSON.
const LARGEST: usize = 64 << 10;
/// The levels of a drawing: JSON of any depth is written, and read only to 127, of which answers around it take some.
const DEEPEST: usize = 100;

/// A chart: what is drawn, and how.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "chart")]
#[graphql(name = "Chart", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    #[graphql(skip)]
    pub owner_id: Uuid,
    /// What it is called.
    pub title: String,
    /// What it shows.
    pub description: Option<String>,
    /// What is drawn and how: a JSON object that the client understands.
    #[graphql(skip)]
    pub spec: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// A new chart.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "ChartInput")]
pub(crate) struct New {
    /// What it is called.
    pub title: String,
    /// What it shows.
    pub description: Option<String>,
    /// What is drawn and how: a JSON object of at most 64 kB and 100 levels.
    pub spec: async_graphql::Json<serde_json::Map<String, serde_json::Value>>,
}

/// What a chart may become; what is absent stays as it is.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "ChartChange")]
pub(crate) struct Change {
    /// What it is called.
    pub title: Option<String>,
    /// What it shows; an empty text is nothing.
    pub description: Option<String>,
    /// What is drawn and how: a JSON object of at most 64 kB and 100 levels.
    pub spec: Option<async_graphql::Json<serde_json::Map<String, serde_json::Value>>>,
}

/// Charts that the caller owns or that are shared with them.
pub(crate) fn visible(me: Uuid) -> Select<Entity> {
    let shared = share::Entity::find()
        .select_only()
        .column(share::Column::ChartId)
        .filter(share::Column::UserId.eq(me));
    let mine = Condition::any()
        .add(Column::OwnerId.eq(me))
        .add(Column::Id.in_subquery(shared.into_query()));
    Entity::find().filter(mine)
}

/// Charts that somebody owns.
pub(crate) fn owned(owner: Uuid) -> Select<Entity> {
    Entity::find().filter(Column::OwnerId.eq(owner))
}

/// What people may do with charts: each pair names a person and a chart.
pub(crate) async fn levels(
    db: &impl ConnectionTrait,
    asked: &[(Uuid, Uuid)],
) -> Result<HashMap<(Uuid, Uuid), Level>, Error> {
    let charts = || asked.iter().map(|(_, chart)| *chart);
    let people = || asked.iter().map(|(person, _)| *person);
    let owned = Entity::find()
        .filter(Column::Id.is_in(charts()))
        .filter(Column::OwnerId.is_in(people()));
    let shared = share::Entity::find()
        .filter(share::Column::ChartId.is_in(charts()))
        .filter(share::Column::UserId.is_in(people()));
    let owned = owned
        .select_only()
        .columns([Column::OwnerId, Column::Id])
        .into_tuple::<(Uuid, Uuid)>();
    let shared = shared.all(db).await?.into_iter();
    let mut levels: HashMap<_, _> = shared
        .map(|share| ((share.user_id, share.chart_id), share.level))
        .collect();
    levels.extend(owned.all(db).await?.into_iter().map(|pair| (pair, Level::Admin)));
    Ok(levels)
}

/// A chart with which the caller may do `least`, by their own level or by one they were given. One that they may not
/// see is as if it were not there.
pub(crate) async fn entitled(
    db: &impl ConnectionTrait,
    By { me, given }: By<Level>,
    id: Uuid,
    (least, what): (Level, &'static str),
) -> Result<(Model, Level), Error> {
    let chart = Entity::find_by_id(id).one(db).await?.ok_or(Error::NoSuch("chart"))?;
    let own = levels(db, &[(me, id)]).await?.remove(&(me, id));
    let level = own.max(given).ok_or(Error::NoSuch("chart"))?.at_least(least, what)?;
    Ok((chart, level))
}

/// What `security` gives the caller with a chart: the first of these levels, or else that they see it. Nothing where it
/// does not say.
pub(crate) async fn given(store: &Store, who: &Asker<'_>, id: Uuid, levels: &[Level]) -> Option<Level> {
    let about = About::thing("chart", id);
    for level in levels.iter().chain(&[Level::View]) {
        let permission = match level {
            Level::View => "chart:view",
            Level::Comment => "chart:comment",
            Level::Edit => "chart:edit",
            Level::Admin => "chart:admin",
        };
        if store.gives(who, permission, &about).await? {
            return Some(*level);
        }
    }
    None
}

/// A chart that the caller may see.
pub(crate) async fn seen(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<Model, Error> {
    let view = (Level::View, "see this chart");
    let given = async { Ok(given(store, who, id, &[]).await) };
    let seen = |by| entitled(store.db.read(), by, id, view);
    Ok(rights::either(who.id, seen, given).await?.0)
}

/// Makes a chart, which is the caller's.
pub(crate) async fn create(store: &Store, me: Uuid, new: New) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    if owned(me).count(&tx).await? >= MOST {
        return Err(Error::TooMany {
            what: "charts",
            most: MOST,
        });
    }
    let chart = Model {
        id: store.id(),
        owner_id: me,
        title: text::line("title", &new.title, 200)?,
        description: text::optional("description", new.description.as_deref(), 2_000)?,
        spec: spec(&new.spec)?,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let chart = chart.into_active_model().reset_all().insert(&tx).await?;
    tx.commit().await?;
    Ok(chart)
}

/// Changes a chart, for those who may edit it.
pub(crate) async fn change(store: &Store, who: &Asker<'_>, id: Uuid, change: &Change) -> Result<Model, Error> {
    let given = async { Ok(given(store, who, id, &[Level::Edit]).await) };
    rights::either(who.id, |by| change_as(store, by, id, change), given).await
}

async fn change_as(store: &Store, by: By<Level>, id: Uuid, change: &Change) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let (chart, _) = entitled(&tx, by, id, (Level::Edit, "change this chart")).await?;
    let mut chart = chart.into_active_model();
    if let Some(title) = &change.title {
        chart.title = Set(text::line("title", title, 200)?);
    }
    if change.description.is_some() {
        chart.description = Set(text::optional("description", change.description.as_deref(), 2_000)?);
    }
    if let Some(drawing) = &change.spec {
        chart.spec = Set(spec(drawing)?);
    }
    chart.updated_at = Set(store.now());
    let chart = chart.update(&tx).await?;
    tx.commit().await?;
    Ok(chart)
}

/// Deletes a chart of the caller's.
pub(crate) async fn delete(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<(), Error> {
    let given = async { Ok(given(store, who, id, &[]).await) };
    rights::either(who.id, |by| delete_as(store, by, id), given).await
}

async fn delete_as(store: &Store, by: By<Level>, id: Uuid) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    let (chart, _) = entitled(&tx, by, id, (Level::View, "see this chart")).await?;
    if chart.owner_id != by.me {
        return Err(Error::MayNot("delete a chart that is not yours"));
    }
    Entity::delete_by_id(id).exec(&tx).await?;
    Ok(tx.commit().await?)
}

fn spec(given: &serde_json::Map<String, serde_json::Value>) -> Result<String, Error> {
    let json = serde_json::to_string(given).map_err(platform_error::Error::internal)?;
    if json.len() > LARGEST {
        let reason = format!("has {} bytes: at most {LARGEST} are kept", json.len());
        return Err(Error::field("spec", reason));
    }
    let deepest = 1 + given.values().map(depth).max().unwrap_or_default();
    if deepest > DEEPEST {
        let reason = format!("has {deepest} levels: at most {DEEPEST} are kept");
        return Err(Error::field("spec", reason));
    }
    Ok(json)
}

/// How many lists and objects are inside one another.
fn depth(value: &serde_json::Value) -> usize {
    let below = match value {
        serde_json::Value::Array(items) => items.iter().map(depth).max(),
        serde_json::Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + below.unwrap_or_default()
}
