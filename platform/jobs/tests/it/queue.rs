//! Which job runs when, how often, and what becomes of it.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use platform_error::{Code, Error};
use platform_jobs::{How, Job, JobError, JobState, LARGEST, Once, Policy, Run, Workers};
use serde::{Deserialize, Serialize};

use crate::world::{Note, Store, World, a_while, eventually, noon, note, on_each_database, run, writers};

#[tokio::test]
async fn a_job_is_there_when_its_transaction_commits_and_runs_once() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.working(writers()).await;

        let undone = store.db.begin().await.unwrap();
        store.jobs.enqueue(&undone, &note("undone")).await.unwrap();
        undone.rollback().await.unwrap();
        let id = store.enqueue(&note("done")).await;

        eventually("it is done", async || {
            store.jobs.find(id).await.unwrap().state == JobState::Done
        })
        .await;
        a_while().await;
        assert_eq!(store.effects().await, ["done"]);
        let job = store.jobs.find(id).await.unwrap();
        assert_eq!((job.attempts, job.progress, job.last_error), (1, 100, None));
    })
    .await;
}

#[tokio::test]
async fn the_most_urgent_job_goes_first_and_a_later_one_waits() {
    on_each_database(async |database| {
        let world = World::with(database, "workers = 1");
        let (context, store) = world.store().await;
        let later = How {
            at: Some(noon() + chrono::TimeDelta::seconds(60)),
            priority: Some(100),
            ..How::default()
        };
        store.enqueue_with(&note("later"), later).await;
        store.enqueue(&note("usual")).await;
        let urgent = How {
            priority: Some(5),
            ..How::default()
        };
        store.enqueue_with(&note("urgent"), urgent).await;

        run(&context, &store, writers());

        eventually("two are done", async || store.effects().await == ["urgent", "usual"]).await;
        a_while().await;
        assert_eq!(store.effects().await.len(), 2);
        world.advance(61);
        eventually("its time has come", async || store.effects().await.len() == 3).await;
    })
    .await;
}

#[tokio::test]
async fn a_failing_job_pauses_longer_each_time_and_dies_in_the_end() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.working(writers()).await;
        let id = store.enqueue(&note("fail")).await;

        let mut pauses = Vec::new();
        for attempt in 1..=2 {
            let job = async || store.jobs.find(id).await.unwrap();
            eventually("it has failed", async || {
                let job = job().await;
                job.attempts == attempt && job.state == JobState::Ready
            })
            .await;
            let pause = job().await.run_at - world.clock.now();
            pauses.push(pause.num_milliseconds());
            world.clock.advance(pause);
        }

        eventually("it is dead", async || {
            store.jobs.find(id).await.unwrap().state == JobState::Dead
        })
        .await;
        let job = store.jobs.find(id).await.unwrap();
        assert_eq!(job.attempts, 3);
        assert!(job.last_error.unwrap().contains("as the test asks for"));
        assert!((5_000..=10_000).contains(&pauses[0]), "{pauses:?}");
        assert!((7_500..=15_000).contains(&pauses[1]), "{pauses:?}");
        assert!(store.effects().await.is_empty(), "nothing of a failed attempt is left");
    })
    .await;
}

#[tokio::test]
async fn the_same_job_is_enqueued_once() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (context, store) = world.store().await;
        let waiting = || How {
            once: Once::WhileWaiting("view".into()),
            ..How::default()
        };
        let ever = || How {
            once: Once::Ever("order 7".into()),
            ..How::default()
        };
        let (first, other) = (
            store.enqueue_with(&note("a"), waiting()).await,
            store.enqueue_with(&note("b"), ever()).await,
        );
        assert_eq!(store.enqueue_with(&note("a"), waiting()).await, first);
        assert_eq!(store.enqueue_with(&note("b"), ever()).await, other);

        run(&context, &store, writers());
        eventually("both are done", async || store.effects().await.len() == 2).await;
        let again = store.enqueue_with(&note("a"), waiting()).await;
        let same = store.enqueue_with(&note("b"), ever()).await;

        assert_ne!(again, first);
        assert_eq!(same, other);
        eventually("the first is done again", async || store.effects().await.len() == 3).await;
    })
    .await;
}

#[tokio::test]
async fn no_more_of_a_kind_run_at_a_time_than_it_says() {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    #[derive(Serialize, Deserialize)]
    struct Slow(usize);
    impl Job for Slow {
        const KIND: &'static str = "test.slow";
        const POLICY: Policy = Policy {
            concurrency: 2,
            ..Policy::USUAL
        };
    }
    async fn slow(_: &Store, _: &Run, _: Slow) -> Result<(), Error> {
        MOST.fetch_max(RUNNING.fetch_add(1, Relaxed) + 1, Relaxed);
        tokio::time::sleep(Duration::from_millis(30)).await;
        RUNNING.fetch_sub(1, Relaxed);
        Ok(())
    }
    let world = World::new(None);
    let (_context, store) = world.working(Workers::new().on(slow)).await;

    let mut last = None;
    for number in 0..8 {
        last = Some(store.enqueue(&Slow(number)).await);
    }

    let is_done = async || store.jobs.find(last.unwrap()).await.unwrap().state == JobState::Done;
    eventually("the last is done", is_done).await;
    assert_eq!(MOST.load(Relaxed), 2);
}

#[tokio::test]
async fn a_job_that_hangs_panics_or_cannot_be_read_has_failed() {
    #[derive(Serialize, Deserialize)]
    struct Odd(String);
    impl Job for Odd {
        const KIND: &'static str = "test.odd";
        const POLICY: Policy = Policy {
            attempts: 1,
            limit: Duration::from_millis(200),
            ..Policy::USUAL
        };
    }
    #[derive(Serialize, Deserialize)]
    struct Other(u8);
    impl Job for Other {
        const KIND: &'static str = "test.odd";
        const POLICY: Policy = Odd::POLICY;
    }
    async fn misbehave(_: &Store, _: &Run, job: Odd) -> Result<(), Error> {
        match job.0.as_str() {
            "panic" => panic!("as the test asks for"),
            "refuse" => Err(Error::new(Code::Invalid, "it breaks a rule")),
            _ => std::future::pending().await,
        }
    }
    let world = World::new(None);
    let (_context, store) = world.working(Workers::new().on(misbehave)).await;

    let ids = [
        (store.enqueue(&Odd("hang".into())).await, "longer than its limit"),
        (store.enqueue(&Odd("panic".into())).await, "panicked"),
        (store.enqueue(&Odd("refuse".into())).await, "breaks a rule"),
        (store.enqueue(&Other(1)).await, "cannot be read"),
    ];

    for (id, error) in ids {
        eventually("it is dead", async || {
            store.jobs.find(id).await.unwrap().state == JobState::Dead
        })
        .await;
        let job = store.jobs.find(id).await.unwrap();
        assert!(
            job.last_error.as_deref().unwrap().contains(error),
            "{:?}",
            job.last_error
        );
        assert_eq!(job.attempts, 1);
    }
}

#[tokio::test]
async fn a_failure_is_noted_whatever_its_words_are() {
    async fn refuse(_: &Store, _: &Run, _: Note) -> Result<(), Error> {
        Err(Error::new(Code::Invalid, "the other side said \0"))
    }
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.working(Workers::new().on(refuse)).await;
        let id = store.enqueue(&note("a")).await;

        eventually("it is dead", async || {
            store.jobs.find(id).await.unwrap().state == JobState::Dead
        })
        .await;

        let noted = store.jobs.find(id).await.unwrap().last_error;
        assert_eq!(noted.as_deref(), Some("the other side said \u{fffd}"));
    })
    .await;
}

#[tokio::test]
async fn a_job_that_the_release_before_cannot_read_is_done_by_the_next() {
    #[derive(Serialize, Deserialize)]
    enum Before {
        Welcome,
    }
    #[derive(Serialize, Deserialize)]
    enum Next {
        Farewell,
    }
    impl Job for Before {
        const KIND: &'static str = "test.letter";
    }
    impl Job for Next {
        const KIND: &'static str = "test.letter";
    }
    async fn before(_: &Store, _: &Run, _: Before) -> Result<(), Error> {
        Ok(())
    }
    async fn next(_: &Store, _: &Run, _: Next) -> Result<(), Error> {
        Ok(())
    }
    let world = World::new(None);
    let (context, store) = world.working(Workers::new().on(before)).await;
    let id = store.enqueue(&Next::Farewell).await;
    let job = async || store.jobs.find(id).await.unwrap();
    eventually("it was tried", async || job().await.last_error.is_some()).await;
    context.shutdown().cancel();
    a_while().await;

    let (_context, _) = world.working(Workers::new().on(next)).await;
    world.advance(10);

    eventually("it is done", async || job().await.state == JobState::Done).await;
    assert!(job().await.last_error.unwrap().contains("cannot be read"));
}

#[tokio::test]
async fn a_job_too_large_for_the_queue_is_refused() {
    let world = World::new(None);
    let (_context, store) = world.store().await;
    let tx = store.db.begin().await.unwrap();

    let refused = store.jobs.enqueue(&tx, &Note("x".repeat(LARGEST))).await;

    assert!(matches!(refused, Err(JobError::TooLarge("test.note", _))));
}
