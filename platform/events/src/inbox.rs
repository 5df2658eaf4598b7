//! The inbox: what a group has received, kept in the consumer's own database until its effects are there.

use chrono::{DateTime, Utc};
use platform_database::{
    Kind, Statements, Tx,
    orm::{ConnectionTrait, DbBackend, QueryResult, Value},
    sql,
};
use uuid::Uuid;

use crate::{Batch, Envelope, EventError, Position};

const ROWS: usize = 200;
/// That an event waits, where it is found by its number. Of the indexes of `state = 'ready'` this says nothing:
/// PostgreSQL would walk one of them from end to end, were the plan made while they are empty.
const WAITS: &str = "state not in ('done', 'dead')";

/// An event that this process is to handle now.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) seq: i64,
    pub(crate) attempts: i32,
    pub(crate) envelope: Envelope,
}

/// Who claims, when, and until when others leave what is claimed alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) owner: Uuid,
    pub(crate) now: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// How far a group has read, when it has begun.
pub(crate) async fn cursor(db: &impl ConnectionTrait, group: &str) -> Result<Option<Position>, EventError> {
    let row = sql::one(
        db,
        "select position from event_cursor where group_name = $1",
        [group.into()],
    )
    .await?;
    row.map(|row| row.try_get::<String>("", "position")?.parse())
        .transpose()
}

/// Begins a group, unless it has begun.
pub(crate) async fn begin(tx: &Tx, group: &str, at: &Position) -> Result<(), EventError> {
    let insert = "insert into event_cursor (group_name, position) values ($1, $2) on conflict (group_name) do nothing";
    sql::execute(tx, insert, [group.into(), at.to_string().into()]).await?;
    Ok(())
}

/// Moves a group's position, if it still is where it was. Whoever loses reads again from where the other one is.
pub(crate) async fn advance(tx: &Tx, group: &str, from: &Position, to: &Position) -> Result<bool, EventError> {
    let update = "update event_cursor set position = $1 where group_name = $2 and position = $3";
    let values: [Value; 3] = [to.to_string().into(), group.into(), from.to_string().into()];
    Ok(sql::execute(tx, update, values).await? == 1)
}

/// Keeps the events of a batch; those that have been here before are passed over.
pub(crate) async fn receive(
    tx: &Tx,
    group: &str,
    batch: &Batch,
    wanted: impl Fn(&Envelope) -> bool,
    now: DateTime<Utc>,
) -> Result<u64, EventError> {
    let wanted: Vec<_> = batch.events.iter().filter(|event| wanted(event)).collect();
    let mut kept = 0;
    for events in wanted.chunks(ROWS) {
        let mut values = Vec::<Value>::with_capacity(events.len() * 9);
        for event in events {
            let text = serde_json::to_string(event).map_err(EventError::bus)?;
            values.extend([
                group.into(),
                event.id.into(),
                event.lane().into(),
                event.r#type.clone().into(),
                event.time.into(),
                text.into(),
                "ready".into(),
                now.into(),
                now.into(),
            ]);
        }
        let insert = format!(
            "insert into event_inbox
             (group_name, id, lane, type, happened_at, envelope, state, run_at, changed_at)
             values {} on conflict (group_name, id) do nothing",
            sql::rows(events.len(), 9)
        );
        kept += sql::execute(tx, &insert, values).await?;
    }
    Ok(kept)
}

/// How many events wait, counted up to `most`.
pub(crate) async fn ready(db: &impl ConnectionTrait, group: &str, most: u64) -> Result<u64, EventError> {
    let select = "select count(*) as ready from
        (select 1 from event_inbox where group_name = $1 and state = 'ready' limit $2) waiting";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let row = sql::one(db, select, [group.into(), most.into()]).await?;
    let ready: Option<i64> = row.map(|row| row.try_get("", "ready")).transpose()?;
    Ok(ready.unwrap_or_default().unsigned_abs())
}

/// Claims the first waiting event of several lanes. An event whose lane has an earlier one that waits is not first.
///
/// What is read must not grow with what waits, so the statement is one that PostgreSQL answers event by event, from
/// `event_inbox_ready` and for each of them `event_inbox_lane`, and planned for what is there.
pub(crate) async fn claim(db: &Statements, group: &str, claim: Claim, most: usize) -> Result<Vec<Claimed>, EventError> {
    let lock = match db.get_database_backend() {
        DbBackend::Postgres => "for update of i skip locked",
        _ => "",
    };
    let update = format!(
        "with head as materialized (
             select i.seq from event_inbox i
             where i.group_name = $3 and i.state = 'ready' and i.envelope is not null and i.run_at <= $4
               and (i.lease_until is null or i.lease_until < $4)
               and i.seq = (
                   select min(e.seq) from event_inbox e
                   where e.group_name = i.group_name and e.lane = i.lane and e.state = 'ready')
             order by i.seq limit $5 {lock})
         update event_inbox set lease_owner = $1, lease_until = $2, attempts = attempts + 1
         where seq in (select seq from head)
         returning seq, attempts, envelope"
    );
    let values: [Value; 5] = [
        claim.owner.into(),
        claim.until.into(),
        group.into(),
        claim.now.into(),
        i64::try_from(most).unwrap_or(i64::MAX).into(),
    ];
    let rows = sql::all_planned_anew(db, &update, values).await?;
    let mut claimed: Vec<_> = rows.iter().filter_map(|row| readable(group, row)).collect();
    claimed.sort_by_key(|claimed| claimed.seq);
    Ok(claimed)
}

/// Claims the event of a lane that has just become its first, in the transaction that settles the one before.
pub(crate) async fn claim_next(tx: &Tx, group: &str, lane: &str, claim: Claim) -> Result<Option<Claimed>, EventError> {
    let update = format!(
        "update event_inbox set lease_owner = $1, lease_until = $2, attempts = attempts + 1
        where seq = (select min(seq) from event_inbox where group_name = $3 and lane = $4 and state = 'ready')
          and {WAITS} and run_at <= $5 and (lease_until is null or lease_until < $5)
        returning seq, attempts, envelope"
    );
    let values: [Value; 5] = [
        claim.owner.into(),
        claim.until.into(),
        group.into(),
        lane.into(),
        claim.now.into(),
    ];
    let row = sql::one(tx, &update, values).await?;
    Ok(row.as_ref().and_then(|row| readable(group, row)))
}

/// Settles an event in the transaction of its effects. `false`: somebody else has it, so there must be no effects.
pub(crate) async fn settle(tx: &Tx, event: &Claimed, claim: Claim) -> Result<bool, EventError> {
    let update = format!(
        "update event_inbox
        set state = 'done', envelope = null, lease_owner = null, lease_until = null, changed_at = $1
        where seq = $2 and {WAITS} and lease_owner = $3"
    );
    let values: [Value; 3] = [claim.now.into(), event.seq.into(), claim.owner.into()];
    Ok(sql::execute(tx, &update, values).await? == 1)
}

/// What becomes of an event that could not be handled.
pub(crate) enum Failed {
    /// It is tried again.
    Again(DateTime<Utc>),
    /// It is a dead letter.
    Dead,
    /// It was never tried: whoever comes next has it.
    Untried,
}

/// Notes a failure, unless somebody else has the event meanwhile.
pub(crate) async fn fail(
    db: &impl ConnectionTrait,
    event: &Claimed,
    claim: Claim,
    (failed, error): (Failed, String),
) -> Result<(), EventError> {
    let (state, run_at, attempts) = match failed {
        Failed::Again(at) => ("ready", at, event.attempts),
        Failed::Dead => ("dead", claim.now, event.attempts),
        Failed::Untried => ("ready", claim.now, event.attempts - 1),
    };
    let update = format!(
        "update event_inbox
        set state = $1, run_at = $2, attempts = $3, last_error = $4, changed_at = $5,
            lease_owner = null, lease_until = null
        where seq = $6 and {WAITS} and lease_owner = $7"
    );
    let values: [Value; 7] = [
        state.into(),
        run_at.into(),
        attempts.into(),
        Some(error).filter(|error| !error.is_empty()).into(),
        claim.now.into(),
        event.seq.into(),
        claim.owner.into(),
    ];
    sql::execute(db, &update, values).await?;
    Ok(())
}

/// Forgets settled events that changed before a time, one slice, and says whether there may be more.
pub(crate) async fn forget(db: &impl ConnectionTrait, state: &str, before: DateTime<Utc>) -> Result<bool, EventError> {
    const SLICE: i64 = 2_000;
    let delete = "delete from event_inbox where seq in (
        select seq from event_inbox where state = $1 and state <> 'ready' and changed_at < $2 limit $3)";
    let forgotten = sql::execute(db, delete, [state.into(), before.into(), SLICE.into()]).await?;
    Ok(forgotten == SLICE.unsigned_abs())
}

/// A claimed event. One that cannot be read keeps its lease, and holds up what comes after it in its lane and nothing else.
fn readable(group: &str, row: &QueryResult) -> Option<Claimed> {
    claimed(row)
        .inspect_err(|error| tracing::error!(event.group = group, %error, "an event in the inbox cannot be read"))
        .ok()
}

fn claimed(row: &QueryResult) -> Result<Claimed, EventError> {
    let text: String = row.try_get("", "envelope")?;
    Ok(Claimed {
        seq: row.try_get("", "seq")?,
        attempts: row.try_get("", "attempts")?,
        envelope: serde_json::from_str(&text).map_err(EventError::corrupt)?,
    })
}

/// How many events of a group a process handles at a time.
pub(crate) fn workers(kind: Kind, concurrency: u16) -> u16 {
    match kind {
        // One connection writes; a second worker would only wait for it.
        Kind::Sqlite => 1,
        Kind::Postgres => concurrency,
    }
}
