//! Keys that sign tokens. There are always two: one that signs, and the next, published long before it does, so that
//! every verifier knows it. A key that has retired verifies until its last token is gone.

use std::sync::{Arc, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use platform_crypto::{KeyRing, Place, SigningKey};
use platform_database::{
    Database, Kind, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter,
        IntoActiveModel, PrimaryKeyTrait, QueryFilter, QueryOrder, Set,
    },
};
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    events,
    settings::span,
    store::Auth,
};

/// Clocks differ, and verifiers may keep a key set for a while.
const LEEWAY: TimeDelta = TimeDelta::minutes(10);

/// A key, its private half sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// Its id, which tokens name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its private half, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it signs, until the next one does.
    pub signs_from: DateTime<Utc>,
    /// Until when it verifies; open as long as it signs or is yet to.
    pub verifies_until: Option<DateTime<Utc>>,
}

platform_database::unrelated!();

/// The keys as they were read last. Opening a sealed key is not for every token.
#[derive(Default)]
pub(crate) struct Keys(RwLock<Option<Arc<Known>>>);

struct Known {
    keys: Vec<(Model, Arc<SigningKey>)>,
    read_at: DateTime<Utc>,
}

/// Another replica, or an operator, may have rotated early.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// The key that signs now.
pub(crate) async fn current(auth: &Auth, db: &impl ConnectionTrait) -> Result<Arc<SigningKey>> {
    let now = auth.now();
    let known = known(auth, db).await?;
    let signing = known.keys.iter().rev().find(|(key, _)| key.signs_from <= now);
    let (_, key) = signing.ok_or_else(|| Error::internal("there is no key that signs"))?;
    Ok(key.clone())
}

/// The public halves of all keys that verify, as a key set.
pub(crate) async fn jwks(auth: &Auth) -> Result<Value> {
    let now = auth.now();
    let known = known(auth, auth.db.read()).await?;
    let alive = known
        .keys
        .iter()
        .filter(|(key, _)| key.verifies_until.is_none_or(|until| until > now));
    Ok(json!({ "keys": alive.map(|(_, key)| key.jwk()).collect::<Vec<_>>() }))
}

async fn known(auth: &Auth, db: &impl ConnectionTrait) -> Result<Arc<Known>> {
    let now = auth.now();
    let kept = auth.keys.0.read().expect("no panic while holding the lock").clone();
    if let Some(known) = kept.filter(|known| known.read_at <= now && known.read_at + FRESH > now) {
        return Ok(known);
    }
    let mut keys = Vec::new();
    for row in all(db).await? {
        let document = auth.ring.open_sealed(&place(&row.id), &row.sealed)?;
        let key = SigningKey::from_pkcs8(&document)?;
        keys.push((row, Arc::new(key)));
    }
    let known = Arc::new(Known { keys, read_at: now });
    *auth.keys.0.write().expect("no panic while holding the lock") = Some(known.clone());
    Ok(known)
}

pub(crate) fn place(id: &str) -> Place<'_> {
    Place {
        table: "signing_keys",
        column: "sealed",
        row: id.as_bytes(),
    }
}

/// Sees to it that a key signs and a next one is published; retires what has been followed and removes what verifies
/// nothing any more. Run at start and by schedule, as often as one likes.
pub async fn tend(auth: &Auth) -> Result<()> {
    let tx = begin(&auth.db).await?;
    tend_in(auth, &tx, auth.now()).await?;
    tx.commit().await?;
    forget(auth);
    Ok(())
}

/// Lets another key sign at once, and gives its id. Tokens of the present one stay valid until they expire, or with
/// [`Old::Refused`] are not accepted any more.
pub async fn rotate(auth: &Auth, old: Old) -> Result<String> {
    let tx = begin(&auth.db).await?;
    let now = auth.now();
    match old {
        // The next one lies beside it under the same seal: who got hold of one may have both.
        Old::Refused => {
            Entity::delete_many().exec(&tx).await?;
        }
        Old::Verifies => {
            let keys = Entity::find().order_by_asc(Column::SignsFrom).all(&tx).await?;
            if let Some(next) = keys.into_iter().find(|key| key.signs_from > now) {
                let mut next = next.into_active_model();
                next.signs_from = Set(now);
                next.update(&tx).await?;
            }
        }
    }
    let keys = tend_in(auth, &tx, now).await?;
    let signing = keys.into_iter().rev().find(|key| key.signs_from <= now);
    let id = signing.ok_or_else(|| Error::internal("there is no key that signs"))?.id;
    events::operated(auth, &tx, "signing_keys.rotated", ("signing_key", &id)).await?;
    tx.commit().await?;
    forget(auth);
    Ok(id)
}

/// All keys, those that sign first come first.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::SignsFrom).all(db).await?)
}

/// A transaction that changes keys: one after the other, whichever process it is of.
async fn begin(db: &Database) -> Result<Tx> {
    let tx = db.begin().await?;
    if db.kind() == Kind::Postgres {
        tx.execute_unprepared("lock table signing_keys in share row exclusive mode")
            .await?;
    }
    Ok(tx)
}

async fn tend_in(auth: &Auth, tx: &Tx, now: DateTime<Utc>) -> Result<Vec<Model>> {
    let mut keys = all(tx).await?;
    if keys.is_empty() {
        keys.push(make(auth, tx, now).await?);
    }
    // After a long pause several turns are due; the clock then begins anew from now.
    let newest = keys.last().expect("a key was made").signs_from;
    if newest <= now {
        let due = newest + span(auth.settings.key_rotation);
        let next = if due > now {
            due
        } else {
            now + span(auth.settings.key_rotation)
        };
        keys.push(make(auth, tx, next).await?);
    }
    retire(auth, tx, &keys).await?;
    let gone = Entity::delete_many().filter(Column::VerifiesUntil.lte(now));
    gone.exec(tx).await?;
    Ok(keys)
}

/// Seals again what an older key of the ring sealed, and says how many there were.
pub(crate) async fn reseal(db: &Database, ring: &KeyRing) -> Result<u64> {
    let tx = begin(db).await?;
    let mut count = 0;
    for key in all(&tx).await? {
        if let Some(sealed) = ring.reseal(&place(&key.id), &key.sealed)? {
            let mut key = key.into_active_model();
            key.sealed = Set(sealed);
            key.update(&tx).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}

/// What becomes of the key that signed until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// It verifies until its tokens are gone.
    Verifies,
    /// Its tokens are refused, and the one that was to follow it never signs: for a key that leaked.
    Refused,
}

async fn retire(auth: &Auth, tx: &Tx, keys: &[Model]) -> Result<()> {
    let now = auth.now();
    for (key, follower) in keys.iter().zip(&keys[1..]) {
        if key.verifies_until.is_none() && follower.signs_from <= now {
            let until = now + span(auth.settings.access_lifetime) + LEEWAY;
            let mut key = key.clone().into_active_model();
            key.verifies_until = Set(Some(until));
            key.update(tx).await?;
        }
    }
    Ok(())
}

async fn make(auth: &Auth, tx: &Tx, signs_from: DateTime<Utc>) -> Result<Model> {
    let key = SigningKey::generate(auth.context.random());
    let sealed = auth.ring.seal(&place(key.id()), key.to_pkcs8().expose());
    let row = Model {
        id: key.id().to_owned(),
        sealed,
        created_at: auth.now(),
        signs_from,
        verifies_until: None,
    };
    Ok(row.into_active_model().reset_all().insert(tx).await?)
}

fn forget(auth: &Auth) {
    *auth.keys.0.write().expect("no panic while holding the lock") = None;
}
