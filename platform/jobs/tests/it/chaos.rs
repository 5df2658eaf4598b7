//! Zero loss: processes that enqueue and that work, and the database, are killed at random, and in the end every
//! effect is there exactly once.
//!
//! The ordinary run takes seconds. `HANSA_CHAOS_SECONDS=180 cargo test -p platform-jobs chaos` kills for as long as it
//! is told to.

use std::{collections::BTreeSet, io::Write, time::Duration};

use platform_database::{Database, sql};
use platform_error::Error;
use platform_jobs::{Job, MIGRATIONS, Policy, Run, Workers};
use platform_service::Clock;
use platform_testing::{Deployment, Role, TestPostgres, arrived};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::world::{Store, TABLES, context, effect, effects, settings};

const QUICK: &str = "lease = \"1s\"\n";
const LEAST_JOBS: i64 = 1_000;

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

/// What a child process does until it is killed: it runs only as a child of the tests below.
#[tokio::test]
#[ignore = "it is a child process of the other tests"]
async fn child() {
    let Some(role) = Role::of_this_process() else { return };
    let context = context(&role.settings, Clock::system(), &role.folder);
    let store = loop {
        // The database may be down at this moment.
        match Store::open(context.clone()).await {
            Ok(store) => break store,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    };
    if role.name.starts_with("worker") {
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
            let inserted = sql::execute(&tx, insert, [what.clone().into()]).await;
            inserted.map_err(Error::internal)?;
            store.jobs.enqueue(&tx, &Mark(what)).await?;
        }
        tx.commit().await?;
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

const ROLES: &[&str] = &["producer1", "producer2", "worker1", "worker2"];

async fn survive(name: &str, settings: String, bring_down: impl AsyncFnMut() -> bool) {
    let mut deployment = Deployment::new("chaos::child", ROLES, settings);
    let context = context(deployment.settings(), Clock::system(), deployment.folder());
    let db = Database::open(&context, &[MIGRATIONS, TABLES]).await.unwrap();

    let made = async || count(&db, "source", "1 = 1").await;
    let survived = deployment.torment(LEAST_JOBS, made, bring_down).await;
    deployment.kill("producer1");
    deployment.kill("producer2");
    arrived(async || count(&db, "job", "state <> 'done'").await == Some(0)).await;

    let done = effects(&db).await;
    let different: BTreeSet<_> = done.iter().collect();
    assert_eq!(different.len(), done.len(), "no effect is there twice");
    assert_eq!(
        done.len() as i64,
        count(&db, "source", "1 = 1").await.unwrap(),
        "every job has its effect"
    );
    // Past the harness's capture: what a long run did is worth reading.
    let _ = writeln!(std::io::stderr(), "{name}: {} jobs, {survived}", done.len());
}

/// How many rows a table has, unless the database is down.
async fn count(db: &Database, table: &str, condition: &str) -> Option<i64> {
    let select = format!("select count(*) as number from {table} where {condition}");
    let row = sql::one(db.read(), &select, []).await.ok()??;
    row.try_get("", "number").ok()
}

#[tokio::test]
async fn killed_processes_lose_no_job_on_sqlite() {
    survive("sqlite", settings(None, QUICK), async || false).await;
}

#[tokio::test]
async fn killed_processes_and_a_crashing_database_lose_no_job_on_postgres() {
    let Some(postgres) = TestPostgres::alone().await else {
        return;
    };
    let crash = async || {
        postgres.crash().await;
        true
    };
    survive("postgres", settings(Some(postgres.url()), QUICK), crash).await;
}
