//! What it takes to handle an event while others wait.

use platform_events::{Cause, Consumers};
use platform_testing::TestPostgres;

use crate::world::{World, all, counted, eventually, record, rows, stop};

const WAITING: i64 = 2_000;

#[tokio::test]
async fn what_is_read_for_an_event_does_not_grow_with_what_waits() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let world = World::new(Some(postgres.url()));
    let (context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
    for handled in 1..=12 {
        store.publish(&counted("first", handled)).await;
        eventually("it is handled", async || rows(&store.db, "effect").await == handled).await;
    }

    let tx = store.db.begin().await.unwrap();
    for number in 0..WAITING {
        let event = counted(&format!("lane {number}"), number);
        store.events.publish(&tx, &event, &Cause::default()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let done = WAITING + 12;
    eventually("all are handled", async || rows(&store.db, "effect").await == done).await;
    stop(&context, &store).await;

    let read = "select seq_tup_read + idx_tup_fetch as rows from pg_stat_user_tables where relname = 'event_inbox'";
    // A connection tells what it has read when it ends.
    store.db.close().await;
    let (_context, store) = world.store("orders").await;
    let read: i64 = all(store.db.read(), read, []).await[0].try_get("", "rows").unwrap();
    assert!((done..100 * done).contains(&read), "{read} rows read for {done} events");
}
