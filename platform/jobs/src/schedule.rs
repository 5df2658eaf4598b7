//! Schedules: a row each in the database, so that of many processes one fires, and a time that passed while none ran
//! is made up for once. The row is what was declared last, and holds for all of them.

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{Cron, errors::CronError};
use platform_database::{
    Tx,
    orm::{QueryResult, Value},
    sql,
};

use crate::{
    JobError, Jobs, Policy,
    queue::{self, New},
};

/// The year 9999: when a pattern is due whose years have all passed. Both databases put no later year in its place.
const NEVER: DateTime<Utc> = DateTime::from_timestamp(253_370_764_800, 0).expect("the year 9999 can be told");

/// A schedule that the service declares.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) policy: Policy,
    pub(crate) payload: String,
    pub(crate) pattern: String,
    pub(crate) cron: Cron,
    pub(crate) zone: Tz,
}

impl Schedule {
    pub(crate) fn parse(name: &'static str, pattern: &str, zone: &str) -> Result<(Cron, Tz), JobError> {
        let refuse = |text: &str, reason: String| JobError::Schedule {
            name,
            text: text.into(),
            reason,
        };
        let cron = Cron::from_str(pattern).map_err(|error| refuse(pattern, error.to_string()))?;
        let zone = Tz::from_str(zone).map_err(|error| refuse(zone, error.to_string()))?;
        // One that names no day, such as 30 February, would never be due and fail each time it is asked.
        let first = cron.find_next_occurrence(&DateTime::UNIX_EPOCH.with_timezone(&zone), false);
        first.map_err(|_| refuse(pattern, "it names no time".into()))?;
        Ok((cron, zone))
    }

    /// The first time after `now` that the pattern names in its zone.
    fn after(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, JobError> {
        match self.cron.find_next_occurrence(&now.with_timezone(&self.zone), false) {
            Ok(next) => Ok(next.with_timezone(&Utc)),
            Err(CronError::TimeSearchLimitExceeded) => {
                let (schedule, pattern) = (self.name, &self.pattern);
                tracing::warn!(schedule, pattern, "a schedule names no time any more");
                Ok(NEVER)
            }
            Err(error) => Err(JobError::Schedule {
                name: self.name,
                text: self.pattern.clone(),
                reason: error.to_string(),
            }),
        }
    }
}

/// Writes the schedules down. One that is there keeps its next time, unless its pattern or zone has changed.
pub(crate) async fn declare(jobs: &Jobs, schedules: &BTreeMap<&str, Schedule>) -> Result<(), JobError> {
    if schedules.is_empty() {
        return Ok(());
    }
    let upsert = "insert into job_schedule (name, kind, cron, zone, payload, next_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (name) do update set kind = excluded.kind, payload = excluded.payload, cron = excluded.cron,
            zone = excluded.zone,
            next_at = case when job_schedule.cron = excluded.cron and job_schedule.zone = excluded.zone
                then job_schedule.next_at else excluded.next_at end";
    let now = jobs.context().clock().now();
    let tx = jobs.db().begin().await?;
    for schedule in schedules.values() {
        let values: [Value; 6] = [
            schedule.name.into(),
            schedule.kind.into(),
            schedule.pattern.as_str().into(),
            schedule.zone.name().into(),
            schedule.payload.clone().into(),
            schedule.after(now)?.into(),
        ];
        sql::execute(&tx, upsert, values).await?;
    }
    Ok(tx.commit().await?)
}

/// Fires what is due. A process that comes second finds the next time already written.
pub(crate) async fn fire(jobs: &Jobs, schedules: &BTreeMap<&str, Schedule>) -> Result<(), JobError> {
    if schedules.is_empty() {
        return Ok(());
    }
    let now = jobs.context().clock().now();
    let due = "select name, kind, cron, zone, payload, next_at from job_schedule where next_at <= $1";
    let rows = sql::all(jobs.db().read(), due, [now.into()]).await?;
    for row in rows {
        let Some(schedule) = as_written(&row, schedules)? else {
            continue;
        };
        let planned: DateTime<Utc> = row.try_get("", "next_at")?;
        let tx = jobs.db().begin().await?;
        if fire_one(jobs, &tx, &schedule, (planned, now)).await? {
            tx.commit().await?;
            jobs.enqueued().notify_one();
        }
    }
    Ok(())
}

/// A schedule as its row has it. This process may have declared another pattern or payload; that of the last one holds, or a
/// process of the release before would undo what the next one declared.
fn as_written(row: &QueryResult, schedules: &BTreeMap<&str, Schedule>) -> Result<Option<Schedule>, JobError> {
    let text = |column| row.try_get::<String>("", column);
    let (name, kind) = (text("name")?, text("kind")?);
    // Schedules of another release may be there too; it fires them itself.
    let Some(declared) = schedules.get(name.as_str()).filter(|declared| declared.kind == kind) else {
        return Ok(None);
    };
    let (pattern, payload) = (text("cron")?, text("payload")?);
    let Ok((cron, zone)) = Schedule::parse(declared.name, &pattern, &text("zone")?) else {
        return Ok(None);
    };
    Ok(Some(Schedule {
        payload,
        pattern,
        cron,
        zone,
        ..declared.clone()
    }))
}

async fn fire_one(
    jobs: &Jobs,
    tx: &Tx,
    schedule: &Schedule,
    (planned, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, JobError> {
    let update = "update job_schedule set next_at = $1, last_at = $2 where name = $3 and next_at = $2";
    let values: [Value; 3] = [schedule.after(now)?.into(), planned.into(), schedule.name.into()];
    if sql::execute(tx, update, values).await? == 0 {
        return Ok(false);
    }
    let job = New {
        id: jobs.context().ids().v7(),
        kind: schedule.kind,
        payload: schedule.payload.clone(),
        priority: schedule.policy.priority,
        run_at: now,
        most_attempts: schedule.policy.attempts,
        key: Some(format!("{}@{}", schedule.name, planned.to_rfc3339())),
        keep_key: true,
        correlation: None,
        now,
    };
    queue::insert(tx, &job).await?;
    metrics::counter!("job_schedule_fired_total", "schedule" => schedule.name).increment(1);
    Ok(true)
}
