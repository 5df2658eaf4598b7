//! What happens when a handler fails: nothing half done, another attempt, and a dead letter in the end.

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use platform_database::Tx;
use platform_error::{Code, Error};
use platform_events::{Consumers, Event, EventError, Letters, Received};
use platform_testing::TestPostgres;
use serde::{Deserialize, Serialize};

use crate::world::{
    Counted, Store, World, a_while, counted, effect, eventually, of, on_each_database, record, record_positive, run,
    stop,
};

#[tokio::test]
async fn a_failed_event_holds_up_its_own_key_alone() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world
            .service("orders", Consumers::new().on("counters", record_positive))
            .await;

        store.publish(&counted("a", -1)).await;
        store.publish(&counted("a", 2)).await;
        store.publish(&counted("b", 3)).await;

        eventually("the other key is handled", async || store.numbers().await == [3]).await;
        a_while().await;
        assert_eq!(
            store.numbers().await,
            [3],
            "no effect of the failed one, nothing of its key before it"
        );
    })
    .await;
}

#[tokio::test]
async fn an_event_is_tried_again_in_time_while_others_take_long() {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    async fn slow_or_failing(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
        if event.key.starts_with("slow") {
            BEGUN.fetch_add(1, SeqCst);
            std::future::pending::<()>().await;
        }
        if TRIED.fetch_add(1, SeqCst) == 0 {
            return Err(Error::new(Code::Unavailable, "the first time"));
        }
        record(store, tx, event).await
    }
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let world = World::with(Some(postgres.url()), "concurrency = 4\nhandler-timeout = \"5m\"");
    let (_context, store) = world
        .service("orders", Consumers::new().on("counters", slow_or_failing))
        .await;
    for number in 0..3 {
        store.publish(&counted(&format!("slow{number}"), 0)).await;
        eventually("it takes long", async || BEGUN.load(SeqCst) > number).await;
    }
    store.publish(&counted("quick", 1)).await;
    eventually("it has failed", async || failed_attempts(&store).await == 1).await;

    world.advance(Duration::from_secs(60));

    eventually("it is tried again", async || store.numbers().await == [1]).await;
}

#[tokio::test]
async fn pauses_between_attempts_grow_and_end_in_a_dead_letter() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 4\nfirst-retry = \"10s\"\nlongest-retry = \"30s\"");
        let (_context, store) = world
            .service("orders", Consumers::new().on("counters", record_positive))
            .await;
        store.publish(&counted("a", -1)).await;
        store.publish(&counted("a", 2)).await;

        let mut pauses = Vec::new();
        for attempts in 1..=3 {
            eventually("it has failed once more", async || {
                failed_attempts(&store).await == attempts
            })
            .await;
            pauses.push(pause(&store, &world).await);
            world.advance(pauses[pauses.len() - 1]);
        }

        eventually("the next of its key is handled", async || store.numbers().await == [2]).await;
        let dead = store.events.letters(&of("counters"), 10).await.unwrap();
        assert_eq!((dead.len(), dead[0].attempts), (1, 4));
        assert!(dead[0].error.as_deref().unwrap().contains("a negative number"));
        for (pause, whole) in pauses.iter().zip([10, 20, 30]) {
            let whole = Duration::from_secs(whole);
            assert!(
                (whole / 2..=whole).contains(pause),
                "{pause:?} is between half of {whole:?} and all of it"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_or_is_refused_for_good_is_dead_at_once() {
    #[derive(Serialize, Deserialize)]
    struct Other {
        text: String,
    }
    impl Event for Other {
        const TYPE: &'static str = "test.counted";
        const AGGREGATE: &'static str = "test";

        fn key(&self) -> String {
            self.text.clone()
        }
    }
    async fn refuse(_: &Store, _: &Tx, event: Received<Counted>) -> Result<(), Error> {
        Err(Error::new(Code::Invalid, format!("{} breaks a rule", event.number)))
    }
    let world = World::new(None);
    let (_context, store) = world.service("orders", Consumers::new().on("refusers", refuse)).await;

    store.publish(&Other { text: "a".into() }).await;
    store.publish(&counted("b", 2)).await;

    let dead = async || store.events.letters(&Letters::default(), 10).await.unwrap();
    eventually("both are dead", async || dead().await.len() == 2).await;
    assert!(dead().await.iter().all(|letter| letter.attempts == 1));
}

#[tokio::test]
async fn an_event_of_a_later_release_waits_for_it() {
    #[derive(Serialize, Deserialize)]
    struct Newer(i64);
    impl Event for Newer {
        const TYPE: &'static str = "test.counted";
        const VERSION: u16 = 2;
        const AGGREGATE: &'static str = "test";

        fn key(&self) -> String {
            String::new()
        }
    }
    async fn note(_: &Store, tx: &Tx, event: Received<Newer>) -> Result<(), Error> {
        effect(tx, "new", &counted("", event.0)).await;
        Ok(())
    }
    let world = World::new(None);
    let (old, store) = world.service("orders", Consumers::new().on("counters", record)).await;
    store.publish(&Newer(5)).await;
    eventually("the old release has given up for now", async || {
        failed_attempts(&store).await == 1
    })
    .await;

    stop(&old, &store).await;
    let (_new, store) = world.service("orders", Consumers::new().on("counters", note)).await;
    world.advance(Duration::from_secs(60));

    eventually("the new release handles it", async || store.numbers().await == [5]).await;
}

#[tokio::test]
async fn an_event_of_an_earlier_release_is_upgraded() {
    #[derive(Serialize, Deserialize)]
    struct Newer {
        amount: i64,
    }
    impl Event for Newer {
        const TYPE: &'static str = "test.counted";
        const VERSION: u16 = 2;
        const AGGREGATE: &'static str = "test";

        fn key(&self) -> String {
            String::new()
        }

        fn upgrade(version: u16, data: serde_json::Value) -> serde_json::Value {
            assert_eq!(version, 1);
            serde_json::json!({ "amount": data["number"] })
        }
    }
    async fn note(_: &Store, tx: &Tx, event: Received<Newer>) -> Result<(), Error> {
        effect(tx, "new", &counted("", event.amount)).await;
        Ok(())
    }
    let world = World::new(None);
    let (_context, store) = world.service("orders", Consumers::new().on("counters", note)).await;

    store.publish(&counted("a", 6)).await;

    eventually("it is read as the new struct", async || store.numbers().await == [6]).await;
}

#[tokio::test]
async fn a_handler_that_panics_or_hangs_has_failed_and_has_done_nothing() {
    async fn misbehave(_: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
        effect(tx, "misbehaving", &event).await;
        match event.number {
            1 => panic!("as the test asks for"),
            2 => std::future::pending().await,
            _ => Ok(()),
        }
    }
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 1\nhandler-timeout = \"300ms\"");
        let (_context, store) = world
            .service("orders", Consumers::new().on("counters", misbehave))
            .await;

        for number in 1..=3 {
            store.publish(&counted(&number.to_string(), number)).await;
        }

        let dead = async || store.events.letters(&Letters::default(), 10).await.unwrap();
        eventually("two are dead", async || dead().await.len() == 2).await;
        eventually("one is handled", async || store.numbers().await == [3]).await;
        let errors: Vec<_> = dead().await.into_iter().filter_map(|letter| letter.error).collect();
        assert!(errors.iter().any(|error| error.contains("panicked")), "{errors:?}");
        assert!(errors.iter().any(|error| error.contains("longer than")), "{errors:?}");
    })
    .await;
}

#[tokio::test]
async fn an_event_whose_process_dies_each_time_is_dead_in_the_end() {
    let world = World::with(None, "attempts = 3");
    let (context, store) = world.store("orders").await;
    let consumers = || Consumers::new().on("counters", record);
    run(&context, &store, consumers());
    store.publish(&counted("a", 1)).await;
    eventually("the first is handled", async || store.numbers().await == [1]).await;
    stop(&context, &store).await;
    // As if three processes had claimed the next one and died with it.
    let tx = store.db.begin().await.unwrap();
    let sql = "insert into event_inbox (group_name, id, lane, type, happened_at, envelope, state, attempts, run_at,
            lease_owner, lease_until, changed_at)
        select group_name, $1, lane, type, happened_at, $2, 'ready', 3, run_at, $1, run_at, changed_at
        from event_inbox where group_name = 'counters'";
    let envelope = serde_json::json!({
        "id": uuid(7), "type": "test.counted", "version": 1, "aggregate": "test", "key": "a",
        "time": "2026-01-15T12:00:00Z", "correlation": uuid(7), "data": { "key": "a", "number": 2 },
    });
    crate::world::execute(&tx, sql, [uuid(7).into(), envelope.to_string().into()]).await;
    tx.commit().await.unwrap();
    world.advance(Duration::from_secs(60));

    let (_context, store) = world.service("orders", consumers()).await;

    let dead = async || store.events.letters(&Letters::default(), 10).await.unwrap();
    eventually("it is dead", async || dead().await.len() == 1).await;
    assert_eq!(store.numbers().await, [1]);
}

#[tokio::test]
async fn a_group_that_is_not_there_cannot_replay() {
    let world = World::new(None);
    let (_context, store) = world.store("orders").await;

    let refused = store.events.replay("nobody", world.clock.now()).await;

    assert!(matches!(refused, Err(EventError::NoSuchGroup(_))));
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

async fn failed_attempts(store: &Store) -> i32 {
    let sql = "select max(attempts) as attempts from event_inbox where lease_owner is null and last_error is not null";
    let rows = crate::world::all(store.db.read(), sql, []).await;
    rows[0]
        .try_get::<Option<i32>>("", "attempts")
        .unwrap()
        .unwrap_or_default()
}

async fn pause(store: &Store, world: &World) -> Duration {
    let sql = "select run_at from event_inbox where last_error is not null";
    let rows = crate::world::all(store.db.read(), sql, []).await;
    let at: chrono::DateTime<chrono::Utc> = rows[0].try_get("", "run_at").unwrap();
    (at - world.clock.now()).to_std().unwrap()
}
