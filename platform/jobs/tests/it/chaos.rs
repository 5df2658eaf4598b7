//! Zero loss: processes that enqueue and that work, and the database, are killed at random, and in the end every
//! effect is there exactly once.
//!
//! The ordinary run takes seconds. `HANSA_CHAOS_SECONDS=180 cargo test -p platform-jobs chaos` kills for as long as it
//! is told to.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    process::{Child, Command, Stdio},
    time::Duration,
};

use platform_database::{
    Database,
    orm::{ConnectionTrait, Statement},
};
use platform_error::Error;
use platform_jobs::{Job, MIGRATIONS, Policy, Run, Workers};
use platform_service::Clock;
use platform_testing::TestPostgres;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::world::{Store, TABLES, context, effect, effects, settings};

const ROLE: &str = "HANSA_TEST_ROLE";
const SETTINGS: &str = "HANSA_TEST_SETTINGS";
const FOLDER: &str = "HANSA_TEST_FOLDER";
const QUICK: &str = "lease = \"1s\"\n";
const LEAST_JOBS: i64 = 1_000;
const LEAST_KILLS: usize = 12;
const ROLES: [&str; 4] = ["producer1", "producer2", "worker1", "worker2"];

#[derive(Serialize, Deserialize)]
struct Mark(String);

impl Job for Mark {
    const KIND: &'static str = "test.mark";
    const POLICY: Policy = Policy {
        attempts: 10_000,
        first_retry: Duration::from_millis(50),
        longest_retry: Duration::from_millis(500),
        concurrency: 8,
        ..Policy::USUAL
    };
}

async fn mark(store: &Store, run: &Run, job: Mark) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    effect(&tx, &job.0).await?;
    run.finish(&tx).await?;
    Ok(tx.commit().await?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test talks to its child processes this way"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What a child process does until it is killed: it runs only as a child of the tests below.
#[tokio::test]
#[ignore = "it is a child process of the other tests"]
async fn child() {
    let (Some(role), Some(settings), Some(folder)) = (variable(ROLE), variable(SETTINGS), variable(FOLDER)) else {
        return;
    };
    let context = context(&settings, Clock::system(), folder.as_ref());
    let store = loop {
        // The database may be down at this moment.
        match Store::open(context.clone()).await {
            Ok(store) => break store,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    };
    if role.starts_with("worker") {
        // While the database is down the workers cannot begin either.
        let workers = Workers::new().on(mark);
        while workers.run(&store.jobs, &store).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    }
    loop {
        let _ = produce(&store, context.ids().v4()).await;
        sleep(Duration::from_millis(50)).await;
    }
}

/// Writes rows and enqueues a job for each, in one transaction, until something fails.
async fn produce(store: &Store, life: uuid::Uuid) -> Result<(), Error> {
    for turn in 0.. {
        let tx = store.db.begin().await?;
        for number in 0..3 {
            let what = format!("{life}/{turn}/{number}");
            let insert = "insert into source (what) values ($1)";
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), insert, [what.clone().into()]);
            tx.execute_raw(statement).await.map_err(Error::internal)?;
            store.jobs.enqueue(&tx, &Mark(what)).await?;
        }
        tx.commit().await?;
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

struct Deployment {
    settings: String,
    folder: tempfile::TempDir,
    children: BTreeMap<&'static str, Child>,
}

impl Deployment {
    fn start(&mut self, role: &'static str) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "chaos::child", "--ignored"])
            .env(ROLE, role)
            .env(SETTINGS, &self.settings)
            .env(FOLDER, self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.children.insert(role, child.unwrap());
    }

    /// Ends a process as `kill -9` does.
    fn kill(&mut self, role: &str) {
        if let Some(mut child) = self.children.remove(role) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn survive(name: &str, settings: String, postgres: Option<&TestPostgres>) {
    let mut deployment = Deployment {
        settings,
        folder: tempfile::tempdir().unwrap(),
        children: BTreeMap::new(),
    };
    let context = context(&deployment.settings, Clock::system(), deployment.folder.path());
    let db = Database::open(&context, &[MIGRATIONS, TABLES]).await.unwrap();
    ROLES.into_iter().for_each(|role| deployment.start(role));
    let told = variable("HANSA_CHAOS_SECONDS").and_then(|seconds| seconds.parse().ok());
    let least = Duration::from_secs(told.unwrap_or(3));
    let (started, mut kills, mut crashes, mut produced) = (Instant::now(), 0, 0, 0);
    while started.elapsed() < least || produced < LEAST_JOBS || kills < LEAST_KILLS {
        assert!(
            started.elapsed() < least + Duration::from_secs(60),
            "{produced} jobs and {kills} kills are too few"
        );
        sleep(Duration::from_millis(60 + u64::from(random(200)))).await;
        let role = ROLES[usize::from(random(ROLES.len() as u8))];
        deployment.kill(role);
        kills += 1;
        if let Some(postgres) = postgres
            && kills % 10 == 5
        {
            postgres.crash().await;
            crashes += 1;
        }
        deployment.start(role);
        produced = count(&db, "source", "1 = 1").await.unwrap_or(produced);
    }
    deployment.kill("producer1");
    deployment.kill("producer2");

    let patience = Instant::now() + Duration::from_secs(60).max(least);
    loop {
        let unfinished = count(&db, "job", "state <> 'done'").await;
        if unfinished == Some(0) {
            break;
        }
        assert!(Instant::now() < patience, "not everything was done: {unfinished:?}");
        sleep(Duration::from_millis(50)).await;
    }
    // Doubles would come a little later.
    sleep(Duration::from_millis(300)).await;
    let done = effects(&db).await;
    let different: BTreeSet<_> = done.iter().collect();
    assert_eq!(different.len(), done.len(), "no effect is there twice");
    assert_eq!(
        done.len() as i64,
        count(&db, "source", "1 = 1").await.unwrap(),
        "every job has its effect"
    );
    let seconds = started.elapsed().as_secs_f32();
    // Past the harness's capture: what a long run did is worth reading.
    let _ = writeln!(
        std::io::stderr(),
        "{name}: {} jobs, {kills} processes killed, database down {crashes} times, {seconds:.1} s",
        done.len()
    );
}

/// How many rows a table has, unless the database is down.
async fn count(db: &Database, table: &str, condition: &str) -> Option<i64> {
    let sql = format!("select count(*) as number from {table} where {condition}");
    let statement = Statement::from_string(db.read().get_database_backend(), sql);
    let row = db.read().query_one_raw(statement).await.ok()??;
    row.try_get("", "number").ok()
}

#[expect(clippy::disallowed_methods, reason = "chance is what this test is about")]
fn random(below: u8) -> u8 {
    uuid::Uuid::new_v4().as_bytes()[0] % below
}

#[tokio::test]
async fn killed_processes_lose_no_job_on_sqlite() {
    survive("sqlite", settings(None, QUICK), None).await;
}

#[tokio::test]
async fn killed_processes_and_a_crashing_database_lose_no_job_on_postgres() {
    let Some(postgres) = TestPostgres::alone().await else {
        return;
    };
    survive("postgres", settings(Some(postgres.url()), QUICK), Some(&postgres)).await;
}
