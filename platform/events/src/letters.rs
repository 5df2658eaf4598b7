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

/// How often a replay tries to come between a group and its reading.
const TURNS: u32 = 20;

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
        envelope: serde_json::from_str(&text).map_err(EventError::corrupt)?,
        attempts: row.try_get("", "attempts")?,
        error: row.try_get("", "last_error")?,
        since: row.try_get("", "changed_at")?,
    })
}

/// What becomes of a dead letter that was overtaken: an event of its type that came after it in its lane has been handled
/// since, and to handle the older one now may undo what the newer one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overtaken {
    /// It stays dead.
    Left,
    /// It is tried again like the others.
    Retried,
}

/// Lets one dead letter, or all of a group, be tried again from the first attempt.
pub(crate) async fn revive(
    db: &Database,
    group: &str,
    (id, overtaken): (Option<Uuid>, Overtaken),
    now: DateTime<Utc>,
) -> Result<u64, EventError> {
    let update = "update event_inbox
        set state = 'ready', attempts = 0, run_at = $1, changed_at = $1, lease_owner = null, lease_until = null
        where group_name = $2 and state = 'dead' and (id = $3 or $4) and ($5 or not exists (
            select 1 from event_inbox later
            where later.group_name = event_inbox.group_name and later.lane = event_inbox.lane
              and later.type = event_inbox.type and later.state = 'done' and later.seq > event_inbox.seq))";
    let values: [Value; 5] = [
        now.into(),
        group.into(),
        id.unwrap_or_default().into(),
        id.is_none().into(),
        (overtaken == Overtaken::Retried).into(),
    ];
    let revived = sql::execute(db.alone(), update, values).await?;
    let Some(id) = id.filter(|_| revived == 0) else {
        return Ok(revived);
    };
    let wanted = Letters {
        group: Some(group.to_owned()),
        id: Some(id),
        ..Letters::default()
    };
    let group = group.to_owned();
    Err(match list(db, &wanted, 1).await?.is_empty() {
        true => EventError::NoSuchLetter { group, id },
        false => EventError::Overtaken { group, id },
    })
}

/// Throws a dead letter away: it counts as handled.
pub(crate) async fn discard(db: &Database, group: &str, id: Uuid, now: DateTime<Utc>) -> Result<(), EventError> {
    let update = "update event_inbox set state = 'done', envelope = null, changed_at = $1
        where group_name = $2 and id = $3 and state = 'dead'";
    let discarded = sql::execute(db.alone(), update, [now.into(), group.into(), id.into()]).await?;
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

/// What a group is to handle again.
pub(crate) struct Replay {
    /// What happened from then on.
    pub(crate) since: DateTime<Utc>,
    /// Where that begins on the bus.
    pub(crate) from: Position,
    /// What happened from then on is certainly still on the bus; nothing is where it is empty.
    pub(crate) kept_since: Option<DateTime<Utc>>,
}

/// Lets a group handle things again: they are forgotten, and read from the bus anew. What waits and what is dead, and is
/// no longer on the bus, stays; and what is dead of it is tried again.
pub(crate) async fn replay(db: &Database, group: &str, replay: &Replay, now: DateTime<Utc>) -> Result<(), EventError> {
    for _ in 0..TURNS {
        let tx = db.begin().await?;
        tx.take_time().await?;
        let cursor = inbox::cursor(&tx, group).await?;
        let cursor = cursor.ok_or_else(|| EventError::NoSuchGroup(group.into()))?;
        // First, because it locks the position: whoever reads for the group meanwhile finds that it has moved.
        if inbox::advance(&tx, group, &cursor, &cursor.earlier(&replay.from)).await? {
            again(&tx, group, replay, now).await?;
            return Ok(tx.commit().await?);
        }
        tx.rollback().await?;
    }
    Err(EventError::Bus(format!(
        "the group {group} moved on meanwhile; try again"
    )))
}

async fn again(tx: &Tx, group: &str, replay: &Replay, now: DateTime<Utc>) -> Result<(), EventError> {
    let done = "delete from event_inbox where group_name = $1 and happened_at >= $2 and state = 'done'";
    sql::execute(tx, done, [group.into(), replay.since.into()]).await?;
    if let Some(kept_since) = replay.kept_since {
        let open = "delete from event_inbox where group_name = $1 and happened_at >= $2 and state <> 'done'";
        let from = replay.since.max(kept_since);
        sql::execute(tx, open, [group.into(), from.into()]).await?;
    }
    let dead = "update event_inbox set state = 'ready', attempts = 0, run_at = $3, changed_at = $3
        where group_name = $1 and happened_at >= $2 and state = 'dead'";
    sql::execute(tx, dead, [group.into(), replay.since.into(), now.into()]).await?;
    Ok(())
}

fn no_such(group: &str, id: Uuid) -> EventError {
    let group = group.to_owned();
    EventError::NoSuchLetter { group, id }
}
