//! Takes back what dead processes had, forgets what is long over, and says how the queue is.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use platform_database::sql;
use tokio::time::Instant;

use crate::{JobError, Jobs, queue};

const REPORT: Duration = Duration::from_secs(15);
const FORGET: Duration = Duration::from_secs(300);

/// When each chore was last done.
#[derive(Default)]
pub(crate) struct Keeper {
    reaped: Option<Instant>,
    reported: Option<Instant>,
    forgotten: Option<Instant>,
    /// What was said to wait, so that it is said too when nothing does any more.
    waiting: BTreeSet<(String, String)>,
}

impl Keeper {
    /// Does the chores that are due.
    pub(crate) async fn round(&mut self, jobs: &Jobs) -> Result<(), JobError> {
        let now = jobs.context().clock().now();
        if is_due(&mut self.reaped, *jobs.settings().lease / 3) {
            let tx = jobs.db().begin().await?;
            let reaped = queue::reap(&tx, now).await?;
            tx.commit().await?;
            if reaped > 0 {
                metrics::counter!("jobs_reaped_total").increment(reaped);
                tracing::warn!(reaped, "jobs were taken back from processes that are gone");
            }
        }
        if is_due(&mut self.reported, REPORT) {
            self.report(jobs, now).await?;
        }
        if is_due(&mut self.forgotten, FORGET) {
            let clock = jobs.context().clock();
            let done = clock.ago(*jobs.settings().keep_done);
            let dead = clock.ago(*jobs.settings().keep_dead);
            for (state, before) in [("done", done), ("cancelled", done), ("dead", dead)] {
                forget(jobs, state, before).await?;
            }
        }
        Ok(())
    }

    async fn report(&mut self, jobs: &Jobs, now: DateTime<Utc>) -> Result<(), JobError> {
        let select = "select kind, state, count(*) as jobs, min(run_at) as since from job
            where state in ('ready', 'running', 'dead') group by kind, state";
        let mut before = std::mem::take(&mut self.waiting);
        for row in sql::all(jobs.db().read(), select, []).await? {
            let of: (String, String) = (row.try_get("", "kind")?, row.try_get("", "state")?);
            let since: DateTime<Utc> = row.try_get("", "since")?;
            let age = (now - since).as_seconds_f64().max(0.0);
            gauges(jobs, &of, (row.try_get("", "jobs")?, age));
            before.remove(&of);
            self.waiting.insert(of);
        }
        for gone in &before {
            gauges(jobs, gone, (0, 0.0));
        }
        Ok(())
    }
}

fn gauges(jobs: &Jobs, (kind, state): &(String, String), (count, age): (i64, f64)) {
    let service = jobs.context().service();
    let labels = [
        ("service", service.to_owned()),
        ("kind", kind.clone()),
        ("state", state.clone()),
    ];
    metrics::gauge!("job_queue_depth", &labels).set(count as f64);
    if state == "ready" {
        metrics::gauge!("job_queue_age_seconds", "service" => service, "kind" => kind.clone()).set(age);
    }
}

fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let is_due = last.is_none_or(|last| last.elapsed() >= every);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

async fn forget(jobs: &Jobs, state: &str, before: DateTime<Utc>) -> Result<(), JobError> {
    while queue::forget(jobs.db().alone(), state, before).await? {}
    Ok(())
}
