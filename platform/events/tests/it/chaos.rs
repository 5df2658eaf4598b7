//! Zero loss: producers, relays, consumers, bus and database are killed at random, and in the end every effect is
//! there exactly once and in order.
//!
//! The ordinary run takes seconds. `HANSA_CHAOS_SECONDS=180 cargo test -p platform-events chaos` kills for as long as
//! it is told to.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Child, Command, Stdio},
    time::Duration,
};

use platform_database::{
    Database,
    orm::{ConnectionTrait, Statement},
};
use platform_error::Error;
use platform_events::{Cause, Consumers, MIGRATIONS};
use platform_service::Clock;
#[cfg(feature = "nats")]
use platform_testing::TestNats;
use platform_testing::TestPostgres;
use tokio::time::{Instant, sleep};

use crate::world::{Store, TABLES, World, all, context, counted, effects, execute, record, run, settings};

const ROLE: &str = "HANSA_TEST_ROLE";
const SETTINGS: &str = "HANSA_TEST_SETTINGS";
const FOLDER: &str = "HANSA_TEST_FOLDER";
/// Short leases and pauses: what a killed process held is taken over soon.
const QUICK: &str = "lease = \"500ms\"\nhandler-timeout = \"1s\"\nfirst-retry = \"50ms\"\nlongest-retry = \"500ms\"\nattempts = 1000000\n";
const LEAST_EVENTS: i64 = 1_500;
const LEAST_KILLS: usize = 12;
const KEYS: i64 = 5;

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
    let service = if role.starts_with("consumer") {
        "billing"
    } else {
        "orders"
    };
    let context = context(service, &settings, Clock::system(), folder.as_ref());
    let store = loop {
        // The database may be down at this moment.
        match Store::open(context.clone()).await {
            Ok(store) => break store,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    };
    match role.strip_prefix("producer") {
        Some(number) => loop {
            let _ = produce(&store, number).await;
            sleep(Duration::from_millis(50)).await;
        },
        None if service == "billing" => run(&context, &store, Consumers::new().on("counters", record)),
        // The relay runs wherever events are open.
        None => {}
    }
    std::future::pending::<()>().await;
}

/// Writes rows and tells of them, each in one transaction, until something fails.
async fn produce(store: &Store, producer: &str) -> Result<(), Error> {
    let select = "select key, max(number) as number from source group by key";
    let statement = Statement::from_string(store.db.read().get_database_backend(), select);
    let mut last = BTreeMap::<String, i64>::new();
    for row in store
        .db
        .read()
        .query_all_raw(statement)
        .await
        .map_err(Error::internal)?
    {
        let (key, number) = (row.try_get("", "key"), row.try_get("", "number"));
        last.insert(key.map_err(Error::internal)?, number.map_err(Error::internal)?);
    }
    for turn in 0.. {
        let tx = store.db.begin().await?;
        for offset in 0..3 {
            let key = format!("{producer}/{}", (turn + offset) % KEYS);
            let number = last.entry(key.clone()).or_default();
            *number += 1;
            let insert = "insert into source (key, number) values ($1, $2)";
            let values = [key.clone().into(), (*number).into()];
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), insert, values);
            tx.execute_raw(statement).await.map_err(Error::internal)?;
            store
                .events
                .publish(&tx, &counted(&key, *number), &Cause::default())
                .await?;
        }
        tx.commit().await?;
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// The processes of a deployment.
struct Deployment {
    settings: String,
    folder: tempfile::TempDir,
    children: BTreeMap<&'static str, Child>,
}

impl Deployment {
    fn new(settings: String) -> Self {
        Self {
            settings,
            folder: tempfile::tempdir().unwrap(),
            children: BTreeMap::new(),
        }
    }

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

    /// A service's database, without the relay that comes with its events.
    async fn database(&self, service: &'static str) -> Database {
        let context = context(service, &self.settings, Clock::system(), self.folder.path());
        Database::open(&context, &[MIGRATIONS, TABLES]).await.unwrap()
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

/// Something that is brought down beside the processes.
enum Outside<'a> {
    Nothing,
    Postgres(&'a TestPostgres),
    #[cfg(feature = "nats")]
    Nats(&'a mut TestNats),
}

impl Outside<'_> {
    async fn bring_down(&mut self) {
        match self {
            Self::Nothing => {}
            Self::Postgres(postgres) => postgres.crash().await,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => {
                nats.kill();
                sleep(Duration::from_millis(200)).await;
                nats.revive().await;
            }
        }
    }
}

const ROLES: [&str; 5] = ["producer1", "producer2", "relay", "consumer1", "consumer2"];

/// Kills at random until enough has happened, then lets the rest arrive and compares.
async fn survive(name: &str, settings: String, mut outside: Outside<'_>) {
    let mut deployment = Deployment::new(settings);
    let (orders, billing) = (
        deployment.database("orders").await,
        deployment.database("billing").await,
    );
    ROLES.into_iter().for_each(|role| deployment.start(role));
    let told = variable("HANSA_CHAOS_SECONDS").and_then(|seconds| seconds.parse().ok());
    let least = Duration::from_secs(told.unwrap_or(3));
    let (started, mut kills, mut crashes) = (Instant::now(), 0, 0);
    let mut produced = 0;
    while started.elapsed() < least || produced < LEAST_EVENTS || kills < LEAST_KILLS {
        assert!(
            started.elapsed() < least + Duration::from_secs(60),
            "{produced} events and {kills} kills are too few"
        );
        sleep(Duration::from_millis(60 + u64::from(random(200)))).await;
        let role = ROLES[usize::from(random(ROLES.len() as u8))];
        deployment.kill(role);
        kills += 1;
        if kills % 10 == 5 {
            outside.bring_down().await;
            crashes += 1;
        }
        deployment.start(role);
        produced = count(&orders, "source").await.unwrap_or(produced);
    }
    deployment.kill("producer1");
    deployment.kill("producer2");

    let patience = Instant::now() + Duration::from_secs(60).max(least);
    let produced = loop {
        let counts = (
            count(&orders, "source").await,
            count(&orders, "event_outbox").await,
            count(&billing, "effect").await,
        );
        if let (Some(produced), Some(0), Some(effects)) = counts
            && effects >= produced
        {
            break produced;
        }
        assert!(Instant::now() < patience, "not everything arrived: {counts:?}");
        sleep(Duration::from_millis(50)).await;
    };
    // Doubles would come a little later.
    sleep(Duration::from_millis(300)).await;
    let mut seen = BTreeMap::<String, Vec<i64>>::new();
    for (_, key, number) in effects(&billing).await {
        seen.entry(key).or_default().push(number);
    }
    for (key, numbers) in &seen {
        let all: Vec<_> = (1..=numbers.len() as i64).collect();
        assert_eq!(*numbers, all, "{key}: every effect once and in order");
    }
    let effects: usize = seen.values().map(Vec::len).sum();
    assert_eq!(effects as i64, produced, "every event has its effect");
    let seconds = started.elapsed().as_secs_f32();
    let crashed = if matches!(outside, Outside::Nothing) {
        0
    } else {
        crashes
    };
    // Past the harness's capture: what a long run did is worth reading.
    let _ = writeln!(
        std::io::stderr(),
        "{name}: {effects} events, {kills} processes killed, {crashed} times more, {seconds:.1} s"
    );
}

/// How many rows a table has, unless the database is down.
async fn count(db: &Database, table: &str) -> Option<i64> {
    let sql = format!("select count(*) as number from {table}");
    let statement = Statement::from_string(db.read().get_database_backend(), sql);
    let row = db.read().query_one_raw(statement).await.ok()??;
    row.try_get("", "number").ok()
}

#[expect(clippy::disallowed_methods, reason = "chance is what this test is about")]
fn random(below: u8) -> u8 {
    uuid::Uuid::new_v4().as_bytes()[0] % below
}

#[tokio::test]
async fn killed_processes_lose_nothing_on_sqlite() {
    survive("sqlite", settings(None, QUICK), Outside::Nothing).await;
}

#[tokio::test]
async fn killed_processes_and_a_crashing_database_lose_nothing_on_postgres() {
    let Some(postgres) = TestPostgres::alone().await else {
        return;
    };
    let settings = settings(Some(postgres.url()), QUICK);
    survive("postgres", settings, Outside::Postgres(&postgres)).await;
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn killed_processes_and_a_killed_broker_lose_nothing_with_nats() {
    let Some(mut nats) = TestNats::start().await else {
        return;
    };
    let settings = settings(None, &format!("{QUICK}bus = \"nats\"\nnats-url = \"{}\"", nats.url()));
    survive("nats", settings, Outside::Nats(&mut nats)).await;
}

#[tokio::test]
async fn a_row_and_its_event_are_there_together_or_not_at_all() {
    let world = World::new(None);
    let (_context, orders) = world.store("orders").await;
    let tx = orders.db.begin().await.unwrap();
    execute(&tx, "insert into source (key, number) values ('a', 1)", []).await;
    orders
        .events
        .publish(&tx, &counted("a", 1), &Cause::default())
        .await
        .unwrap();

    drop(tx);

    assert!(all(orders.db.read(), "select 1 from source", []).await.is_empty());
    assert_eq!(count(&orders.db, "event_outbox").await, Some(0));
}
