//! What operators do: look at jobs, call them off, try them again.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use platform_error::{Code, Error};
use platform_jobs::{Filter, How, Job, JobError, JobState, Once, Run, Workers};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::world::{Store, World, a_while, effect, eventually, note, on_each_database, run, writers};

#[derive(Serialize, Deserialize)]
struct Watched;

impl Job for Watched {
    const KIND: &'static str = "test.watched";
}

async fn watched(store: &Store, run: &Run, _: Watched) -> Result<(), Error> {
    run.progress(40, "page 2 of 5").await?;
    let tx = store.db.begin().await?;
    effect(&tx, "half").await?;
    drop(tx);
    std::future::pending().await
}

#[tokio::test]
async fn progress_is_seen_and_a_running_job_can_be_called_off() {
    on_each_database(async |database| {
        let world = World::with(database, "lease = \"300ms\"");
        let (_context, store) = world.working(Workers::new().on(watched)).await;
        let id = store.enqueue(&Watched).await;
        eventually("progress is seen", async || {
            let job = store.jobs.find(id).await.unwrap();
            (job.state, job.progress, job.progress_text.as_deref()) == (JobState::Running, 40, Some("page 2 of 5"))
        })
        .await;

        store.jobs.cancel(id).await.unwrap();
        let next = store.enqueue(&Watched).await;

        eventually("another one may run", async || {
            store.jobs.find(next).await.unwrap().progress == 40
        })
        .await;
        a_while().await;
        assert_eq!(store.jobs.find(id).await.unwrap().state, JobState::Cancelled);
        assert!(store.effects().await.is_empty());
        let again = store.jobs.cancel(id).await;
        assert!(matches!(again, Err(JobError::WrongState { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_dead_or_cancelled_job_can_be_tried_again() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (context, store) = world.store().await;
        let id = store.enqueue(&note("once more")).await;
        store.jobs.cancel(id).await.unwrap();
        run(&context, &store, writers());
        a_while().await;
        assert!(store.effects().await.is_empty());

        store.jobs.retry(id).await.unwrap();

        eventually("it is done", async || store.effects().await == ["once more"]).await;
        let again = store.jobs.retry(id).await;
        assert!(matches!(again, Err(JobError::WrongState { .. })));
        let nothing = store.jobs.retry(Uuid::nil()).await;
        assert!(matches!(nothing, Err(JobError::NoSuchJob(_))));
    })
    .await;
}

#[tokio::test]
async fn a_job_is_not_tried_again_beside_one_that_is_the_same() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.store().await;
        let refresh = async || {
            let once = Once::WhileWaiting("view".into());
            store
                .enqueue_with(&note("refresh"), How { once, ..How::default() })
                .await
        };
        let first = refresh().await;
        store.jobs.cancel(first).await.unwrap();
        let second = refresh().await;

        let beside = store.jobs.retry(first).await.unwrap_err();
        store.jobs.cancel(second).await.unwrap();
        store.jobs.retry(first).await.unwrap();

        assert_ne!(second, first);
        assert!(matches!(beside, JobError::NotNeeded(id) if id == first), "{beside}");
        assert_eq!(refresh().await, first, "it waits again, and another is not needed");
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_was_called_off_says_nothing_of_the_next_one() {
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    static GO: [Semaphore; 2] = [Semaphore::const_new(0), Semaphore::const_new(0)];
    #[derive(Serialize, Deserialize)]
    struct Twice;
    impl Job for Twice {
        const KIND: &'static str = "test.twice";
    }
    async fn twice(_: &Store, _: &Run, _: Twice) -> Result<(), Error> {
        let number = BEGUN.fetch_add(1, SeqCst);
        let _go = GO[number].acquire().await.map_err(Error::internal)?;
        Err(Error::new(Code::Unavailable, format!("attempt {number}")))
    }
    let world = World::new(None);
    let (_context, store) = world.working(Workers::new().on(twice)).await;
    let id = store.enqueue(&Twice).await;
    eventually("it runs", async || BEGUN.load(SeqCst) == 1).await;
    store.jobs.cancel(id).await.unwrap();
    store.jobs.retry(id).await.unwrap();
    eventually("it runs again", async || BEGUN.load(SeqCst) == 2).await;

    GO[0].add_permits(1);
    a_while().await;
    let while_it_runs = store.jobs.find(id).await.unwrap();
    GO[1].add_permits(1);

    assert_eq!(
        (while_it_runs.state, while_it_runs.last_error),
        (JobState::Running, None)
    );
    eventually("the second one has failed", async || {
        store.jobs.find(id).await.unwrap().last_error.as_deref() == Some("attempt 1")
    })
    .await;
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_state_kind_and_page() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.store().await;
        let mut ids = Vec::new();
        for number in 0..5 {
            world.advance(1);
            ids.push(store.enqueue(&note(&number.to_string())).await);
        }
        world.advance(1);
        let other = store.enqueue(&Watched).await;
        store.jobs.cancel(ids[0]).await.unwrap();

        let all = store.jobs.list(&Filter::default(), 100).await.unwrap();
        let notes = Filter {
            kind: Some("test.note".into()),
            state: Some(JobState::Ready),
            ..Filter::default()
        };
        let first = store.jobs.list(&notes, 2).await.unwrap();
        let rest = Filter {
            before: Some(first[1].id),
            ..notes
        };
        let rest = store.jobs.list(&rest, 100).await.unwrap();

        assert_eq!((all.len(), all[0].id), (6, other));
        let listed: Vec<_> = first.iter().chain(&rest).map(|job| job.id).collect();
        assert_eq!(listed, [ids[4], ids[3], ids[2], ids[1]]);
    })
    .await;
}

#[tokio::test]
async fn what_is_long_over_is_forgotten() {
    let world = World::with(None, "keep-done = \"1day\"");
    let (context, store) = world.working(writers()).await;
    let id = store.enqueue(&note("old")).await;
    eventually("it is done", async || {
        store.jobs.find(id).await.unwrap().state == JobState::Done
    })
    .await;
    context.shutdown().cancel();
    a_while().await;
    world.advance(2 * 24 * 3600);

    let (_context, store) = world.working(writers()).await;

    let is_gone = async || matches!(store.jobs.find(id).await, Err(JobError::NoSuchJob(_)));
    eventually("it is forgotten", is_gone).await;
}
