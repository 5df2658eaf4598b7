//! What it takes to do a job while others wait.

use platform_jobs::How;
use platform_testing::TestPostgres;

use crate::world::{Store, World, all, eventually, note, run, writers};

const WAITING: i64 = 2_000;

async fn count(store: &Store, query: &str) -> i64 {
    all(store.db.read(), query, []).await[0].try_get("", "number").unwrap()
}

#[tokio::test]
async fn what_is_read_for_a_job_does_not_grow_with_what_waits() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let world = World::new(Some(postgres.url()));
    let (context, store) = world.store().await;
    let done = async || count(&store, "select count(*) as number from effect").await;
    run(&context, &store, writers());
    for number in 1..=12 {
        store.enqueue(&note("first")).await;
        eventually("it is done", async || done().await == number).await;
    }

    let tx = store.db.begin().await.unwrap();
    for number in 0..WAITING {
        let job = note(&format!("note {number}"));
        store.jobs.enqueue_with(&tx, &job, How::default()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let all_done = WAITING + 12;
    eventually("all are done", async || done().await == all_done).await;
    context.shutdown().cancel();

    // A connection tells what it has read when it ends.
    store.db.close().await;
    let (_context, store) = world.store().await;
    let read = "select seq_tup_read + idx_tup_fetch as number from pg_stat_user_tables where relname = 'job'";
    let read = count(&store, read).await;
    assert!(
        (all_done..100 * all_done).contains(&read),
        "{read} rows read for {all_done} jobs"
    );
}
