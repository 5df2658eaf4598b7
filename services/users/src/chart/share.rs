//! With whom charts are shared, and what each may do with them.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter, QueryOrder, entity::prelude::*,
    },
};
use serde_json::json;

use super::{As, entitled, given};
use crate::{
    asker::Asker,
    error::Error,
    level::Level,
    news::{self, Deed},
    preference, profile, rights,
    store::Store,
};

/// The most people a chart is shared with.
const MOST: u64 = 200;

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

/// With whom charts are shared, by chart.
pub(crate) async fn of(db: &impl ConnectionTrait, charts: &[Uuid]) -> Result<HashMap<Uuid, Vec<Model>>, Error> {
    let of = Column::ChartId.is_in(charts.iter().copied());
    let rows = Entity::find().filter(of).order_by_asc(Column::Id);
    let mut shares: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows.all(db).await? {
        shares.entry(row.chart_id).or_default().push(row);
    }
    Ok(shares)
}

/// Shares a chart with somebody, or changes what they may do with it; with no level, shares it no longer.
pub(crate) async fn set(
    store: &Store,
    who: &Asker<'_>,
    with: (Uuid, Uuid),
    level: Option<Level>,
) -> Result<super::Model, Error> {
    let given = async { Ok(given(store, who, with.0, &[Level::Admin]).await) };
    rights::either(|given| set_as(store, (who.id, given), with, level), given).await
}

async fn set_as(store: &Store, me: As, (id, user): (Uuid, Uuid), level: Option<Level>) -> Result<super::Model, Error> {
    let tx = store.db.begin().await?;
    // Whoever it is shared with may let go of it.
    let least = if level.is_none() && user == me.0 {
        Level::View
    } else {
        Level::Admin
    };
    let (chart, _) = entitled(&tx, me, id, (least, "share this chart")).await?;
    if user == chart.owner_id {
        return Err(Error::field("userId", "is the owner, who may do everything"));
    }
    let with = Condition::all()
        .add(Column::ChartId.eq(id))
        .add(Column::UserId.eq(user));
    Entity::delete_many().filter(with).exec(&tx).await?;
    if let Some(level) = level {
        wants_to(&tx, user).await?;
        if Entity::find().filter(Column::ChartId.eq(id)).count(&tx).await? >= MOST {
            return Err(Error::TooMany {
                what: "people a chart is shared with",
                most: MOST,
            });
        }
        let share = Model {
            id: store.id(),
            chart_id: id,
            user_id: user,
            level,
            created_at: store.now(),
        };
        share.into_active_model().reset_all().insert(&tx).await?;
    }
    let deed = Deed {
        by: me.0,
        workspace: None,
        action: level.map_or("charts.unshared", |_| "charts.shared"),
        target: ("chart", id),
        facts: json!({ "with": user, "level": level.map(|level| level.to_value()) }),
    };
    news::done(&tx, store, deed).await?;
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
