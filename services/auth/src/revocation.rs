//! What is over before its tokens are: every process asks for this list every other second. The event is for those who
//! hold something longer than a request.

use chrono::{DateTime, TimeDelta, Utc};
use platform_auth::wire;
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter, IntoActiveModel,
        PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict,
    },
};
use uuid::Uuid;

use crate::{
    api_key,
    error::Result,
    events,
    settings::{LONGEST_ACCESS, span},
    store::Auth,
};

/// How far the cursor stays behind: a transaction that began before it may still commit a revocation, by the clock of
/// another process.
const OVERLAP: TimeDelta = TimeDelta::seconds(120);
/// Clocks differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// Revocations of one answer.
const MOST: u64 = 10_000;

/// A session, or a key, whose tokens are not to be accepted any more.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocations")]
pub(crate) struct Model {
    /// What is over: a session or a key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: Uuid,
    /// Since when.
    pub revoked_at: DateTime<Utc>,
    /// When its last token is gone by itself.
    pub until: DateTime<Utc>,
}

platform_database::unrelated!();

/// Adds a session of an account. Its tokens may live for longer than those that are given now: the settings may have been
/// others when they were.
pub(crate) async fn of_session(auth: &Auth, tx: &Tx, one: (Uuid, Uuid)) -> Result<()> {
    add(auth, tx, one, LONGEST_ACCESS).await
}

/// Adds a key of an account. Only services have its tokens, and each asks for another one within the minute.
pub(crate) async fn of_key(auth: &Auth, tx: &Tx, one: (Uuid, Uuid)) -> Result<()> {
    add(auth, tx, one, span(auth.settings.access_lifetime)).await
}

/// Adds a session or key of an account, and tells everybody once this is committed.
async fn add(auth: &Auth, tx: &Tx, (session, account): (Uuid, Uuid), lives: TimeDelta) -> Result<()> {
    let now = auth.now();
    let until = now + lives + LEEWAY;
    let row = Model {
        session_id: session,
        revoked_at: now,
        until,
    };
    // A key may stop twice: when its owner is suspended, let in again, and suspended again.
    let anew = OnConflict::column(Column::SessionId)
        .update_columns([Column::RevokedAt, Column::Until])
        .to_owned();
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(anew)
        .exec_without_returning(tx)
        .await?;
    events::revoked(auth, tx, (session, account), until.timestamp()).await?;
    let revocations = auth.identity.revocations().clone();
    tx.on_commit(move || revocations.revoke(session, until.timestamp()));
    Ok(())
}

/// Adds all keys of an account that is about to go, or is suspended.
pub(crate) async fn of_keys(auth: &Auth, tx: &Tx, account: Uuid) -> Result<()> {
    for key in api_key::live(tx, account).await? {
        of_key(auth, tx, (key.id, account)).await?;
    }
    Ok(())
}

/// The revocations since a cursor whose tokens are still alive, and the cursor to ask with next. Some come twice.
pub async fn since(auth: &Auth, cursor: i64) -> Result<wire::Revocations> {
    let now = auth.now();
    let from = DateTime::from_timestamp_micros(cursor.max(0)).unwrap_or(now);
    let rows = Entity::find()
        .filter(Column::RevokedAt.gte(from))
        .filter(Column::Until.gt(now))
        .order_by_asc(Column::RevokedAt)
        .limit(MOST)
        .all(auth.db.read())
        .await?;
    let next = match rows.last() {
        // A full answer goes on where it ended; after the last one the cursor falls behind for what is not committed yet.
        Some(last) if rows.len() as u64 == MOST => last.revoked_at,
        _ => now - OVERLAP,
    };
    let revoked = rows.into_iter().map(|row| wire::Revoked {
        session: row.session_id,
        until: row.until.timestamp(),
    });
    Ok(wire::Revocations {
        revoked: revoked.collect(),
        next: next.timestamp_micros(),
    })
}
