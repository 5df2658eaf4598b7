//! What becomes of the others when an event in an inbox cannot be read, or its key is one that nobody would choose.

use platform_database::Tx;
use platform_error::{Code, Coded, Error};
use platform_events::{Consumers, Letters, Received};
use platform_testing::on_each_database;
use serde_json::json;
use uuid::Uuid;

use crate::world::{Counted, Store, World, a_while, counted, effect, eventually, execute, record, run, stop};

/// Puts an event into the inbox of `counters`, behind what is there: what a text says that may be none.
async fn put(store: &Store, id: u128, (lane, envelope): (&str, String)) {
    let tx = store.db.begin().await.unwrap();
    let sql = "insert into event_inbox (group_name, id, lane, type, happened_at, envelope, state, run_at, changed_at)
        select group_name, $1, $2, type, happened_at, $3, 'ready', run_at, changed_at
        from event_inbox where group_name = 'counters' and state = 'done'";
    execute(&tx, sql, [Uuid::from_u128(id).into(), lane.into(), envelope.into()]).await;
    tx.commit().await.unwrap();
}

fn envelope(id: u128, key: &str, number: i64) -> String {
    let id = Uuid::from_u128(id);
    let envelope = json!({
        "id": id, "type": "test.counted", "version": 1, "aggregate": "test", "key": key,
        "time": "2026-01-15T12:00:00Z", "correlation": id, "data": { "key": key, "number": number },
    });
    envelope.to_string()
}

#[tokio::test]
async fn an_event_that_cannot_be_read_takes_neither_other_lanes_with_it_nor_those_before_it_in_its_own() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 2\nfirst-retry = \"1ms\"\nlongest-retry = \"1ms\"");
        let consumers = || Consumers::new().on("counters", record);
        let (context, store) = world.service("orders", consumers()).await;
        store.publish(&counted("first", 0)).await;
        eventually("the first is handled", async || store.numbers().await == [0]).await;
        stop(&context, &store).await;
        put(&store, 1, ("test:broken", "no envelope".into())).await;
        put(&store, 2, ("test:broken", envelope(2, "broken", 2))).await;
        put(&store, 3, ("test:a", envelope(3, "a", 3))).await;
        put(&store, 4, ("test:a", "no envelope".into())).await;
        put(&store, 5, ("test:b", envelope(5, "b", 5))).await;

        let (context, store) = world.store("orders").await;
        run(&context, &store, consumers());

        eventually("the others are handled", async || {
            let mut numbers = store.numbers().await;
            numbers.sort_unstable();
            numbers == [0, 3, 5]
        })
        .await;
        a_while().await;
        assert_eq!(store.numbers().await.len(), 3, "what is behind it in its lane waits");
        assert!(store.events.letters(&Letters::default(), 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_position_that_cannot_be_read_is_a_fault_of_ours() {
    on_each_database(async |database| {
        let world = World::with(database, "");
        let (context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
        store.publish(&counted("first", 0)).await;
        eventually("it is handled", async || store.numbers().await == [0]).await;
        stop(&context, &store).await;
        let tx = store.db.begin().await.unwrap();
        execute(&tx, "update event_cursor set position = 'nowhere'", []).await;
        tx.commit().await.unwrap();

        let error = store.events.lag().await.unwrap_err();

        assert_eq!(error.code(), Code::Internal, "{error}");
    })
    .await;
}

#[tokio::test]
async fn an_event_with_a_key_that_a_database_cannot_keep_holds_up_nobody() {
    on_each_database(async |database| {
        let world = World::with(database, "");
        let (_context, store) = world
            .service("orders", Consumers::new().on("counters", record_number))
            .await;
        // No two letters alike for long, or PostgreSQL would compress it to what its indexes take.
        let long: String = (0..20_000_u32)
            .filter_map(|n| char::from_u32(0x4e00 + n * 7_919 % 20_000))
            .collect();

        store.publish(&counted("a\0b", 1)).await;
        store.publish(&counted(&long, 2)).await;
        store.publish(&counted("plain", 3)).await;

        eventually("all of them are handled", async || {
            let mut numbers = store.numbers().await;
            numbers.sort_unstable();
            numbers == [1, 2, 3]
        })
        .await;
    })
    .await;
}

/// Notes the number alone.
async fn record_number(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
    effect(tx, store.name, &counted("", event.number)).await;
    Ok(())
}
