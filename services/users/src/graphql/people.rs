//! People looked up together, however many fields of an answer name one.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use platform_database::orm::{ColumnTrait, EntityTrait, QueryFilter};
use platform_graphql::Result;
use uuid::Uuid;

use super::user::User;
use crate::{error::Error, profile, store::Store};

/// Loads profiles by id.
pub(super) struct People(pub(super) Store);

impl Loader<Uuid> for People {
    type Value = profile::Model;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[Uuid]) -> std::result::Result<HashMap<Uuid, profile::Model>, Arc<Error>> {
        let wanted = profile::Column::Id.is_in(ids.iter().copied());
        let found = profile::Entity::find().filter(wanted).all(self.0.db.read()).await;
        let found = found.map_err(|error| Arc::new(Error::from(error)))?;
        Ok(found.into_iter().map(|profile| (profile.id, profile)).collect())
    }
}

/// Somebody, or nothing when they are not there any more.
pub(super) async fn person(ctx: &Context<'_>, id: Uuid) -> Result<Option<User>> {
    let people: &DataLoader<People> = ctx.data_unchecked();
    let found = people.load_one(id).await.map_err(platform_error::Error::internal)?;
    Ok(found.map(User))
}
