//! What the key ring has sealed in this database: which of its keys are needed, and sealing anew under the active one.

use std::collections::BTreeMap;

use platform_crypto::KeyRing;
use platform_database::{Database, orm::EntityTrait};

use crate::{error::Result, signing_key, totp};

/// How many values each key of the ring has sealed, by its name.
pub async fn by_key(db: &Database) -> Result<BTreeMap<String, u64>> {
    let signing = signing_key::all(db.read()).await?.into_iter().map(|row| row.sealed);
    let codes = totp::Entity::find()
        .all(db.read())
        .await?
        .into_iter()
        .map(|row| row.secret);
    let mut count = BTreeMap::new();
    for sealed in signing.chain(codes) {
        *count.entry(KeyRing::sealed_by(&sealed)?.to_owned()).or_default() += 1;
    }
    Ok(count)
}

/// Seals again what an older key of the ring sealed, and says how many values there were. What people write meanwhile
/// is theirs: it is sealed by then.
pub async fn anew(db: &Database, ring: &KeyRing) -> Result<u64> {
    Ok(signing_key::reseal(db, ring).await? + totp::reseal(db, ring).await?)
}
