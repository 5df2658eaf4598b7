//! Profiles: who somebody is to others.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use platform_cache::Spec;
use platform_database::{
    Tx,
    orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, Set, entity::prelude::*},
};

use serde::{Deserialize, Serialize};

use crate::{error::Error, store::Store, text};

/// Whoever changes a profile forgets it here. The time bounds what replicas without a Redis do not hear of each other.
pub(crate) const CACHED: Spec = Spec::new("users.profiles", 1)
    .ttl(Duration::from_secs(60))
    .absent_ttl(Duration::from_secs(10));

/// What others call somebody who has said no name: nothing that tells who they are.
pub(crate) const NAMELESS: &str = "Somebody";

/// A person. The id is the account's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "profile")]
pub struct Model {
    /// The account's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The account's address of mail.
    pub email: String,
    /// What others call them.
    pub name: String,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// Where they work.
    pub organization: Option<String>,
    /// A picture of them.
    pub avatar_url: Option<String>,
    /// Their language, for instance `de-CH`.
    pub locale: Option<String>,
    /// Their time zone, for instance `Europe/Zurich`.
    pub time_zone: Option<String>,
    /// When they registered.
    pub created_at: DateTime<Utc>,
    /// When the profile last changed.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// What a profile may become; what is absent stays as it is, and an empty text is nothing.
#[derive(Clone, Debug, Default, async_graphql::InputObject)]
#[graphql(name = "ProfileInput")]
pub(crate) struct Change {
    /// What others call you.
    pub name: Option<String>,
    /// Your first name.
    pub first_name: Option<String>,
    /// Your last name.
    pub last_name: Option<String>,
    /// Where you work.
    pub organization: Option<String>,
    /// An https address of a picture.
    pub avatar_url: Option<String>,
    /// Your language, for instance de-CH.
    pub locale: Option<String>,
    /// Your time zone, for instance Europe/Zurich.
    pub time_zone: Option<String>,
}

/// Somebody registered: they have a profile from now on. Hearing it twice changes nothing.
pub(crate) async fn register(store: &Store, tx: &Tx, profile: Model) -> Result<(), Error> {
    changes(store, tx, profile.id);
    if Entity::find_by_id(profile.id).one(tx).await?.is_none() {
        profile.into_active_model().reset_all().insert(tx).await?;
    }
    Ok(())
}

/// The account's address of mail changed.
pub(crate) async fn readdress(store: &Store, tx: &Tx, (id, email): (Uuid, &str)) -> Result<(), Error> {
    changes(store, tx, id);
    if let Some(profile) = Entity::find_by_id(id).one(tx).await? {
        let mut profile = profile.into_active_model();
        profile.email = Set(email.to_lowercase());
        profile.updated_at = Set(store.now());
        profile.update(tx).await?;
    }
    Ok(())
}

/// The account is gone, and with it the profile and all that hangs on it.
pub(crate) async fn forget(store: &Store, tx: &Tx, id: Uuid) -> Result<(), Error> {
    changes(store, tx, id);
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Forgets what is kept of a profile, once the change is committed.
fn changes(store: &Store, tx: &Tx, id: Uuid) {
    let profiles = store.profiles.clone();
    tx.on_commit(move || profiles.invalidate_soon(&id.to_string()));
}

/// Who somebody is to others, or `None`: as of a moment ago.
pub(crate) async fn known(store: &Store, id: Uuid) -> Result<Option<Model>, platform_error::Error> {
    let people = store.people.clone();
    let load = move || async move { people.find(id).await.map_err(Error::from) };
    store.profiles.get(&id.to_string(), load).await
}

/// The profiles of several people, by their ids.
pub(crate) async fn several(db: &impl ConnectionTrait, ids: &[String]) -> Result<HashMap<String, Model>, Error> {
    let ids = ids.iter().filter_map(|id| id.parse::<Uuid>().ok());
    let found = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    Ok(found
        .into_iter()
        .map(|profile| (profile.id.to_string(), profile))
        .collect())
}

/// Somebody's profile, or `None`.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// The caller's own profile. A new account's is made by an event, a moment after it registered.
pub(crate) async fn own(store: &Store, me: Uuid) -> Result<Model, Error> {
    store.people.find(me).await?.ok_or(Error::NoProfile)
}

/// The caller's own profile, held. Whoever writes does so first: what one person writes at once is written one after the
/// other, and nothing is written by somebody who is being forgotten.
pub(crate) async fn hold(tx: &Tx, me: Uuid) -> Result<Model, Error> {
    tx.hold::<Entity>(me).await?.ok_or(Error::NoProfile)
}

/// The profile of somebody who is to be forgotten: what they began to write is there now, and neither they nor anybody who
/// refers to them begins more.
pub(crate) async fn hold_alone(tx: &Tx, id: Uuid) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx).await?)
}

/// Changes the caller's profile.
pub(crate) async fn change(store: &Store, me: Uuid, change: Change) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let mut profile = hold(&tx, me).await?.into_active_model();
    if let Some(name) = &change.name {
        profile.name = Set(text::line("name", name, 100)?);
    }
    if change.first_name.is_some() {
        profile.first_name = Set(text::optional("firstName", change.first_name.as_deref(), 100)?);
    }
    if change.last_name.is_some() {
        profile.last_name = Set(text::optional("lastName", change.last_name.as_deref(), 100)?);
    }
    if change.organization.is_some() {
        profile.organization = Set(text::optional("organization", change.organization.as_deref(), 200)?);
    }
    if change.avatar_url.is_some() {
        profile.avatar_url = Set(picture(change.avatar_url.as_deref())?);
    }
    if change.locale.is_some() {
        profile.locale = Set(locale(change.locale.as_deref())?);
    }
    if change.time_zone.is_some() {
        profile.time_zone = Set(time_zone(change.time_zone.as_deref())?);
    }
    profile.updated_at = Set(store.now());
    let profile = profile.update(&tx).await?;
    tx.commit().await?;
    store.profiles.invalidate(&me.to_string()).await;
    Ok(profile)
}

fn time_zone(given: Option<&str>) -> Result<Option<String>, Error> {
    match text::optional("timeZone", given, 64)? {
        Some(zone) if zone.parse::<chrono_tz::Tz>().is_err() => {
            Err(Error::field("timeZone", "is not a time zone such as Europe/Zurich"))
        }
        zone => Ok(zone),
    }
}

fn picture(given: Option<&str>) -> Result<Option<String>, Error> {
    match text::optional("avatarUrl", given, 2_000)? {
        Some(url) if !url.starts_with("https://") || url.contains(char::is_whitespace) => {
            Err(Error::field("avatarUrl", "is not an address that begins with https://"))
        }
        url => Ok(url),
    }
}

fn locale(given: Option<&str>) -> Result<Option<String>, Error> {
    match text::optional("locale", given, 35)? {
        Some(tag)
            if !tag
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-') =>
        {
            Err(Error::field("locale", "is not a language such as en or de-CH"))
        }
        tag => Ok(tag),
    }
}
