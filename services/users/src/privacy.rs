//! What the law gives to people: all that is known of them, and that it is forgotten.

mod known;
mod others;
mod pieces;
mod turn;

use std::collections::BTreeSet;

use async_graphql::SimpleObject;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::privacy::ExportPart;
use futures::{StreamExt, stream};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
        QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
    },
};
use serde_json::json;

use crate::{comment, error::Error, invitation, news, profile, store::Store, workspace};
use known::known;
use pieces::{Pieces, object, value};
pub(crate) use turn::Turns;

/// How long an export may be fetched.
const LIFE: TimeDelta = TimeDelta::days(7);
/// The most exports of a person that wait to be fetched.
const MOST: u64 = 3;

/// An export of all that is known of somebody.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "data_export")]
#[graphql(name = "DataExport", complex)]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Of whom, and for whom alone.
    #[graphql(skip)]
    pub user_id: Uuid,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Until when it may be fetched.
    pub expires_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// What one service knows, or as much of it as one event carries.
pub(crate) mod part {
    use chrono::{DateTime, Utc};
    use platform_database::orm::entity::prelude::*;

    /// What one service knows.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "data_export_part")]
    pub(crate) struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// For which export.
        pub export_id: Uuid,
        /// Which service.
        pub service: String,
        /// Which of the service's parts.
        pub number: i32,
        /// What it knows, as JSON.
        pub data: String,
        /// When it arrived.
        pub created_at: DateTime<Utc>,
    }

    platform_database::unrelated!();
}

/// Asks every service for what it knows of the caller.
pub(crate) async fn request(store: &Store, me: Uuid) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    profile::hold(&tx, me).await?;
    clear(&tx, store.now()).await?;
    if Entity::find().filter(Column::UserId.eq(me)).count(&tx).await? >= MOST {
        return Err(Error::TooMany {
            what: "exports in a week",
            most: MOST,
        });
    }
    let export = Model {
        id: store.id(),
        user_id: me,
        created_at: store.now(),
        expires_at: store.now() + LIFE,
    };
    let export = export.into_active_model().reset_all().insert(&tx).await?;
    news::export_requested(&tx, store, export.id, me).await?;
    tx.commit().await?;
    Ok(export)
}

/// The caller's exports, the newest first.
pub(crate) async fn own(store: &Store, me: Uuid) -> Result<Vec<Model>, Error> {
    let alive = Condition::all()
        .add(Column::UserId.eq(me))
        .add(Column::ExpiresAt.gt(store.now()));
    Ok(Entity::find()
        .filter(alive)
        .order_by_desc(Column::Id)
        .all(store.db.read())
        .await?)
}

/// An export of the caller's as JSON: what this service knows now, and what others told that has arrived. It is read while
/// it is fetched.
pub(crate) async fn fetch(store: &Store, me: Uuid, id: Uuid) -> Result<Pieces, Error> {
    let export = own(store, me).await?.into_iter().find(|export| export.id == id);
    let export = export.ok_or(Error::NoSuch("export"))?;
    let turn = store.turns.take(me)?;
    let (own, names) = (store.context.service(), services(store, id).await?);
    let mut services = vec![(own, known(store, me).await?)];
    let arrived = names.iter().filter(|name| *name != own);
    services.extend(arrived.map(|name| (name.as_str(), others::told(store, id, name))));
    let whole = object(vec![
        ("user", value(&json!(me))),
        ("requestedAt", value(&json!(export.created_at))),
        ("services", object(services)),
    ]);
    let pieces = stream::unfold((whole, turn), |(mut whole, turn)| async move {
        let piece = whole.next().await?;
        Some((piece, (whole, turn)))
    });
    // A body is asked again after its end.
    Ok(pieces.fuse().boxed())
}

/// Forgets exports whose time is over, with all that is in them.
pub(crate) async fn clear(tx: &Tx, now: DateTime<Utc>) -> Result<(), Error> {
    let over = Entity::delete_many().filter(Column::ExpiresAt.lte(now));
    over.exec(tx).await?;
    Ok(())
}

/// The services whose part of an export of the caller's has arrived, beside this one.
pub(crate) async fn services(store: &Store, export: Uuid) -> Result<Vec<String>, Error> {
    let of = part::Entity::find().filter(part::Column::ExportId.eq(export));
    let services = of.select_only().column(part::Column::Service).distinct();
    let arrived: Vec<String> = services.into_tuple().all(store.db.read()).await?;
    let own = store.context.service().to_owned();
    let all: BTreeSet<_> = arrived.into_iter().chain([own]).collect();
    Ok(all.into_iter().collect())
}

/// A part arrives. One of an export that is gone is dropped.
pub(crate) async fn collect(tx: &Tx, store: &Store, part: &ExportPart) -> Result<(), Error> {
    let of = Condition::all()
        .add(Column::Id.eq(part.export))
        .add(Column::UserId.eq(part.user));
    if Entity::find().filter(of).one(tx).await?.is_none() {
        return Ok(());
    }
    let row = part::Model {
        id: store.id(),
        export_id: part.export,
        service: part.service.clone(),
        number: part.number,
        data: part.data.to_string(),
        created_at: store.now(),
    };
    // The first answer of a service counts, however often it is told.
    let which = [part::Column::ExportId, part::Column::Service, part::Column::Number];
    let once = OnConflict::columns(which).do_nothing().to_owned();
    part::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Forgets somebody. Rows that are theirs alone go with their profile; in threads their comments lose text and author,
/// and workspaces pass on.
pub(crate) async fn erase(tx: &Tx, store: &Store, user: Uuid) -> Result<(), Error> {
    let profile = profile::hold_alone(tx, user).await?;
    workspace::forget(tx, store, user).await?;
    comment::forget(tx, user).await?;
    let invited = invitation::Column::InvitedBy.eq(user);
    invitation::Entity::delete_many().filter(invited).exec(tx).await?;
    if let Some(profile) = profile {
        let own = invitation::Column::Email.eq(profile.email);
        invitation::Entity::delete_many().filter(own).exec(tx).await?;
    }
    profile::forget(store, tx, user).await
}
