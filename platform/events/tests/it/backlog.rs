//! What it takes to handle an event while others wait.

use platform_events::{Cause, Consumers};
use platform_testing::TestPostgres;

use crate::world::{World, all, counted, eventually, execute, record, rows, stop};

const WAITING: i64 = 2_000;

#[tokio::test]
async fn what_is_read_for_an_event_does_not_grow_with_what_waits() {
    // The plans that PostgreSQL keeps are of an inbox of which nothing is known.
    read_at_most(100, "select 1").await;
}

#[tokio::test]
async fn no_claim_reads_all_that_waits_for_each_of_it_where_the_inbox_was_known_to_be_empty() {
    read_at_most(1_000, "vacuum analyze event_inbox").await;
}

async fn read_at_most(rows_an_event: i64, before: &str) {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let world = World::new(Some(postgres.url()));
    let (context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
    execute(store.db.read(), before, []).await;
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
    assert!((done..rows_an_event * done).contains(&read), "{read} rows read for {done} events");
}
