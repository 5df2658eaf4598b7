//! Saved series: what somebody keeps at hand.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    OnConflict,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter, QueryOrder, entity::prelude::*,
    },
};

use crate::{error::Error, profile, store::Store, text};

/// The most that somebody may save.
pub(crate) const MOST: u64 = 1_000;

/// A saved series.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "saved_series")]
#[graphql(name = "SavedSeries", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    /// Who saved it.
    #[graphql(skip)]
    pub user_id: Uuid,
    /// Which series, by id or `SOURCE:EXTERNAL_ID`.
    #[graphql(skip)]
    pub series: String,
    /// What for.
    pub note: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// What somebody saved, the oldest first.
pub(crate) async fn of(db: &impl ConnectionTrait, user: Uuid) -> Result<Vec<Model>, Error> {
    let saved = Entity::find().filter(Column::UserId.eq(user)).order_by_asc(Column::Id);
    Ok(saved.all(db).await?)
}

/// Saves a series for the caller.
pub(crate) async fn add(store: &Store, me: Uuid, series: &str, note: Option<&str>) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    let saved = Model {
        id: store.id(),
        user_id: me,
        series: text::series(series)?,
        note: text::optional("note", note, 2_000)?,
        created_at: store.now(),
    };
    if Entity::find().filter(Column::UserId.eq(me)).count(&tx).await? >= MOST {
        return Err(Error::TooMany {
            what: "saved series",
            most: MOST,
        });
    }
    let saved = saved.into_active_model().reset_all().insert(&tx).await;
    let saved = saved.on_unique(|| Error::Taken("you have saved that series already"))?;
    tx.commit().await?;
    Ok(saved)
}

/// Forgets a series that the caller saved; false when it was none.
pub(crate) async fn remove(store: &Store, me: Uuid, series: &str) -> Result<bool, Error> {
    let tx = store.db.begin().await?;
    let own = Condition::all()
        .add(Column::UserId.eq(me))
        .add(Column::Series.eq(text::series(series)?));
    let gone = Entity::delete_many().filter(own).exec(&tx).await?;
    tx.commit().await?;
    Ok(gone.rows_affected > 0)
}
