//! One attempt at a job: within its time, kept alive by a heartbeat, drained when the service stops, and settled.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::FutureExt;
use platform_error::{Code, Error};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    JobError, Jobs, Run,
    queue::{self, Claimed, Outcome},
    workers::Kind,
};

const LONGEST_ERROR: usize = 500;
/// A result that cannot be written is tried again this often; after that the lease runs out.
const WRITES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_millis(300);

/// How an attempt ended.
enum End {
    Succeeded,
    Failed(Error),
    /// The job was cancelled, or another process has it.
    Lost,
    /// The service stops and cannot wait for it.
    Interrupted,
}

/// Runs a job once.
pub(crate) async fn run<S: Send + Sync>(jobs: &Jobs, store: &S, kind: &Kind<S>, claimed: Claimed) {
    let run = Arc::new(Run {
        jobs: jobs.clone(),
        claimed,
        stopping: jobs.context().shutdown(),
        told: Mutex::default(),
    });
    let started = Instant::now();
    let handled = AssertUnwindSafe(async { (kind.handle)(store, &run).await }).catch_unwind();
    let end = tokio::select! {
        handled = timeout(kind.policy.limit, handled) => match handled {
            Ok(Ok(Ok(()))) => End::Succeeded,
            Ok(Ok(Err(error))) => End::Failed(error),
            Ok(Err(_)) => End::Failed(Error::internal("the handler panicked")),
            Err(_) => End::Failed(Error::new(Code::Timeout, "the job took longer than its limit")),
        },
        () = lost(jobs, &run.claimed) => End::Lost,
        () = drained(jobs) => End::Interrupted,
    };
    let seconds = started.elapsed().as_secs_f64();
    metrics::histogram!("job_duration_seconds", "kind" => run.claimed.kind.clone()).record(seconds);
    settle(jobs, kind, &run.claimed, end).await;
}

/// Renews the lease; over when it is lost.
async fn lost(jobs: &Jobs, claimed: &Claimed) {
    let lease = *jobs.settings().lease;
    loop {
        sleep(lease / 3).await;
        let renewed = async {
            let tx = jobs.db().begin().await?;
            let is_ours = queue::renew(&tx, claimed, jobs.context().clock().now() + lease).await?;
            tx.commit().await?;
            Ok::<_, JobError>(is_ours)
        };
        match renewed.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(job.id = %claimed.id, %error, "a job's lease could not be renewed"),
        }
    }
}

/// Over when the service has been stopping for as long as jobs may go on.
async fn drained(jobs: &Jobs) {
    jobs.context().shutdown().cancelled().await;
    sleep(*jobs.settings().drain).await;
}

async fn settle<S>(jobs: &Jobs, kind: &Kind<S>, claimed: &Claimed, end: End) {
    let (id, name, attempts) = (claimed.id, claimed.kind.as_str(), claimed.attempts);
    let (outcome, error) = match end {
        End::Succeeded => (Outcome::Done, None),
        End::Interrupted => (Outcome::Interrupted, None),
        End::Lost => {
            tracing::info!(job.id = %id, job.kind = name, "a job was cancelled or taken over while it ran");
            return;
        }
        End::Failed(error) => {
            let cause = error.cause().map(ToString::to_string).unwrap_or_default();
            metrics::counter!("job_failures_total", "kind" => claimed.kind.clone()).increment(1);
            let outcome = if error.code() == Code::Invalid || attempts >= claimed.most_attempts {
                tracing::error!(job.id = %id, job.kind = name, attempts, %error, cause, "a job is dead");
                Outcome::Dead
            } else {
                tracing::warn!(job.id = %id, job.kind = name, attempts, %error, cause, "a job failed and is tried again");
                let pause = kind.policy.pause(jobs.context(), u32::try_from(attempts).unwrap_or(1));
                Outcome::Again(jobs.context().clock().now() + pause)
            };
            (outcome, Some(text(&error, &cause)))
        }
    };
    for _ in 0..WRITES {
        match write(jobs, claimed, &outcome, error.clone()).await {
            // With `Run::finish` it was settled with its effects, and nothing was left to do.
            Ok(_) => {
                metrics::counter!("jobs_ended_total", "kind" => claimed.kind.clone()).increment(1);
                return;
            }
            Err(error) => tracing::warn!(job.id = %id, %error, "a job's result could not be written"),
        }
        sleep(BETWEEN_WRITES).await;
    }
}

async fn write(jobs: &Jobs, claimed: &Claimed, outcome: &Outcome, error: Option<String>) -> Result<bool, JobError> {
    let tx = jobs.db().begin().await?;
    let settled = queue::settle(&tx, claimed, outcome, (jobs.context().clock().now(), error)).await?;
    tx.commit().await?;
    Ok(settled)
}

fn text(error: &Error, cause: &str) -> String {
    let mut text = if cause.is_empty() {
        error.to_string()
    } else {
        format!("{error}: {cause}")
    };
    let end = text
        .char_indices()
        .nth(LONGEST_ERROR)
        .map_or(text.len(), |(end, _)| end);
    text.truncate(end);
    text
}
