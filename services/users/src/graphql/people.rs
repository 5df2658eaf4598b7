//! People looked up together and kept for a while, however many fields of an answer name one.

use async_graphql::{Context, dataloader::DataLoader};
use platform_cache::{CacheLoader, data_loader, load_one};
use platform_graphql::Result;
use uuid::Uuid;

use super::user::User;
use crate::{profile, store::Store};

/// Loads profiles by id, from the cache where it has them.
type People = DataLoader<CacheLoader<profile::Model>>;

/// A loader over a store, for the data of a schema.
pub(super) fn people(store: &Store) -> People {
    let db = store.db.clone();
    let load = move |ids: Vec<String>| {
        let db = db.clone();
        async move { profile::several(db.read(), &ids).await }
    };
    data_loader(store.profiles.loader(load))
}

/// Somebody, or nothing when they are not there any more.
pub(super) async fn person(ctx: &Context<'_>, id: Uuid) -> Option<Result<User>> {
    let people: &People = ctx.data_unchecked();
    let found = load_one(people, &id.to_string()).await.transpose()?;
    Some(found.map(User).map_err(Into::into))
}
