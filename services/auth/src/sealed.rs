//! What the key ring has sealed in this database: which of its keys are needed, and sealing anew under the active one.

use std::collections::BTreeMap;

use platform_crypto::{CryptoError, KeyRing, Place};
use platform_database::{Database, orm::EntityTrait};

use crate::{error::Result, signing_key, totp};

/// How many values need each key, by its name; a key that the ring lacks too. What the key of its name does not open needs
/// none of this ring: it was sealed by another key of that name, or is damaged.
pub async fn by_key(db: &Database, ring: &KeyRing) -> Result<BTreeMap<String, u64>> {
    let mut count = BTreeMap::new();
    let mut add = |place: Place<'_>, sealed: &[u8]| -> Result<()> {
        if !matches!(ring.open_sealed(&place, sealed), Err(CryptoError::Sealed)) {
            *count.entry(KeyRing::sealed_by(sealed)?.to_owned()).or_default() += 1;
        }
        Ok(())
    };
    for key in signing_key::all(db.read()).await? {
        add(signing_key::place(&key.id), &key.sealed)?;
    }
    for row in totp::Entity::find().all(db.read()).await? {
        add(totp::place(&row.account_id), &row.secret)?;
    }
    Ok(count)
}

/// What became of values that an older key of the ring had sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anew {
    /// How many were sealed anew.
    pub sealed: u64,
    /// How many secrets of authenticators could not be opened, and were left as they are.
    pub unopened: u64,
}

/// Seals again what an older key of the ring sealed. What people write meanwhile is theirs: it is sealed by then.
pub async fn anew(db: &Database, ring: &KeyRing) -> Result<Anew> {
    let signing = signing_key::reseal(db, ring).await?;
    let codes = totp::reseal(db, ring).await?;
    Ok(Anew {
        sealed: signing + codes.sealed,
        ..codes
    })
}
