//! One attempt at a job, as its handler sees it.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use platform_database::Tx;
use platform_service::CancellationToken;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    JobError, Jobs,
    queue::{self, Claimed, Outcome},
};

/// Progress is written this often at most.
const PROGRESS: Duration = Duration::from_millis(250);

/// One attempt at a job.
pub struct Run {
    pub(crate) jobs: Jobs,
    pub(crate) claimed: Claimed,
    pub(crate) stopping: CancellationToken,
    pub(crate) told: Mutex<Option<Instant>>,
    /// Its own transaction notes that it is done, and then it has no lease to lose.
    pub(crate) is_finishing: AtomicBool,
}

impl Run {
    /// The job's id.
    pub fn id(&self) -> Uuid {
        self.claimed.id
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.claimed.attempts).unwrap_or_default()
    }

    /// What all consequences of one request share.
    pub fn correlation(&self) -> Option<Uuid> {
        self.claimed.correlation
    }

    /// Cancelled when the service stops: a job that can stop at a good place does, with [`Run::finish`], or with an error
    /// to run again elsewhere, which counts as no attempt then; others are interrupted when `jobs.drain` is over, and run
    /// again too.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Says how far the job is, from 0 to 100, and what it is doing. It is written a few times a second at most.
    pub async fn progress(&self, percent: u8, text: &str) -> Result<(), JobError> {
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if percent < 100 && told.is_some_and(|told| told.elapsed() < PROGRESS) {
                return Ok(());
            }
            *told = Some(Instant::now());
        }
        queue::progress(self.jobs.db().alone(), &self.claimed, percent, text).await
    }

    /// Notes in the transaction of the job's effects that the job is done, so that they happen exactly once: when the
    /// process dies after the commit the job is not run again, and before it there are no effects. It fails when the
    /// job was cancelled or taken over.
    pub async fn finish(&self, tx: &Tx) -> Result<(), JobError> {
        let now = self.jobs.context().clock().now();
        match queue::settle(tx, &self.claimed, &Outcome::Done, (now, None)).await? {
            true => {
                self.is_finishing.store(true, Relaxed);
                let kind = self.claimed.kind.clone();
                tx.on_commit(move || ended(kind));
                Ok(())
            }
            false => Err(JobError::Lost(self.claimed.id)),
        }
    }
}

/// Counts a job that is done or dead.
pub(crate) fn ended(kind: String) {
    metrics::counter!("jobs_ended_total", "kind" => kind).increment(1);
}
