//! The cache of one process.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    time::Duration,
};

use futures::future::join_all;
use platform_error::{Code, Error};
use platform_testing::eventually;

use crate::support::{Process, Source};

#[tokio::test]
async fn a_value_is_loaded_once_and_again_when_it_has_expired() {
    let (process, source) = (Process::alone(), Source::of(7));

    assert_eq!(process.read("a", &source).await, Some(7));
    process.advance(80);
    assert_eq!(process.read("a", &source).await, Some(7));
    assert_eq!(source.loads(), 1);

    process.advance(31);
    process.read("a", &source).await;
    assert_eq!(source.loads(), 2);
}

#[tokio::test]
async fn that_there_is_nothing_is_known_for_a_shorter_time() {
    let (process, source) = (Process::alone(), Source::of(0));

    assert_eq!(process.read("a", &source).await, None);
    assert_eq!(process.read("a", &source).await, None);
    assert_eq!(source.loads(), 1);

    process.advance(12);
    source.set(3);
    assert_eq!(process.read("a", &source).await, Some(3));
}

#[tokio::test]
async fn a_thousand_that_wait_are_one_load() {
    let (process, source) = (Process::alone(), Source::slow(7, 50));

    let answers = join_all((0..1_000).map(|_| process.read("a", &source))).await;

    assert!(answers.iter().all(|answer| *answer == Some(7)));
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn all_who_wait_hear_why_a_load_failed_and_the_next_tries_again() {
    let process = Process::alone();
    let loads = Arc::new(AtomicU32::new(0));
    let fail = |loads: Arc<AtomicU32>| async move {
        loads.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err::<Option<u64>, _>(Error::new(Code::Unavailable, "the source is away").with_hint("wait"))
    };

    let answers = join_all((0..10).map(|_| {
        let loads = loads.clone();
        process.cache.get("a", move || fail(loads))
    }));
    for answer in answers.await {
        let error = answer.unwrap_err();
        assert_eq!(
            (error.code(), error.message(), error.hint()),
            (Code::Unavailable, "the source is away", Some("wait"))
        );
    }
    assert_eq!(loads.load(SeqCst), 1);

    assert_eq!(process.read("a", &Source::of(1)).await, Some(1));
}

#[tokio::test]
async fn nothing_old_is_read_after_an_invalidation_though_a_load_was_under_way() {
    let (process, source) = (Process::alone(), Source::slow(1, 60));
    let early = process.read("a", &source);
    let change = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        source.set(2);
        process.cache.invalidate("a").await;
        // Neither the load that began before nor what it gives is for those who come now.
        process.read("a", &source).await
    };

    let (_, late) = tokio::join!(early, change);

    assert_eq!(late, Some(2));
    assert_eq!(process.read("a", &source).await, Some(2));
}

#[tokio::test]
async fn a_load_that_its_caller_gave_up_does_not_block_the_next() {
    let (process, source) = (Process::alone(), Source::slow(7, 40));

    let given_up = tokio::time::timeout(Duration::from_millis(5), process.read("a", &source)).await;

    assert!(given_up.is_err());
    assert_eq!(process.read("a", &source).await, Some(7));
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_ends_and_an_invalidation_after_it_holds_nobody_up() {
    let (process, connection) = (Process::alone(), Arc::new(()));
    let held = connection.clone();
    let load = move || async move {
        let _held = held;
        std::future::pending::<()>().await;
        Ok::<_, Error>(None)
    };

    let given_up = tokio::time::timeout(Duration::from_millis(5), process.cache.get("a", load)).await;

    assert!(given_up.is_err());
    assert_eq!(Arc::strong_count(&connection), 1, "what the load held is free");
    process.cache.invalidate("a").await;
    assert_eq!(process.read("a", &Source::of(7)).await, Some(7));
}

#[tokio::test]
async fn what_went_wrong_inside_a_load_is_told_to_the_log() {
    let process = Process::alone();
    let fail = || async { Err::<Option<u64>, _>(Error::internal("the disk is full")) };

    let error = process.cache.get("a", fail).await.unwrap_err();

    assert_eq!(error.cause().unwrap().to_string(), "the disk is full");
}

#[tokio::test]
async fn a_dear_value_is_refreshed_before_it_expires_while_the_old_one_is_served() {
    let (process, source) = (Process::alone(), Source::slow(1, 300));
    process.read("a", &source).await;
    source.set(2);

    // In steps that are short beside the load, so that one of the last of its life brings the refresh.
    let mut served = None;
    while source.loads() == 1 {
        process.context.clock().advance(chrono::TimeDelta::milliseconds(10));
        served = process.read("a", &source).await;
        tokio::task::yield_now().await;
    }

    assert_eq!(served, Some(1));
    eventually("the refresh arrives", async || {
        process.read("a", &source).await == Some(2)
    })
    .await;
    assert_eq!(source.loads(), 2);
}
