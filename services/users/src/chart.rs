//! Charts that are shared: view < comment < edit < admin.

use std::collections::HashMap;

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveActiveEnum, EntityTrait, IntoActiveModel,
        PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set, entity::prelude::*,
    },
};

use crate::{error::Error, preference, profile, store::Store, text};

/// The most charts of one person.
const MOST: u64 = 1_000;
/// The most people a chart is shared with.
const MOST_SHARES: u64 = 200;
/// The largest drawing, as JSON.
const LARGEST: usize = 64 << 10;

/// What somebody may do with a chart, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[graphql(name = "ShareLevel")]
pub enum Level {
    /// Sees it.
    View,
    /// Says something to it too.
    Comment,
    /// Changes it too.
    Edit,
    /// Shares it too.
    Admin,
}

/// A chart: what is drawn, and how.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "chart")]
#[graphql(name = "Chart", complex)]
pub struct Model {
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

/// None: rows are joined by hand where it matters.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// With whom a chart is shared.
pub mod share {
    use async_graphql::SimpleObject;
    use chrono::{DateTime, Utc};
    use platform_database::orm::entity::prelude::*;

    use super::Level;

    /// With whom a chart is shared.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
    #[sea_orm(table_name = "chart_share")]
    #[graphql(name = "ChartCollaborator", complex)]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        #[graphql(skip)]
        pub id: Uuid,
        /// Which chart.
        #[graphql(skip)]
        pub chart_id: Uuid,
        /// With whom.
        #[graphql(skip)]
        pub user_id: Uuid,
        /// What they may do with it.
        pub level: Level,
        /// Since when.
        pub created_at: DateTime<Utc>,
    }

    /// None: rows are joined by hand where it matters.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A new chart.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "ChartInput")]
pub struct New {
    /// What it is called.
    pub title: String,
    /// What it shows.
    pub description: Option<String>,
    /// What is drawn and how: a JSON object of at most 64 kB.
    pub spec: async_graphql::Json<serde_json::Map<String, serde_json::Value>>,
}

/// What a chart may become; what is absent stays as it is.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "ChartChange")]
pub struct Change {
    /// What it is called.
    pub title: Option<String>,
    /// What it shows; an empty text is nothing.
    pub description: Option<String>,
    /// What is drawn and how: a JSON object of at most 64 kB.
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

/// What the caller may do with each of some charts.
pub(crate) async fn levels(
    db: &impl ConnectionTrait,
    me: Uuid,
    charts: &[Model],
) -> Result<HashMap<Uuid, Level>, Error> {
    let shared = Condition::all()
        .add(share::Column::UserId.eq(me))
        .add(share::Column::ChartId.is_in(charts.iter().map(|chart| chart.id)));
    let shares = share::Entity::find().filter(shared).all(db).await?;
    let shared = shares.into_iter().map(|share| (share.chart_id, share.level));
    let own = charts.iter().filter(|chart| chart.owner_id == me);
    Ok(shared.chain(own.map(|chart| (chart.id, Level::Admin))).collect())
}

/// A chart with which the caller may do `least`. One that they may not see is as if it were not there.
pub(crate) async fn entitled(
    db: &impl ConnectionTrait,
    me: Uuid,
    id: Uuid,
    (least, what): (Level, &'static str),
) -> Result<(Model, Level), Error> {
    let chart = Entity::find_by_id(id).one(db).await?.ok_or(Error::NoSuch("chart"))?;
    match levels(db, me, std::slice::from_ref(&chart)).await?.get(&id) {
        None => Err(Error::NoSuch("chart")),
        Some(level) if *level < least => Err(Error::MayNot(what)),
        Some(level) => Ok((chart, *level)),
    }
}

/// With whom a chart is shared, for those who see it.
pub(crate) async fn shares(db: &impl ConnectionTrait, me: Uuid, id: Uuid) -> Result<Vec<share::Model>, Error> {
    entitled(db, me, id, (Level::View, "see this chart")).await?;
    let shares = share::Entity::find().filter(share::Column::ChartId.eq(id));
    Ok(shares.order_by_asc(share::Column::Id).all(db).await?)
}

/// Makes a chart, which is the caller's.
pub(crate) async fn create(store: &Store, me: Uuid, new: New) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::own(&tx, me).await?;
    if Entity::find().filter(Column::OwnerId.eq(me)).count(&tx).await? >= MOST {
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
pub(crate) async fn change(store: &Store, me: Uuid, id: Uuid, change: Change) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let (chart, _) = entitled(&tx, me, id, (Level::Edit, "change this chart")).await?;
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
pub(crate) async fn delete(store: &Store, me: Uuid, id: Uuid) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    let (chart, _) = entitled(&tx, me, id, (Level::Admin, "delete this chart")).await?;
    if chart.owner_id != me {
        return Err(Error::MayNot("delete a chart that is not yours"));
    }
    Entity::delete_by_id(id).exec(&tx).await?;
    Ok(tx.commit().await?)
}

/// Shares a chart with somebody, or changes what they may do with it; with no level, shares it no longer.
pub(crate) async fn share(
    store: &Store,
    me: Uuid,
    (id, user): (Uuid, Uuid),
    level: Option<Level>,
) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    // Whoever it is shared with may let go of it.
    let least = if level.is_none() && user == me {
        Level::View
    } else {
        Level::Admin
    };
    let (chart, _) = entitled(&tx, me, id, (least, "share this chart")).await?;
    if user == chart.owner_id {
        return Err(Error::field("userId", "is the owner, who may do everything"));
    }
    let with = Condition::all()
        .add(share::Column::ChartId.eq(id))
        .add(share::Column::UserId.eq(user));
    share::Entity::delete_many().filter(with).exec(&tx).await?;
    if let Some(level) = level {
        wants_to(&tx, user).await?;
        if share::Entity::find()
            .filter(share::Column::ChartId.eq(id))
            .count(&tx)
            .await?
            >= MOST_SHARES
        {
            return Err(Error::TooMany {
                what: "people a chart is shared with",
                most: MOST_SHARES,
            });
        }
        let share = share::Model {
            id: store.id(),
            chart_id: id,
            user_id: user,
            level,
            created_at: store.now(),
        };
        share.into_active_model().reset_all().insert(&tx).await?;
    }
    tx.commit().await?;
    Ok(chart)
}

/// Somebody who is not there and somebody who does not want to be shared with look the same.
async fn wants_to(tx: &Tx, user: Uuid) -> Result<(), Error> {
    let nobody = || Error::NoSuch("person who takes part in sharing");
    let user = profile::find(tx, user).await?.ok_or_else(nobody)?;
    match preference::of(tx, &user).await?.collaboration {
        true => Ok(()),
        false => Err(nobody()),
    }
}

fn spec(given: &serde_json::Map<String, serde_json::Value>) -> Result<String, Error> {
    let json = serde_json::to_string(given).map_err(platform_error::Error::internal)?;
    match json.len() <= LARGEST {
        true => Ok(json),
        false => Err(Error::field(
            "spec",
            format!("has {} bytes: at most {LARGEST} are kept", json.len()),
        )),
    }
}
