//! With whom charts are shared, and what each may do with them.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set, entity::prelude::*, sea_query::LockType,
    },
};
use serde_json::json;

use super::{entitled, given, owned};
use crate::{
    asker::Asker,
    error::Error,
    level::Level,
    news::{self, Deed},
    preference, profile,
    rights::{self, By},
    store::Store,
};

/// The most people a chart is shared with.
const MOST: u64 = 200;
/// The most charts of one person that are shared with the same other one, so that nobody finds only those of a stranger
/// among their own.
const MOST_WITH_ONE: u64 = 50;

/// With whom a chart is shared.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "chart_share")]
#[graphql(name = "ChartCollaborator", complex)]
pub(crate) struct Model {
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

platform_database::unrelated!();

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
    rights::either(who.id, |by| set_as(store, by, with, level), given).await
}

async fn set_as(
    store: &Store,
    by: By<Level>,
    (id, user): (Uuid, Uuid),
    level: Option<Level>,
) -> Result<super::Model, Error> {
    let tx = store.db.begin().await?;
    // Whoever it is shared with may let go of it.
    let least = if level.is_none() && user == by.me {
        Level::View
    } else {
        Level::Admin
    };
    let (chart, _) = entitled(&tx, by, id, (least, "share this chart")).await?;
    if user == chart.owner_id {
        return Err(Error::field("userId", "is the owner, who may do everything"));
    }
    let is_done = match level {
        Some(level) => {
            share(&tx, store, &chart, (user, level)).await?;
            true
        }
        None => end(&tx, (id, user)).await?,
    };
    if is_done {
        let deed = Deed {
            by: by.me,
            workspace: None,
            action: level.map_or("charts.unshared", |_| "charts.shared"),
            target: ("chart", id),
            facts: json!({ "with": user, "level": level.map(|level| level.to_value()) }),
        };
        news::done(&tx, store, deed).await?;
    }
    tx.commit().await?;
    Ok(chart)
}

async fn share(tx: &Tx, store: &Store, chart: &super::Model, (user, level): (Uuid, Level)) -> Result<(), Error> {
    // Of two charts of one person that are shared at once, the second is counted with the first.
    let owner = tx.hold::<profile::Entity>(chart.owner_id).await?;
    owner.ok_or(Error::NoSuch("chart"))?;
    let before = Entity::find()
        .filter(between(chart.id, user))
        .lock(LockType::NoKeyUpdate);
    if let Some(before) = before.one(tx).await? {
        let mut share = before.into_active_model();
        share.level = Set(level);
        share.update(tx).await?;
        return Ok(());
    }
    wants_to(tx, user).await?;
    has_room(tx, chart, user).await?;
    let share = Model {
        id: store.id(),
        chart_id: chart.id,
        user_id: user,
        level,
        created_at: store.now(),
    };
    share.into_active_model().reset_all().insert(tx).await?;
    Ok(())
}

/// Ends the sharing of a chart with somebody; false where there was none.
async fn end(tx: &Tx, (chart, user): (Uuid, Uuid)) -> Result<bool, Error> {
    let ended = Entity::delete_many().filter(between(chart, user)).exec(tx).await?;
    Ok(ended.rows_affected > 0)
}

fn between(chart: Uuid, user: Uuid) -> Condition {
    Condition::all()
        .add(Column::ChartId.eq(chart))
        .add(Column::UserId.eq(user))
}

/// Refuses one more where there are as many as there may be.
async fn has_room(tx: &Tx, chart: &super::Model, user: Uuid) -> Result<(), Error> {
    let of_owner = owned(chart.owner_id)
        .select_only()
        .column(super::Column::Id)
        .into_query();
    let of_chart = Entity::find().filter(Column::ChartId.eq(chart.id));
    let with_one = Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::ChartId.in_subquery(of_owner));
    let counts = [
        (of_chart, "people a chart is shared with", MOST),
        (with_one, "charts of one person shared with one other", MOST_WITH_ONE),
    ];
    for (counted, what, most) in counts {
        if counted.count(tx).await? >= most {
            return Err(Error::TooMany { what, most });
        }
    }
    Ok(())
}

/// Somebody who is not there and somebody who does not want to be shared with look the same. Whoever is there stays until
/// the transaction ends.
async fn wants_to(tx: &Tx, user: Uuid) -> Result<(), Error> {
    let nobody = || Error::NoSuch("person who takes part in sharing");
    let user = profile::Entity::find_by_id(user)
        .lock(LockType::KeyShare)
        .one(tx)
        .await?;
    match preference::of(tx, &user.ok_or_else(nobody)?).await?.collaboration {
        true => Ok(()),
        false => Err(nobody()),
    }
}
