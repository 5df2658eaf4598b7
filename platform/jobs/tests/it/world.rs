//! A service with jobs, on either database, with a clock that the test moves.

use std::{borrow::Cow, path::Path, time::Duration};

use platform_config::Config;
use platform_database::{
    Database, Migration, Migrations, Tx,
    orm::{ConnectionTrait, QueryResult, Value},
    sql,
};
use platform_error::{Code, Error};
use platform_jobs::{How, Job, JobError, Jobs, MIGRATIONS, Policy, Run, Workers};
use platform_service::{Clock, Context};
pub(crate) use platform_testing::{eventually, noon, on_each_database};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const TABLES: Migrations = &[Migration {
    name: "0001_effects",
    sqlite: Cow::Borrowed(
        "create table effect (seq integer primary key autoincrement, what text);
         create table source (what text primary key);",
    ),
    postgres: Cow::Borrowed(
        "create table effect (seq bigint generated always as identity primary key, what text);
         create table source (what text primary key);",
    ),
}];

/// Notes a text. What begins with `fail` fails, after having noted it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Note(pub(crate) String);

impl Job for Note {
    const KIND: &'static str = "test.note";
    const POLICY: Policy = Policy {
        attempts: 3,
        first_retry: Duration::from_secs(10),
        longest_retry: Duration::from_secs(15),
        ..Policy::USUAL
    };
}

pub(crate) fn note(what: &str) -> Note {
    Note(what.into())
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) db: Database,
    pub(crate) jobs: Jobs,
}

impl AsRef<Jobs> for Store {
    fn as_ref(&self) -> &Jobs {
        &self.jobs
    }
}

impl Store {
    pub(crate) async fn open(context: Context) -> Result<Self, JobError> {
        let db = Database::open(&context, &[MIGRATIONS, TABLES]).await?;
        Ok(Self {
            jobs: Jobs::open(&context, &db)?,
            db,
        })
    }

    pub(crate) async fn enqueue(&self, job: &impl Job) -> Uuid {
        self.enqueue_with(job, How::default()).await
    }

    pub(crate) async fn enqueue_with(&self, job: &impl Job, how: How) -> Uuid {
        let tx = self.db.begin().await.unwrap();
        let id = self.jobs.enqueue_with(&tx, job, how).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// What was done so far, in the order it was done in.
    pub(crate) async fn effects(&self) -> Vec<String> {
        effects(&self.db).await
    }
}

pub(crate) async fn effects(db: &Database) -> Vec<String> {
    let rows = all(db.read(), "select what from effect order by seq", []).await;
    rows.iter().map(|row| row.try_get("", "what").unwrap()).collect()
}

pub(crate) async fn all(
    db: &impl ConnectionTrait,
    query: &str,
    values: impl IntoIterator<Item = Value>,
) -> Vec<QueryResult> {
    sql::all(db, query, values).await.unwrap()
}

pub(crate) async fn effect(tx: &Tx, what: &str) -> Result<(), Error> {
    let insert = "insert into effect (what) values ($1)";
    let inserted = sql::execute(tx, insert, [what.into()]).await;
    inserted.map_err(Error::internal).map(drop)
}

/// Notes a text and that it is done, in one transaction.
pub(crate) async fn write(store: &Store, run: &Run, job: Note) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    effect(&tx, &job.0).await?;
    if job.0.starts_with("fail") {
        return Err(Error::new(Code::Unavailable, "as the test asks for"));
    }
    run.finish(&tx).await?;
    Ok(tx.commit().await?)
}

pub(crate) fn writers() -> Workers<Store> {
    Workers::new().on(write)
}

/// A folder that processes share, a database, and a clock.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) clock: Clock,
    settings: String,
}

impl World {
    pub(crate) fn new(database: Option<&str>) -> Self {
        Self::with(database, "")
    }

    /// A world with more keys in the section `[jobs]`.
    pub(crate) fn with(database: Option<&str>, jobs: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::manual(noon()),
            settings: settings(database, jobs),
        }
    }

    pub(crate) async fn store(&self) -> (Context, Store) {
        let context = context(&self.settings, self.clock.clone(), self.folder.path());
        let store = Store::open(context.clone()).await.unwrap();
        (context, store)
    }

    /// A process that does jobs.
    pub(crate) async fn working(&self, workers: Workers<Store>) -> (Context, Store) {
        let (context, store) = self.store().await;
        run(&context, &store, workers);
        (context, store)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(chrono::TimeDelta::seconds(seconds));
    }
}

pub(crate) fn settings(database: Option<&str>, jobs: &str) -> String {
    let url = database.unwrap_or_default();
    format!("[database]\nurl = \"{url}\"\nmin-connections = 0\nmax-connections = 8\n[jobs]\npoll = \"20ms\"\n{jobs}\n")
}

pub(crate) fn context(settings: &str, clock: Clock, folder: &Path) -> Context {
    Context::standalone("reports", Config::parse(settings).unwrap(), clock, folder)
}

pub(crate) fn run(context: &Context, store: &Store, workers: Workers<Store>) {
    let store = store.clone();
    context.spawn("jobs", async move {
        workers.run(&store.jobs, &store).await.unwrap();
    });
}

/// Waits long enough that what should not happen would have happened.
pub(crate) async fn a_while() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}
