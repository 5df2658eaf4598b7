//! Dead letters: events that no attempt could handle, to be looked at, tried again or thrown away.

use chrono::{DateTime, Utc};
use platform_database::{
    Database, Tx,
    orm::{QueryResult, Value},
    sql,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{Envelope, EventError, Position, inbox};

/// An event that could not be handled.
#[derive(Clone, Debug, Serialize)]
pub struct DeadLetter {
    /// Its place in the list; the page after it begins there.
    pub seq: i64,
    /// The group that could not handle it.
    pub group: String,
    /// The event.
    pub envelope: Envelope,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong last, in words for operators.
    pub error: Option<String>,
    /// Since when it is dead.
    pub since: DateTime<Utc>,
}

/// Which dead letters are looked for. What is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// Of this group.
    pub group: Option<String>,
    /// Of this type of event.
    pub r#type: Option<String>,
    /// This event.
    pub id: Option<Uuid>,
    /// After this place in the list; 0 is the front.
    pub after: i64,
}

/// Dead letters in the order of their places.
pub(crate) async fn list(db: &Database, wanted: &Letters, most: u16) -> Result<Vec<DeadLetter>, EventError> {
    let select = "select seq, group_name, envelope, attempts, last_error, changed_at from event_inbox
        where state = 'dead' and seq > $1 and (group_name = $2 or $3) and (type = $4 or $5) and (id = $6 or $7)
        order by seq limit $8";
    let values: [Value; 8] = [
        wanted.after.into(),
        wanted.group.clone().unwrap_or_default().into(),
        wanted.group.is_none().into(),
        wanted.r#type.clone().unwrap_or_default().into(),
        wanted.r#type.is_none().into(),
        wanted.id.unwrap_or_default().into(),
        wanted.id.is_none().into(),
        i64::from(most).into(),
    ];
    let rows = sql::all(db.read(), select, values).await?;
    rows.iter().map(letter).collect()
}

fn letter(row: &QueryResult) -> Result<DeadLetter, EventError> {
    let text: String = row.try_get("", "envelope")?;
    Ok(DeadLetter {
        seq: row.try_get("", "seq")?,
        group: row.try_get("", "group_name")?,
        envelope: serde_json::from_str(&text).map_err(EventError::bus)?,
        attempts: row.try_get("", "attempts")?,
        error: row.try_get("", "last_error")?,
        since: row.try_get("", "changed_at")?,
    })
}

/// Lets one dead letter, or all of a group, be tried again from the first attempt.
pub(crate) async fn revive(
    db: &Database,
    group: &str,
    id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<u64, EventError> {
    let update = "update event_inbox
        set state = 'ready', attempts = 0, run_at = $1, changed_at = $1, lease_owner = null, lease_until = null
        where group_name = $2 and state = 'dead' and (id = $3 or $4)";
    let values: [Value; 4] = [
        now.into(),
        group.into(),
        id.unwrap_or_default().into(),
        id.is_none().into(),
    ];
    let revived = sql::execute(&db.alone(), update, values).await?;
    match id {
        Some(id) if revived == 0 => Err(no_such(group, id)),
        _ => Ok(revived),
    }
}

/// Throws a dead letter away: it counts as handled.
pub(crate) async fn discard(db: &Database, group: &str, id: Uuid, now: DateTime<Utc>) -> Result<(), EventError> {
    let update = "update event_inbox set state = 'done', envelope = null, changed_at = $1
        where group_name = $2 and id = $3 and state = 'dead'";
    let discarded = sql::execute(&db.alone(), update, [now.into(), group.into(), id.into()]).await?;
    if discarded == 0 {
        return Err(no_such(group, id));
    }
    Ok(())
}

/// Forgets what is in the dead letters of a lane. They count as handled.
pub(crate) async fn forget(tx: &Tx, lane: &str, now: DateTime<Utc>) -> Result<(), EventError> {
    let update = "update event_inbox set state = 'done', envelope = null, last_error = null, changed_at = $1
        where state = 'dead' and lane = $2";
    sql::execute(tx, update, [now.into(), lane.into()]).await?;
    Ok(())
}

/// Lets a group handle again everything that happened from a time on: it is forgotten, and read from the bus anew.
pub(crate) async fn replay(
    db: &Database,
    group: &str,
    since: DateTime<Utc>,
    from: &Position,
) -> Result<(), EventError> {
    let tx = db.begin().await?;
    let cursor = inbox::cursor(&tx, group).await?;
    let cursor = cursor.ok_or_else(|| EventError::NoSuchGroup(group.into()))?;
    let forget = "delete from event_inbox where group_name = $1 and happened_at >= $2";
    sql::execute(&tx, forget, [group.into(), since.into()]).await?;
    if !inbox::advance(&tx, group, &cursor, &cursor.earlier(from)).await? {
        return Err(EventError::Bus(format!(
            "the group {group} moved on meanwhile; try again"
        )));
    }
    Ok(tx.commit().await?)
}

fn no_such(group: &str, id: Uuid) -> EventError {
    let group = group.to_owned();
    EventError::NoSuchLetter { group, id }
}
