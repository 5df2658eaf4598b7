//! Zero loss: producers, relays, consumers, bus and database are killed at random, and in the end every effect is
//! there exactly once and in order.
//!
//! The ordinary run takes seconds. `HANSA_CHAOS_SECONDS=180 cargo test -p platform-events chaos` kills for as long as
//! it is told to.

use std::{collections::BTreeMap, io::Write, time::Duration};

use platform_database::{Database, sql};
use platform_error::Error;
use platform_events::{Cause, Consumers, MIGRATIONS};
use platform_service::Clock;
#[cfg(feature = "nats")]
use platform_testing::TestNats;
use platform_testing::{Deployment, Role, TestPostgres, arrived};
use tokio::time::sleep;

use crate::world::{Store, TABLES, World, all, context, counted, effects, execute, record, run, settings};

/// Short leases and pauses: what a killed process held is taken over soon.
const QUICK: &str = "lease = \"500ms\"\nhandler-timeout = \"1s\"\nfirst-retry = \"50ms\"\nlongest-retry = \"500ms\"\nattempts = 1000000\n";
const LEAST_EVENTS: i64 = 1_500;
const KEYS: i64 = 5;

/// What a child process does until it is killed: it runs only as a child of the tests below.
#[tokio::test]
#[ignore = "it is a child process of the other tests"]
async fn child() {
    let Some(role) = Role::of_this_process() else { return };
    let service = match role.name.starts_with("consumer") {
        true => "billing",
        false => "orders",
    };
    let context = context(service, &role.settings, Clock::system(), &role.folder);
    let store = loop {
        // The database may be down at this moment.
        match Store::open(context.clone()).await {
            Ok(store) => break store,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    };
    match role.name.strip_prefix("producer") {
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
    let mut last = BTreeMap::<String, i64>::new();
    for row in sql::all(store.db.read(), select, []).await.map_err(Error::internal)? {
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
            sql::execute(&tx, insert, values).await.map_err(Error::internal)?;
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

const ROLES: &[&str] = &["producer1", "producer2", "relay", "consumer1", "consumer2"];

/// A service's database, without the relay that comes with its events.
async fn database(deployment: &Deployment, service: &'static str) -> Database {
    let context = context(service, deployment.settings(), Clock::system(), deployment.folder());
    Database::open(&context, &[MIGRATIONS, TABLES]).await.unwrap()
}

/// Kills at random until enough has happened, then lets the rest arrive and compares.
async fn survive(name: &str, settings: String, bring_down: impl AsyncFnMut() -> bool) {
    let mut deployment = Deployment::new("chaos::child", ROLES, settings);
    let (orders, billing) = (
        database(&deployment, "orders").await,
        database(&deployment, "billing").await,
    );

    let made = async || count(&orders, "source").await;
    let survived = deployment.torment(LEAST_EVENTS, made, bring_down).await;
    deployment.kill("producer1");
    deployment.kill("producer2");
    let mut produced = 0;
    arrived(async || {
        let (source, waiting) = (count(&orders, "source").await, count(&orders, "event_outbox").await);
        let effects = count(&billing, "effect").await;
        produced = source.unwrap_or_default();
        source.is_some() && waiting == Some(0) && effects >= source
    })
    .await;

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
    // Past the harness's capture: what a long run did is worth reading.
    let _ = writeln!(std::io::stderr(), "{name}: {effects} events, {survived}");
}

/// How many rows a table has, unless the database is down.
async fn count(db: &Database, table: &str) -> Option<i64> {
    let select = format!("select count(*) as number from {table}");
    let row = sql::one(db.read(), &select, []).await.ok()??;
    row.try_get("", "number").ok()
}

#[tokio::test]
async fn killed_processes_lose_nothing_on_sqlite() {
    survive("sqlite", settings(None, QUICK), async || false).await;
}

#[tokio::test]
async fn killed_processes_and_a_crashing_database_lose_nothing_on_postgres() {
    let Some(postgres) = TestPostgres::alone().await else {
        return;
    };
    let crash = async || {
        postgres.crash().await;
        true
    };
    survive("postgres", settings(Some(postgres.url()), QUICK), crash).await;
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn killed_processes_and_a_killed_broker_lose_nothing_with_nats() {
    let Some(mut nats) = TestNats::start().await else {
        return;
    };
    let settings = settings(None, &format!("{QUICK}bus = \"nats\"\nnats-url = \"{}\"", nats.url()));
    let kill = async || {
        nats.kill();
        sleep(Duration::from_millis(200)).await;
        nats.revive().await;
        true
    };
    survive("nats", settings, kill).await;
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
