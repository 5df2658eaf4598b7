//! Which jobs a process takes when it has room for several.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use platform_error::Error;
use platform_jobs::{How, Job, Policy, Run, Workers};
use serde::{Deserialize, Serialize};

use crate::world::{Store, World, a_while, all, eventually, on_each_database, run};

/// The names of those that began, in the order they began in.
static BEGUN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static MAY_END: AtomicBool = AtomicBool::new(false);

#[derive(Serialize, Deserialize)]
struct Wide(String);

impl Job for Wide {
    const KIND: &'static str = "test.wide";
    const POLICY: Policy = Policy {
        concurrency: 8,
        ..Policy::USUAL
    };
}

#[derive(Serialize, Deserialize)]
struct Narrow(String);

impl Job for Narrow {
    const KIND: &'static str = "test.narrow";
    const POLICY: Policy = Policy {
        concurrency: 2,
        ..Policy::USUAL
    };
}

async fn begin(name: String) -> Result<(), Error> {
    BEGUN.lock().unwrap().push(name);
    while !MAY_END.load(Relaxed) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn wide(_: &Store, _: &Run, Wide(name): Wide) -> Result<(), Error> {
    begin(name).await
}

async fn narrow(_: &Store, _: &Run, Narrow(name): Narrow) -> Result<(), Error> {
    begin(name).await
}

#[tokio::test]
async fn several_are_claimed_at_once_the_most_urgent_first_and_no_kind_gets_more_than_its_share() {
    on_each_database(async |database| {
        BEGUN.lock().unwrap().clear();
        MAY_END.store(false, Relaxed);
        let world = World::with(database, "workers = 6");
        let (context, store) = world.store().await;
        let urgency = |priority| How {
            priority: Some(priority),
            ..How::default()
        };
        for number in 0..8 {
            let wide = Wide(format!("wide {number}"));
            store.enqueue_with(&wide, urgency(number)).await;
        }
        for number in 0..4 {
            let narrow = Narrow(format!("narrow {number}"));
            store.enqueue_with(&narrow, urgency(100 + number)).await;
        }

        run(&context, &store, Workers::new().on(wide).on(narrow));

        let first = ["narrow 3", "narrow 2", "wide 7", "wide 6", "wide 5", "wide 4"];
        eventually("everybody is busy", async || BEGUN.lock().unwrap().len() == 6).await;
        a_while().await;
        assert_eq!(*BEGUN.lock().unwrap(), first);
        let claims = "select count(distinct lease_owner) as claims from job where state = 'running'";
        let claims: i64 = all(store.db.read(), claims, []).await[0].try_get("", "claims").unwrap();
        assert_eq!(claims, 1, "those that there is no room for are in nobody's way");
        MAY_END.store(true, Relaxed);
        eventually("all are done", async || {
            let done = "select id from job where state = 'done'";
            all(store.db.read(), done, []).await.len() == 12
        })
        .await;
        assert_eq!(BEGUN.lock().unwrap().len(), 12);
    })
    .await;
}
