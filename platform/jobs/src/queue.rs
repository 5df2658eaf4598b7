//! The queue's table: what is enqueued, claimed, kept alive and settled.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};
use platform_database::{
    Statements, Tx,
    orm::{ConnectionTrait, DbBackend, Value},
    sql,
};
use uuid::Uuid;

use crate::JobError;

/// A job about to be written.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) payload: String,
    pub(crate) priority: i16,
    pub(crate) run_at: DateTime<Utc>,
    pub(crate) most_attempts: u16,
    pub(crate) key: Option<String>,
    pub(crate) keep_key: bool,
    pub(crate) correlation: Option<Uuid>,
    pub(crate) now: DateTime<Utc>,
}

/// A job that this process is to do now.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) payload: String,
    pub(crate) attempts: i32,
    pub(crate) most_attempts: i32,
    pub(crate) correlation: Option<Uuid>,
    /// This claim and no other, also not a later one of the same process.
    pub(crate) owner: Uuid,
}

/// What becomes of a job that this process had.
pub(crate) enum Outcome {
    /// It succeeded.
    Done,
    /// It failed and is tried again.
    Again(DateTime<Utc>),
    /// It failed and its attempts are used up, or would not help.
    Dead,
    /// It was interrupted; that attempt does not count.
    Interrupted,
}

/// Enqueues a job. Gives back its id, or the id of the one that is the same.
pub(crate) async fn insert(tx: &Tx, job: &New) -> Result<Uuid, JobError> {
    let insert = "insert into job (id, kind, payload, state, priority, run_at, most_attempts, dedupe_key, once_key,
            keep_key, correlation, created_at)
        values ($1, $2, $3, 'ready', $4, $5, $6, $7, $7, $8, $9, $10)
        on conflict (kind, dedupe_key) where dedupe_key is not null do nothing";
    let same = "select id from job where kind = $1 and dedupe_key = $2";
    loop {
        let values: [Value; 10] = [
            job.id.into(),
            job.kind.into(),
            job.payload.clone().into(),
            i32::from(job.priority).into(),
            job.run_at.into(),
            i32::from(job.most_attempts).into(),
            job.key.clone().into(),
            job.keep_key.into(),
            job.correlation.into(),
            job.now.into(),
        ];
        if sql::execute(tx, insert, values).await? == 1 {
            return Ok(job.id);
        }
        // The other one may be over between the two statements; then this one is enqueued after all.
        if let Some(row) = sql::one(tx, same, [job.kind.into(), job.key.clone().into()]).await? {
            return Ok(row.try_get("", "id")?);
        }
    }
}

/// Whether any job is due, without taking part in the writing.
pub(crate) async fn is_due(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<bool, JobError> {
    let select = "select id from job where state = 'ready' and finished_at is null and run_at <= $1 limit 1";
    Ok(sql::one(db, select, [now.into()]).await?.is_some())
}

/// What a process has room for: how many jobs of each kind, and in all.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) kinds: BTreeMap<&'static str, u16>,
    pub(crate) most: u16,
}

/// Claims the most urgent jobs that are due, of each kind as many as there is room for, the most urgent first.
///
/// What is read must not grow with what waits, so the statement is one that PostgreSQL answers from `job_due`, kind by
/// kind, and planned for what is there.
pub(crate) async fn claim(
    db: &Statements,
    room: &Room,
    owner: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Claimed>, JobError> {
    let lock = match db.get_database_backend() {
        DbBackend::Postgres => "for update skip locked",
        _ => "",
    };
    let mut values: Vec<Value> = vec![owner.into(), until.into(), now.into(), i64::from(room.most).into()];
    let mut of_kinds = Vec::new();
    for (kind, places) in &room.kinds {
        values.extend([Value::from(*kind), Value::from(i64::from(*places))]);
        let last = values.len();
        of_kinds.push(format!(
            "select id, priority, run_at from (
                 select id, priority, run_at from job where state = 'ready' and kind = ${} and run_at <= $3
                 order by priority desc, run_at, id limit ${last} {lock}) of_kind",
            last - 1
        ));
    }
    let update = format!(
        "with due as ({} order by priority desc, run_at, id limit $4)
         update job set state = 'running', lease_owner = $1, lease_until = $2, started_at = $3,
             attempts = attempts + 1, progress = 0, progress_text = null
         where id in (select id from due)
         returning id, kind, payload, attempts, most_attempts, correlation, priority, run_at",
        of_kinds.join(" union all ")
    );
    let mut claimed = Vec::new();
    for row in sql::all_planned_anew(db, &update, values).await? {
        let (priority, run_at): (i32, DateTime<Utc>) = (row.try_get("", "priority")?, row.try_get("", "run_at")?);
        let job = Claimed {
            id: row.try_get("", "id")?,
            kind: row.try_get("", "kind")?,
            payload: row.try_get("", "payload")?,
            attempts: row.try_get("", "attempts")?,
            most_attempts: row.try_get("", "most_attempts")?,
            correlation: row.try_get("", "correlation")?,
            owner,
        };
        claimed.push(((Reverse(priority), run_at, job.id), job));
    }
    // Databases give back what they changed in any order.
    claimed.sort_by_key(|(urgency, _)| *urgency);
    Ok(claimed.into_iter().map(|(_, job)| job).collect())
}

/// Keeps a job for longer. `false`: it is no longer this process's.
pub(crate) async fn renew(db: &impl ConnectionTrait, job: &Claimed, until: DateTime<Utc>) -> Result<bool, JobError> {
    let update = "update job set lease_until = $1 where id = $2 and lease_owner = $3 and state = 'running'";
    let values: [Value; 3] = [until.into(), job.id.into(), job.owner.into()];
    Ok(sql::execute(db, update, values).await? == 1)
}

/// Whether a job is still this claim's.
pub(crate) async fn is_held(db: &impl ConnectionTrait, job: &Claimed) -> Result<bool, JobError> {
    let select = "select id from job where id = $1 and lease_owner = $2 and state = 'running'";
    let held = sql::one(db, select, [job.id.into(), job.owner.into()]).await?;
    Ok(held.is_some())
}

/// Notes how far a job is.
pub(crate) async fn progress(
    db: &impl ConnectionTrait,
    job: &Claimed,
    percent: u8,
    text: &str,
) -> Result<(), JobError> {
    let update = "update job set progress = $1, progress_text = $2 where id = $3 and lease_owner = $4
        and state = 'running'";
    let values: [Value; 4] = [
        i32::from(percent.min(100)).into(),
        text.into(),
        job.id.into(),
        job.owner.into(),
    ];
    sql::execute(db, update, values).await?;
    Ok(())
}

/// Settles a job. `false`: it is no longer this process's, and nothing has changed.
pub(crate) async fn settle(
    db: &impl ConnectionTrait,
    job: &Claimed,
    outcome: &Outcome,
    (now, error): (DateTime<Utc>, Option<String>),
) -> Result<bool, JobError> {
    let (state, run_at, finished, attempts) = match outcome {
        Outcome::Done => ("done", now, Some(now), job.attempts),
        Outcome::Dead => ("dead", now, Some(now), job.attempts),
        Outcome::Again(at) => ("ready", *at, None, job.attempts),
        Outcome::Interrupted => ("ready", now, None, job.attempts - 1),
    };
    let progress = match outcome {
        Outcome::Done => "100",
        _ => "progress",
    };
    let key = match outcome {
        Outcome::Done | Outcome::Dead => "case when keep_key then dedupe_key end",
        Outcome::Again(_) | Outcome::Interrupted => "dedupe_key",
    };
    let update = format!(
        "update job set state = $1, run_at = $2, finished_at = $3, attempts = $4, last_error = coalesce($5, last_error),
             progress = {progress}, dedupe_key = {key}, lease_owner = null, lease_until = null
         where id = $6 and lease_owner = $7 and state = 'running'"
    );
    let values: [Value; 7] = [
        state.into(),
        run_at.into(),
        finished.into(),
        attempts.into(),
        error.into(),
        job.id.into(),
        job.owner.into(),
    ];
    Ok(sql::execute(db, &update, values).await? == 1)
}

/// Takes back the jobs of processes that no longer say that they work on them.
pub(crate) async fn reap(tx: &Tx, now: DateTime<Utc>) -> Result<u64, JobError> {
    let again = "update job set state = 'ready', run_at = $1, lease_owner = null, lease_until = null,
            last_error = 'the process that ran it is gone'
        where state = 'running' and lease_until < $1 and attempts < most_attempts";
    let dead = "update job set state = 'dead', finished_at = $1, lease_owner = null, lease_until = null,
            dedupe_key = case when keep_key then dedupe_key end,
            last_error = 'the process that ran it is gone, and so are its attempts'
        where state = 'running' and lease_until < $1";
    let revived = sql::execute(tx, again, [now.into()]).await?;
    Ok(revived + sql::execute(tx, dead, [now.into()]).await?)
}

/// Forgets jobs that were over before a time, one slice, and says whether there may be more.
pub(crate) async fn forget(db: &impl ConnectionTrait, state: &str, before: DateTime<Utc>) -> Result<bool, JobError> {
    const SLICE: i64 = 2_000;
    let delete = "delete from job where id in (
        select id from job where state = $1 and state in ('done', 'dead', 'cancelled') and finished_at < $2 limit $3)";
    let forgotten = sql::execute(db, delete, [state.into(), before.into(), SLICE.into()]).await?;
    Ok(forgotten == SLICE.unsigned_abs())
}
