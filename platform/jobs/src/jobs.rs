//! A service's jobs: enqueue them with what they follow from, look at them, call them off, try them again.

use std::sync::Arc;

use platform_database::{
    Database, Migrations, OnConflict, Tx, migration,
    orm::{QueryResult, Value},
    sql,
};
use platform_service::Context;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    How, Job, JobError, JobRow, JobState, Once, Settings,
    attempt::SETTLING,
    job::LARGEST,
    queue::{self, New},
};

/// The queue's tables, for `Database::open`.
pub const MIGRATIONS: Migrations = &[
    migration!("jobs_0001", split),
    migration!("jobs_0002"),
    migration!("jobs_0003"),
    migration!("jobs_0004"),
];

const COLUMNS: &str = "id, kind, state, priority, run_at, attempts, most_attempts, progress, progress_text, last_error,
    correlation, created_at, started_at, finished_at";
const LONGEST_PAGE: u16 = 1_000;

/// A service's jobs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Jobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    context: Context,
    db: Database,
    settings: Settings,
    enqueued: Arc<Notify>,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these.
    pub state: Option<JobState>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only those of one request.
    pub correlation: Option<Uuid>,
    /// Only those older than this job: the next page.
    pub before: Option<Uuid>,
}

impl Jobs {
    /// Jobs in the service's own database. They are done where a process runs [`crate::Workers`].
    pub fn open(context: &Context, db: &Database) -> Result<Self, JobError> {
        let settings = context.section::<Settings>("jobs");
        let settings = settings.map_err(|error| JobError::Settings(error.to_string()))?;
        let settings = settings.checked()?;
        context.linger(*settings.drain + SETTLING);
        Ok(Self(Arc::new(Inner {
            context: context.clone(),
            db: db.clone(),
            settings,
            enqueued: Arc::default(),
        })))
    }

    /// Enqueues a job: it will be done when `tx` is committed, and when it is not it was never there.
    pub async fn enqueue<J: Job>(&self, tx: &Tx, job: &J) -> Result<Uuid, JobError> {
        self.enqueue_with(tx, job, How::default()).await
    }

    /// Enqueues a job later, before others, or only once. Gives back its id, or the id of the one that is the same.
    pub async fn enqueue_with<J: Job>(&self, tx: &Tx, job: &J, how: How) -> Result<Uuid, JobError> {
        let now = self.0.context.clock().now();
        let (key, keep_key) = match how.once {
            Once::Never => (None, false),
            Once::WhileWaiting(key) => (Some(key), false),
            Once::Ever(key) => (Some(key), true),
        };
        let new = New {
            id: self.0.context.ids().v7(),
            kind: J::KIND,
            payload: written(job)?,
            priority: how.priority.unwrap_or(J::POLICY.priority),
            run_at: how.at.unwrap_or(now),
            most_attempts: J::POLICY.attempts,
            key,
            keep_key,
            correlation: how.correlation,
            now,
        };
        let id = queue::insert(tx, &new).await?;
        let enqueued = self.0.enqueued.clone();
        tx.on_commit(move || enqueued.notify_one());
        Ok(id)
    }

    /// A job.
    pub async fn find(&self, id: Uuid) -> Result<JobRow, JobError> {
        let select = format!("select {COLUMNS} from job where id = $1");
        let row = sql::one(self.0.db.read(), &select, [id.into()]).await?;
        row_of(&row.ok_or(JobError::NoSuchJob(id))?)
    }

    /// Jobs, the newest first, at most `most` (and at most 1,000).
    pub async fn list(&self, filter: &Filter, most: u16) -> Result<Vec<JobRow>, JobError> {
        let wanted: [(&str, Option<Value>); 4] = [
            ("state =", filter.state.map(|state| state.as_str().into())),
            ("kind =", filter.kind.clone().map(Into::into)),
            ("correlation =", filter.correlation.map(Into::into)),
            ("id <", filter.before.map(Into::into)),
        ];
        let mut values = vec![Value::from(i64::from(most.min(LONGEST_PAGE)))];
        let mut conditions = String::from("1 = 1");
        for (condition, value) in wanted {
            let Some(value) = value else { continue };
            values.push(value);
            conditions.push_str(&format!(" and {condition} ${}", values.len()));
        }
        let select = format!("select {COLUMNS} from job where {conditions} order by id desc limit $1");
        sql::all(self.0.db.read(), &select, values)
            .await?
            .iter()
            .map(row_of)
            .collect()
    }

    /// Lets a dead or cancelled job be tried again, from its first attempt, unless one that is the same waits or runs.
    pub async fn retry(&self, id: Uuid) -> Result<(), JobError> {
        let update = "update job set state = 'ready', attempts = 0, run_at = $1, finished_at = null, progress = 0,
                progress_text = null, dedupe_key = coalesce(dedupe_key, once_key)
            where id = $2 and state in ('dead', 'cancelled')";
        self.change(id, update, ("dead and cancelled", "retried")).await?;
        self.0.enqueued.notify_one();
        Ok(())
    }

    /// Calls a job off. One that runs is interrupted within a third of `jobs.lease`, and what it has not committed
    /// is undone.
    pub async fn cancel(&self, id: Uuid) -> Result<(), JobError> {
        let update = "update job set state = 'cancelled', finished_at = $1, lease_owner = null, lease_until = null,
                dedupe_key = case when keep_key then dedupe_key end
            where id = $2 and state in ('ready', 'running')";
        self.change(id, update, ("waiting and running", "cancelled")).await
    }

    async fn change(
        &self,
        id: Uuid,
        update: &str,
        (allowed, verb): (&'static str, &'static str),
    ) -> Result<(), JobError> {
        let values = [self.0.context.clock().now().into(), id.into()];
        let changed = sql::execute(self.0.db.alone(), update, values).await;
        if changed.on_unique(|| JobError::NotNeeded(id))? == 1 {
            return Ok(());
        }
        let state = self.find(id).await?.state.as_str().to_owned();
        Err(JobError::WrongState {
            id,
            state,
            allowed,
            verb,
        })
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    pub(crate) fn db(&self) -> &Database {
        &self.0.db
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Something may be due.
    pub(crate) fn enqueued(&self) -> &Notify {
        &self.0.enqueued
    }
}

pub(crate) fn written<J: Job>(job: &J) -> Result<String, JobError> {
    let text = serde_json::to_string(job).map_err(|error| JobError::Unwritable(J::KIND, error.to_string()))?;
    if text.len() > LARGEST {
        return Err(JobError::TooLarge(J::KIND, text.len()));
    }
    Ok(text)
}

fn row_of(row: &QueryResult) -> Result<JobRow, JobError> {
    let state: String = row.try_get("", "state")?;
    let unknown = || {
        JobError::Settings(format!(
            "the queue has a job that is {state:?}; it is of a later release"
        ))
    };
    Ok(JobRow {
        id: row.try_get("", "id")?,
        kind: row.try_get("", "kind")?,
        state: JobState::from_name(&state).ok_or_else(unknown)?,
        priority: row.try_get("", "priority")?,
        run_at: row.try_get("", "run_at")?,
        attempts: row.try_get("", "attempts")?,
        most_attempts: row.try_get("", "most_attempts")?,
        progress: row.try_get("", "progress")?,
        progress_text: row.try_get("", "progress_text")?,
        last_error: row.try_get("", "last_error")?,
        correlation: row.try_get("", "correlation")?,
        created_at: row.try_get("", "created_at")?,
        started_at: row.try_get("", "started_at")?,
        finished_at: row.try_get("", "finished_at")?,
    })
}
