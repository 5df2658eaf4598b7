//! Rows that are held until a transaction ends, so that of two who write at once the second sees what the first has done.

use platform_database::{
    Tx,
    orm::{EntityTrait, PrimaryKeyTrait, QuerySelect, entity::prelude::Uuid, sea_query::LockType},
};

use crate::error::Error;

/// A row, held: whoever holds it too waits, whoever only refers to it does not. On SQLite a transaction that may write has
/// the database to itself.
pub(crate) async fn hold<E>(tx: &Tx, id: Uuid) -> Result<Option<E::Model>, Error>
where
    E: EntityTrait,
    Uuid: Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
{
    Ok(E::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?)
}
