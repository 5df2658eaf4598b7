//! What a job is: a struct that is kept, how it is tried, and what is known about it in the queue.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// The largest job, as JSON.
pub const LARGEST: usize = 256 * 1024;

/// Work to be done later, by whichever process has time.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the queue: `reports.render`.
    const KIND: &'static str;
    /// How it is tried.
    const POLICY: Policy = Policy::USUAL;
}

/// How jobs of a kind are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often, before the job is dead.
    pub attempts: u16,
    /// The pause after the first failure; it doubles with each one.
    pub first_retry: Duration,
    /// The longest pause between attempts.
    pub longest_retry: Duration,
    /// How long one attempt may take.
    pub limit: Duration,
    /// How many of them a process works on at a time.
    pub concurrency: u16,
    /// Larger goes first.
    pub priority: i16,
}

impl Policy {
    /// Five attempts of at most five minutes, four at a time.
    pub const USUAL: Self = Self {
        attempts: 5,
        first_retry: Duration::from_secs(5),
        longest_retry: Duration::from_secs(600),
        limit: Duration::from_secs(300),
        concurrency: 4,
        priority: 0,
    };
}

/// How one job differs from others of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Not before this time.
    pub at: Option<DateTime<Utc>>,
    /// Instead of the kind's priority.
    pub priority: Option<i16>,
    /// What makes a second one the same job.
    pub once: Once,
    /// What all consequences of one request share.
    pub correlation: Option<Uuid>,
}

/// What makes a second job the same as one that is there already, so that it is not enqueued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Once {
    /// Nothing.
    #[default]
    Never,
    /// This key, while the first one waits or runs: "refresh that view".
    WhileWaiting(String),
    /// This key, for as long as the first one is remembered: "that mail for that order".
    Ever(String),
}

/// A job as it stands in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// Larger goes first.
    pub priority: i32,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// How often it may be tried.
    pub most_attempts: i32,
    /// From 0 to 100.
    pub progress: i32,
    /// What it is doing, in words.
    pub progress_text: Option<String>,
    /// What went wrong last, in words for operators.
    pub last_error: Option<String>,
    /// What all consequences of one request share.
    pub correlation: Option<Uuid>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When its last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for its time or for a worker.
    Ready,
    /// A worker has it.
    Running,
    /// It succeeded.
    Done,
    /// Its attempts are used up.
    Dead,
    /// Somebody called it off.
    Cancelled,
}

impl JobState {
    /// The state's name in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Ready, Self::Running, Self::Done, Self::Dead, Self::Cancelled];
        all.into_iter().find(|state| state.as_str() == name)
    }
}
