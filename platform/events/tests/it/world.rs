//! A service that publishes and handles, on either database, with a clock that the test moves.

use std::{borrow::Cow, path::Path, time::Duration};

use platform_config::Config;
use platform_database::{
    Database, Migration, Migrations, Tx,
    orm::{ConnectionTrait, QueryResult, Value},
    sql,
};
use platform_error::{Code, Error};
use platform_events::{Cause, Consumers, Event, EventError, Events, Letters, MIGRATIONS, Received};
use platform_service::{Clock, Context};
pub(crate) use platform_testing::{eventually, noon, on_each_database};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

pub(crate) const TABLES: Migrations = &[Migration {
    name: "0001_effects",
    sqlite: Cow::Borrowed(
        "create table effect (seq integer primary key autoincrement, who text, key text, number bigint);
         create table source (key text, number bigint, primary key (key, number));",
    ),
    postgres: Cow::Borrowed(
        "create table effect (seq bigint generated always as identity primary key, who text, key text, number bigint);
         create table source (key text, number bigint, primary key (key, number));",
    ),
}];

/// The dead letters of a group.
pub(crate) fn of(group: &str) -> Letters {
    Letters {
        group: Some(group.into()),
        ..Letters::default()
    }
}

/// Something was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) key: String,
    pub(crate) number: i64,
}

impl Event for Counted {
    const TYPE: &'static str = "test.counted";
    const AGGREGATE: &'static str = "test";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// Something that nobody counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen;

impl Event for Seen {
    const TYPE: &'static str = "test.seen";
    const AGGREGATE: &'static str = "test";

    fn key(&self) -> String {
        "all".into()
    }
}

pub(crate) fn counted(key: &str, number: i64) -> Counted {
    let key = key.to_owned();
    Counted { key, number }
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) name: &'static str,
    pub(crate) db: Database,
    pub(crate) events: Events,
}

impl AsRef<Events> for Store {
    fn as_ref(&self) -> &Events {
        &self.events
    }
}

impl Store {
    pub(crate) async fn open(context: Context) -> Result<Self, EventError> {
        let db = Database::open(&context, &[MIGRATIONS, TABLES]).await?;
        Ok(Self {
            name: context.service(),
            events: Events::open(&context, &db).await?,
            db,
        })
    }

    /// Publishes in a transaction of its own.
    pub(crate) async fn publish(&self, event: &impl Event) {
        let tx = self.db.begin().await.unwrap();
        self.events.publish(&tx, event, &Cause::default()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn effects(&self) -> Vec<(String, String, i64)> {
        effects(&self.db).await
    }

    pub(crate) async fn numbers(&self) -> Vec<i64> {
        self.effects().await.into_iter().map(|(_, _, number)| number).collect()
    }
}

/// What was done so far, as `(who, key, number)` in the order it was done in.
pub(crate) async fn effects(db: &Database) -> Vec<(String, String, i64)> {
    let rows = all(db.read(), "select who, key, number from effect order by seq", []).await;
    let effect = |row: &QueryResult| {
        let number = row.try_get("", "number").unwrap();
        (row.try_get("", "who").unwrap(), row.try_get("", "key").unwrap(), number)
    };
    rows.iter().map(effect).collect()
}

pub(crate) async fn all(
    db: &impl ConnectionTrait,
    query: &str,
    values: impl IntoIterator<Item = Value>,
) -> Vec<QueryResult> {
    sql::all(db, query, values).await.unwrap()
}

pub(crate) async fn execute(db: &impl ConnectionTrait, statement: &str, values: impl IntoIterator<Item = Value>) {
    sql::execute(db, statement, values).await.unwrap();
}

pub(crate) async fn effect(tx: &Tx, who: &str, event: &Counted) {
    let sql = "insert into effect (who, key, number) values ($1, $2, $3)";
    execute(tx, sql, [who.into(), event.key.clone().into(), event.number.into()]).await;
}

/// Notes what was counted, under the name of the process that did it.
pub(crate) async fn record(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
    effect(tx, store.name, &event).await;
    Ok(())
}

/// Notes what was counted, unless the number is negative: then it fails after having noted it.
pub(crate) async fn record_positive(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
    effect(tx, store.name, &event).await;
    match event.number {
        0.. => Ok(()),
        _ => Err(Error::new(Code::Unavailable, "a negative number")),
    }
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

    /// A world with more keys in the section `[events]`.
    pub(crate) fn with(database: Option<&str>, events: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::manual(noon()),
            settings: settings(database, events),
        }
    }

    pub(crate) fn context(&self, service: &'static str) -> Context {
        context(service, &self.settings, self.clock.clone(), self.folder.path())
    }

    pub(crate) async fn store(&self, service: &'static str) -> (Context, Store) {
        let context = self.context(service);
        let store = Store::open(context.clone()).await.unwrap();
        (context, store)
    }

    /// A service that handles what the consumers say.
    pub(crate) async fn service(&self, service: &'static str, consumers: Consumers<Store>) -> (Context, Store) {
        let (context, store) = self.store(service).await;
        run(&context, &store, consumers);
        (context, store)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(chrono::TimeDelta::from_std(by).unwrap());
    }
}

pub(crate) fn settings(database: Option<&str>, events: &str) -> String {
    let url = database.unwrap_or_default();
    format!(
        "[database]\nurl = \"{url}\"\nmin-connections = 0\nmax-connections = 8\n[events]\npoll = \"20ms\"\n{events}\n"
    )
}

pub(crate) fn context(service: &'static str, settings: &str, clock: Clock, folder: &Path) -> Context {
    Context::standalone(service, Config::parse(settings).unwrap(), clock, folder)
}

/// Runs consumers as a host would, until the context's shutdown.
pub(crate) fn run(context: &Context, store: &Store, consumers: Consumers<Store>) {
    let store = store.clone();
    context.spawn("events", async move {
        consumers.run(&store.events, &store).await.unwrap();
    });
}

/// Stops a process as a host would: its loops end and give back their leases.
pub(crate) async fn stop(context: &Context, store: &Store) {
    context.shutdown().cancel();
    eventually("the leases are given back", async || {
        rows(&store.db, "event_lease").await == 0
    })
    .await;
}

/// How many rows a table has.
pub(crate) async fn rows(db: &Database, table: &str) -> i64 {
    let sql = format!("select count(*) as number from {table}");
    all(db.read(), &sql, []).await[0].try_get("", "number").unwrap()
}

/// Waits long enough that what should not happen would have happened.
pub(crate) async fn a_while() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}
