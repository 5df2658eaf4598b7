//! One attempt at a job: within its time, kept alive by a heartbeat, drained when the service stops, and settled.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::{FutureExt, future::pending};
use platform_error::{Code, Error};
use platform_resilience::Backoff;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    JobError, Jobs, Run,
    queue::{self, Claimed, Outcome},
    run::ended,
    workers::Kind,
};

const LONGEST_ERROR: usize = 500;
/// A result that cannot be written is tried again this often; after that the lease runs out.
const WRITES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_millis(300);
/// What it takes to write down how a job ended that was interrupted.
pub(crate) const SETTLING: Duration = Duration::from_secs(2);

/// How an attempt ended.
enum End {
    Succeeded,
    Failed(Error),
    /// The job was cancelled, or another process has it or may have it.
    Lost,
    /// The service stops and cannot wait for it.
    Interrupted,
}

/// Runs a job once.
pub(crate) async fn run<S: Send + Sync>(jobs: &Jobs, store: &S, kind: &Kind<S>, claimed: Claimed) {
    let run = Arc::new(Run {
        jobs: jobs.clone(),
        claimed,
        stopping: jobs.context().stopping(),
        told: Mutex::default(),
        is_finishing: Default::default(),
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
        () = lost(jobs, &run) => End::Lost,
        () = drained(jobs) => End::Interrupted,
    };
    let seconds = started.elapsed().as_secs_f64();
    metrics::histogram!("job_duration_seconds", "kind" => run.claimed.kind.clone()).record(seconds);
    settle(jobs, kind, &run.claimed, end).await;
}

/// Renews the lease; over when it is lost, or has run out and nobody knows who has the job.
async fn lost(jobs: &Jobs, run: &Run) {
    let lease = *jobs.settings().lease;
    let mut renewed = Instant::now();
    loop {
        sleep(lease / 3).await;
        let asked = Instant::now();
        let error = match timeout(lease, renew(jobs, &run.claimed)).await {
            Ok(Ok(true)) => {
                renewed = asked;
                continue;
            }
            Ok(Ok(false)) => break,
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        tracing::warn!(job.id = %run.claimed.id, error, "a job's lease could not be renewed");
        // A transaction of the job's own keeps the lease from being renewed on SQLite, and everybody else from the job.
        let held = timeout(lease, queue::is_held(jobs.db().read(), &run.claimed)).await;
        if renewed.elapsed() >= lease && !matches!(held, Ok(Ok(true))) {
            break;
        }
    }
    // Its commit may have been seen here first; what follows from that is still to come.
    if run.is_finishing.load(Relaxed) {
        pending::<()>().await;
    }
}

async fn renew(jobs: &Jobs, claimed: &Claimed) -> Result<bool, JobError> {
    let until = jobs.context().clock().now() + *jobs.settings().lease;
    queue::renew(jobs.db().alone(), claimed, until).await
}

/// Over when the service has been stopping for as long as jobs may go on.
async fn drained(jobs: &Jobs) {
    jobs.context().stopping().cancelled().await;
    sleep(*jobs.settings().drain).await;
}

async fn settle<S>(jobs: &Jobs, kind: &Kind<S>, claimed: &Claimed, end: End) {
    let (id, name, attempts) = (claimed.id, claimed.kind.as_str(), claimed.attempts);
    let (outcome, error) = match end {
        End::Succeeded => (Outcome::Done, None),
        End::Interrupted => (Outcome::Interrupted, None),
        End::Lost => {
            tracing::info!(job.id = %id, job.kind = name, "a job was cancelled, or its lease lost, while it ran");
            return;
        }
        End::Failed(error) if error.code() != Code::Invalid && jobs.context().stopping().is_cancelled() => {
            tracing::info!(job.id = %id, job.kind = name, %error, "a job ended with the service and runs again elsewhere");
            (Outcome::Interrupted, Some(error.in_full(LONGEST_ERROR)))
        }
        End::Failed(error) => {
            let cause = error.causes();
            metrics::counter!("job_failures_total", "kind" => claimed.kind.clone()).increment(1);
            let outcome = if error.code() == Code::Invalid || attempts >= claimed.most_attempts {
                tracing::error!(job.id = %id, job.kind = name, attempts, %error, cause, "a job is dead");
                Outcome::Dead
            } else {
                tracing::warn!(job.id = %id, job.kind = name, attempts, %error, cause, "a job failed and is tried again");
                let backoff = Backoff {
                    first: kind.policy.first_retry,
                    longest: kind.policy.longest_retry,
                };
                let pause = backoff.pause(u32::try_from(attempts).unwrap_or(1), jobs.context().random().bytes());
                Outcome::Again(jobs.context().clock().now() + pause)
            };
            (outcome, Some(error.in_full(LONGEST_ERROR)))
        }
    };
    for _ in 0..WRITES {
        let facts = (jobs.context().clock().now(), error.clone());
        match queue::settle(jobs.db().alone(), claimed, &outcome, facts).await {
            Ok(true) if matches!(outcome, Outcome::Done | Outcome::Dead) => return ended(claimed.kind.clone()),
            // With `Run::finish` it was settled with its effects, and nothing was left to do.
            Ok(_) => return,
            Err(error) => tracing::warn!(job.id = %id, %error, "a job's result could not be written"),
        }
        sleep(BETWEEN_WRITES).await;
    }
}
