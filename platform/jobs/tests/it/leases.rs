//! What becomes of jobs whose process dies, loses the database or is stopped.

use std::time::Duration;

use platform_error::{Code, Error};
use platform_jobs::{Job, JobState, Policy, Run, WithJobs, Workers};
use platform_service::Service;
use platform_testing::{TestPostgres, TestService};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::world::{Store, World, a_while, effect, eventually, noon, note, on_each_database, writers};

#[tokio::test]
async fn a_job_of_a_process_that_is_gone_runs_elsewhere() {
    on_each_database(async |database| {
        let world = World::with(database, "lease = \"3s\"");
        let (_context, store) = world.store().await;
        let id = store.enqueue(&note("orphan")).await;
        // As a process leaves it that is killed while it works.
        let tx = store.db.begin().await.unwrap();
        let sql = "update job set state = 'running', attempts = 1, lease_owner = $1, lease_until = $2 where id = $1";
        let until = noon() + chrono::TimeDelta::seconds(3);
        crate::world::all(&tx, sql, [id.into(), until.into()]).await;
        tx.commit().await.unwrap();
        let (_context, store) = world.working(writers()).await;
        a_while().await;
        assert!(store.effects().await.is_empty(), "its lease is not over yet");

        world.advance(4);

        eventually("it is done", async || store.effects().await == ["orphan"]).await;
        assert_eq!(store.jobs.find(id).await.unwrap().attempts, 2);
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_lease_has_run_out_while_the_database_is_down_is_given_up() {
    static UNDER_WAY: Semaphore = Semaphore::const_new(1);
    #[derive(Serialize, Deserialize)]
    struct Endless;
    impl Job for Endless {
        const KIND: &'static str = "test.endless";
    }
    async fn endless(_: &Store, _: &Run, _: Endless) -> Result<(), Error> {
        let _held = UNDER_WAY.acquire().await.map_err(Error::internal)?;
        std::future::pending().await
    }
    let Some(postgres) = TestPostgres::alone().await else {
        return;
    };
    let world = World::with(Some(postgres.url()), "lease = \"150ms\"");
    let (_context, store) = world.working(Workers::new().on(endless)).await;
    store.enqueue(&Endless).await;
    eventually("it runs", async || UNDER_WAY.available_permits() == 0).await;

    let is_given_up = async || {
        postgres.crash().await;
        UNDER_WAY.available_permits() == 1
    };

    eventually("it is given up", is_given_up).await;
}

#[tokio::test]
async fn a_stopping_service_lets_jobs_end_and_gives_back_those_that_do_not() {
    #[derive(Serialize, Deserialize)]
    struct Long(String);
    impl Job for Long {
        const KIND: &'static str = "test.long";
    }
    async fn long(store: &Store, run: &Run, job: Long) -> Result<(), Error> {
        run.progress(10, "begun").await?;
        match job.0.as_str() {
            "endless" => std::future::pending().await,
            _ => {
                run.stopping().cancelled().await;
                let tx = store.db.begin().await?;
                effect(&tx, &job.0).await?;
                run.finish(&tx).await?;
                Ok(tx.commit().await?)
            }
        }
    }
    let world = World::with(None, "drain = \"300ms\"");
    let (context, store) = world.working(Workers::new().on(long)).await;
    let polite = store.enqueue(&Long("polite".into())).await;
    let endless = store.enqueue(&Long("endless".into())).await;
    for id in [polite, endless] {
        eventually("it runs", async || store.jobs.find(id).await.unwrap().progress == 10).await;
    }

    context.shutdown().cancel();
    let late = store.enqueue(&Long("late".into())).await;

    eventually("the polite one is done", async || store.effects().await == ["polite"]).await;
    eventually("the other is given back", async || {
        let job = store.jobs.find(endless).await.unwrap();
        (job.state, job.attempts) == (JobState::Ready, 0)
    })
    .await;
    assert_eq!(store.jobs.find(late).await.unwrap().attempts, 0, "nothing new is begun");
}

#[tokio::test]
async fn a_job_that_stops_with_its_service_has_used_no_attempt() {
    #[derive(Serialize, Deserialize)]
    struct Polite;
    impl Job for Polite {
        const KIND: &'static str = "test.polite";
        const POLICY: Policy = Policy {
            attempts: 1,
            ..Policy::USUAL
        };
    }
    async fn stops(_: &Store, run: &Run, _: Polite) -> Result<(), Error> {
        run.progress(10, "begun").await?;
        run.stopping().cancelled().await;
        Err(Error::new(Code::Unavailable, "it has come to a good place"))
    }
    async fn goes_on(_: &Store, _: &Run, _: Polite) -> Result<(), Error> {
        Ok(())
    }
    let world = World::new(None);
    let (context, store) = world.working(Workers::new().on(stops)).await;
    let id = store.enqueue(&Polite).await;
    let job = async || store.jobs.find(id).await.unwrap();
    eventually("it runs", async || job().await.progress == 10).await;

    context.shutdown().cancel();
    eventually("it has stopped", async || job().await.state != JobState::Running).await;
    let (_context, _) = world.working(Workers::new().on(goes_on)).await;

    eventually("the next process has done it", async || {
        job().await.state == JobState::Done
    })
    .await;
    assert_eq!(job().await.attempts, 1);
}

#[tokio::test]
async fn no_job_begins_while_a_stopping_service_finishes_its_requests() {
    let world = World::new(None);
    let (context, store) = world.working(writers()).await;
    store.enqueue(&note("early")).await;
    eventually("it is done", async || store.effects().await == ["early"]).await;

    context.stopping().cancel();
    let late = store.enqueue(&note("late")).await;

    a_while().await;
    assert!(!context.shutdown().is_cancelled());
    assert_eq!(store.jobs.find(late).await.unwrap().attempts, 0);
}

#[tokio::test]
async fn jobs_may_go_on_for_longer_than_requests() {
    #[derive(Serialize, Deserialize)]
    struct Lasting;
    impl Job for Lasting {
        const KIND: &'static str = "test.lasting";
    }
    async fn lasting(store: &Store, run: &Run, _: Lasting) -> Result<(), Error> {
        run.progress(10, "begun").await?;
        run.stopping().cancelled().await;
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        let tx = store.db.begin().await?;
        effect(&tx, "lasting").await?;
        run.finish(&tx).await?;
        Ok(tx.commit().await?)
    }
    let service = Service::new("reports", 0)
        .open(Store::open)
        .jobs(Workers::new().on(lasting));
    let drains = [
        ("connections.drain", "50ms"),
        ("jobs.drain", "30s"),
        ("jobs.poll", "20ms"),
    ];
    let service = TestService::with(service, &drains).await;
    let store: Store = service.store();
    let id = store.enqueue(&Lasting).await;
    eventually("it runs", async || store.jobs.find(id).await.unwrap().progress == 10).await;

    let _folder = service.stop().await;

    assert_eq!(store.effects().await, ["lasting"]);
    assert_eq!(store.jobs.find(id).await.unwrap().state, JobState::Done);
}

#[tokio::test]
async fn a_job_may_hold_its_transaction_for_longer_than_its_lease() {
    #[derive(Serialize, Deserialize)]
    struct Large;
    impl Job for Large {
        const KIND: &'static str = "test.large";
    }
    async fn large(store: &Store, run: &Run, _: Large) -> Result<(), Error> {
        let tx = store.db.begin().await?;
        effect(&tx, "large").await?;
        tokio::time::sleep(Duration::from_millis(600)).await;
        run.finish(&tx).await?;
        Ok(tx.commit().await?)
    }
    on_each_database(async |database| {
        let world = World::with(database, "lease = \"150ms\"");
        let (_context, store) = world.working(Workers::new().on(large)).await;

        let id = store.enqueue(&Large).await;

        eventually("it is done", async || {
            store.jobs.find(id).await.unwrap().state == JobState::Done
        })
        .await;
        assert_eq!(store.jobs.find(id).await.unwrap().attempts, 1);
    })
    .await;
}

#[tokio::test]
async fn what_follows_from_a_jobs_own_commit_is_not_cut_off() {
    #[derive(Serialize, Deserialize)]
    struct Tidy;
    impl Job for Tidy {
        const KIND: &'static str = "test.tidy";
    }
    async fn tidy(store: &Store, run: &Run, _: Tidy) -> Result<(), Error> {
        let tx = store.db.begin().await?;
        effect(&tx, "done").await?;
        run.finish(&tx).await?;
        tx.commit().await?;
        // Its lease is looked at meanwhile.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let tx = store.db.begin().await?;
        effect(&tx, "tidy").await?;
        Ok(tx.commit().await?)
    }
    on_each_database(async |database| {
        let world = World::with(database, "lease = \"150ms\"");
        let (_context, store) = world.working(Workers::new().on(tidy)).await;

        store.enqueue(&Tidy).await;

        eventually("both have happened", async || store.effects().await == ["done", "tidy"]).await;
    })
    .await;
}
