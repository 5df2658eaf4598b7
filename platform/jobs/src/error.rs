//! What can go wrong with jobs.

use platform_database::{DatabaseError, orm::DbErr};
use platform_error::{Code, Coded};
use uuid::Uuid;

use crate::job::LARGEST;

/// Jobs that cannot be enqueued, run or changed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The job is larger than the queue takes.
    #[error("the job {0} has {1} bytes, at most {LARGEST} are queued; keep the content elsewhere and name it")]
    TooLarge(&'static str, usize),
    /// The struct cannot be written as JSON.
    #[error("the job {0} cannot be written as JSON: {1}")]
    Unwritable(&'static str, String),
    /// The payload is not what the handler's struct expects.
    #[error("the payload of the job {0} cannot be read: {1}")]
    Unreadable(&'static str, String),
    /// No such job.
    #[error("there is no job {0}")]
    NoSuchJob(Uuid),
    /// The job's state does not allow it.
    #[error("the job {id} is {state}; only {allowed} jobs can be {verb}")]
    WrongState {
        /// The job.
        id: Uuid,
        /// What it is.
        state: String,
        /// What it would have to be.
        allowed: &'static str,
        /// What was wanted.
        verb: &'static str,
    },
    /// Another job with the same key is under way.
    #[error("a job that is the same as {0} waits or runs already; this one is not needed, or cancel that one first")]
    NotNeeded(Uuid),
    /// The job was cancelled, or taken over after its lease ran out.
    #[error("the job {0} is no longer this worker's; its effects are undone")]
    Lost(Uuid),
    /// A cron pattern or zone that cannot be understood.
    #[error("the schedule {name} is {text:?}: {reason}")]
    Schedule {
        /// The schedule's name.
        name: &'static str,
        /// The pattern or zone.
        text: String,
        /// Why.
        reason: String,
    },
    /// Settings that contradict each other or lack something.
    #[error("{0}")]
    Settings(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<DbErr> for JobError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl Coded for JobError {
    fn code(&self) -> Code {
        match self {
            Self::TooLarge(..) | Self::Unwritable(..) | Self::Schedule { .. } => Code::Internal,
            // During a release another process may know the variant or field that this one does not.
            Self::Unreadable(..) => Code::Unavailable,
            Self::Settings(_) => Code::Invalid,
            Self::NoSuchJob(_) => Code::NotFound,
            Self::WrongState { .. } | Self::NotNeeded(_) | Self::Lost(_) => Code::Conflict,
            Self::Database(error) => error.code(),
        }
    }
}
