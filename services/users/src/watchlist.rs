//! Watchlists: named lists of series.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    OnConflict, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter, QueryOrder, Set, entity::prelude::*,
    },
};

use crate::{error::Error, profile, store::Store, text};

/// The most watchlists of one person.
pub(crate) const MOST: u64 = 100;
/// The most series of one watchlist.
pub(crate) const MOST_ITEMS: u64 = 500;

/// A named list of series.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "watchlist")]
#[graphql(name = "Watchlist", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    #[graphql(skip)]
    pub user_id: Uuid,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it or what is on it last changed.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// A series on a watchlist.
pub(crate) mod item {
    use async_graphql::SimpleObject;
    use chrono::{DateTime, Utc};
    use platform_database::orm::entity::prelude::*;

    /// A series on a watchlist.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
    #[sea_orm(table_name = "watchlist_item")]
    #[graphql(name = "WatchlistItem", complex)]
    pub(crate) struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        #[graphql(skip)]
        pub id: Uuid,
        /// On which list.
        #[graphql(skip)]
        pub watchlist_id: Uuid,
        /// Which series, by id or `SOURCE:EXTERNAL_ID`.
        #[graphql(skip)]
        pub series: String,
        /// What to look out for.
        pub note: Option<String>,
        /// Since when.
        pub created_at: DateTime<Utc>,
    }

    platform_database::unrelated!();
}

/// Somebody's watchlists, by name.
pub(crate) async fn of(db: &impl ConnectionTrait, user: Uuid) -> Result<Vec<Model>, Error> {
    let lists = Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_asc(Column::Name);
    Ok(lists.all(db).await?)
}

/// What is on lists, the oldest first, by list.
pub(crate) async fn items(db: &impl ConnectionTrait, lists: &[Uuid]) -> Result<HashMap<Uuid, Vec<item::Model>>, Error> {
    let on = item::Column::WatchlistId.is_in(lists.iter().copied());
    let rows = item::Entity::find()
        .filter(on)
        .order_by_asc(item::Column::Id)
        .all(db)
        .await?;
    let mut items: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        items.entry(row.watchlist_id).or_default().push(row);
    }
    Ok(items)
}

/// A watchlist of the caller's. Another's is as if it were not there.
pub(crate) async fn own(db: &impl ConnectionTrait, me: Uuid, id: Uuid) -> Result<Model, Error> {
    let list = Entity::find_by_id(id).filter(Column::UserId.eq(me)).one(db).await?;
    list.ok_or(Error::NoSuch("watchlist"))
}

/// Makes a watchlist for the caller.
pub(crate) async fn create(store: &Store, me: Uuid, name: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    if Entity::find().filter(Column::UserId.eq(me)).count(&tx).await? >= MOST {
        return Err(Error::TooMany {
            what: "watchlists",
            most: MOST,
        });
    }
    let list = Model {
        id: store.id(),
        user_id: me,
        name: text::line("name", name, 100)?,
        created_at: store.now(),
        updated_at: store.now(),
    };
    let list = list.into_active_model().reset_all().insert(&tx).await;
    let list = list.on_unique(name_taken)?;
    tx.commit().await?;
    Ok(list)
}

/// Calls a watchlist of the caller's something else.
pub(crate) async fn rename(store: &Store, me: Uuid, id: Uuid, name: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let mut list = own(&tx, me, id).await?.into_active_model();
    list.name = Set(text::line("name", name, 100)?);
    list.updated_at = Set(store.now());
    let list = list.update(&tx).await.on_unique(name_taken)?;
    tx.commit().await?;
    Ok(list)
}

/// Deletes a watchlist of the caller's.
pub(crate) async fn delete(store: &Store, me: Uuid, id: Uuid) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    own(&tx, me, id).await?;
    Entity::delete_by_id(id).exec(&tx).await?;
    Ok(tx.commit().await?)
}

/// Puts a series on a watchlist of the caller's.
pub(crate) async fn add(
    store: &Store,
    (me, id): (Uuid, Uuid),
    series: &str,
    note: Option<&str>,
) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    let list = own(&tx, me, id).await?;
    let on = item::Column::WatchlistId.eq(id);
    if item::Entity::find().filter(on).count(&tx).await? >= MOST_ITEMS {
        return Err(Error::TooMany {
            what: "series on a watchlist",
            most: MOST_ITEMS,
        });
    }
    let item = item::Model {
        id: store.id(),
        watchlist_id: id,
        series: text::series(series)?,
        note: text::optional("note", note, 2_000)?,
        created_at: store.now(),
    };
    let added = item.into_active_model().reset_all().insert(&tx).await;
    added.on_unique(|| Error::Taken("that series is on the watchlist already"))?;
    touched(tx, list, store.now()).await
}

/// Takes a series off a watchlist of the caller's. One that is not on it is fine.
pub(crate) async fn remove(store: &Store, me: Uuid, id: Uuid, series: &str) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let list = own(&tx, me, id).await?;
    let on = Condition::all()
        .add(item::Column::WatchlistId.eq(id))
        .add(item::Column::Series.eq(text::series(series)?));
    item::Entity::delete_many().filter(on).exec(&tx).await?;
    touched(tx, list, store.now()).await
}

async fn touched(tx: Tx, list: Model, now: DateTime<Utc>) -> Result<Model, Error> {
    let mut list = list.into_active_model();
    list.updated_at = Set(now);
    let list = list.update(&tx).await?;
    tx.commit().await?;
    Ok(list)
}

fn name_taken() -> Error {
    Error::Taken("you have a watchlist of that name already")
}
