//! What has to be known of an account when somebody is signed in to it: one question for all of it.

use chrono::{DateTime, Utc};
use platform_database::{Tx, sql};
use uuid::Uuid;

use crate::error::{Error, Result};

const SELECT: &str = "select
    (select count(*) from totps where account_id = $1 and confirmed_at is not null) as codes,
    (select count(*) from sessions where account_id = $1 and ended_at is null and expires_at > $2 and exists (
        select 1 from refresh_tokens as token where token.session_id = sessions.id and token.expires_at > $2
            and token.used_at is null)) as sessions,
    (select count(*) from devices where account_id = $1) as devices";

/// What is known of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Whether it asks for codes.
    pub(crate) asks_for_codes: bool,
    /// How many sessions it has that last.
    pub(crate) sessions: i64,
    /// How many devices are known to it.
    pub(crate) devices: i64,
}

/// What is known of an account. `tx` holds it, so that the counts stay what they are.
pub(crate) async fn of(tx: &Tx, account: Uuid, now: DateTime<Utc>) -> Result<Standing> {
    let row = sql::one(tx, SELECT, [account.into(), now.into()]).await?;
    let row = row.ok_or_else(|| Error::internal("counts have a row"))?;
    let codes: i64 = row.try_get("", "codes")?;
    Ok(Standing {
        asks_for_codes: codes > 0,
        sessions: row.try_get("", "sessions")?,
        devices: row.try_get("", "devices")?,
    })
}
