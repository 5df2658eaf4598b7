//! Calls to a dependency that answers late, wrongly, or not at all.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    time::Duration,
};

use platform_config::Duration as Span;
use platform_resilience::{Budget, Bulkhead, Fault, Full, Guard, Policy, Refused, pause};
use tokio::time::{advance, sleep};

fn policy() -> Policy {
    Policy {
        breaker_failures: 3,
        breaker_pause: Span::from_secs(60),
        ..Policy::default()
    }
}

async fn failing(guard: &Guard, fault: Fault) -> (Result<(), Refused<&'static str>>, u32) {
    let attempts = AtomicU32::new(0);
    let attempt = || {
        attempts.fetch_add(1, SeqCst);
        async { Err("broken") }
    };
    let outcome = guard.call(|_| fault, attempt).await;
    (outcome, attempts.load(SeqCst))
}

#[tokio::test(start_paused = true)]
async fn only_what_may_be_repeated_is_tried_again() {
    let guard = Guard::new(
        "store",
        Policy {
            breaker_failures: 0,
            ..Policy::default()
        },
    );

    assert_eq!(failing(&guard, Fault::Again).await, (Err(Refused::Failed("broken")), 3));
    assert_eq!(failing(&guard, Fault::Once).await, (Err(Refused::Failed("broken")), 1));
    assert_eq!(
        failing(&guard, Fault::Answer).await,
        (Err(Refused::Failed("broken")), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_keeps_failing_is_left_alone_and_then_asked_once() {
    let guard = Guard::new("store", policy());
    for _ in 0..3 {
        assert_eq!(failing(&guard, Fault::Once).await.1, 1);
    }

    assert_eq!(failing(&guard, Fault::Once).await, (Err(Refused::Open("store")), 0));
    advance(Duration::from_secs(61)).await;
    assert_eq!(failing(&guard, Fault::Once).await.1, 1);
    assert_eq!(failing(&guard, Fault::Once).await.1, 0);
    advance(Duration::from_secs(61)).await;
    assert_eq!(guard.call(|_: &&str| Fault::Once, || async { Ok(1) }).await, Ok(1));
    assert_eq!(failing(&guard, Fault::Once).await.1, 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_of_a_dependency_that_works_do_not_open_the_breaker() {
    let guard = Guard::new("store", policy());

    for _ in 0..10 {
        assert_eq!(failing(&guard, Fault::Answer).await.1, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_given_up_and_not_repeated() {
    let guard = Guard::new(
        "store",
        Policy {
            timeout: Span::from_secs(1),
            ..policy()
        },
    );
    let slow = || async {
        sleep(Duration::from_secs(5)).await;
        Ok::<_, &str>(())
    };

    let outcome = guard.call(|_| Fault::Again, slow).await;

    let after = Duration::from_secs(1);
    assert_eq!(outcome, Err(Refused::Timeout { name: "store", after }));
    let refused: Refused<platform_error::Error> = Refused::Timeout { name: "store", after };
    assert_eq!(
        platform_error::Error::from(refused).code(),
        platform_error::Code::Timeout
    );
}

#[tokio::test(start_paused = true)]
async fn retries_are_a_share_of_the_calls_during_an_outage() {
    let budget = Budget::new(10);
    let mut retries = 0;

    for _ in 0..1_000 {
        budget.earn();
        retries += u32::from(budget.spend());
    }

    assert!((100..=125).contains(&retries), "{retries} retries of 1,000 calls");
}

#[tokio::test(start_paused = true)]
async fn more_calls_than_seats_and_places_are_refused_at_once() {
    let bulkhead = Bulkhead::new(1, 1);
    let seat = bulkhead.enter().await.unwrap();
    let mut waiting = Box::pin(bulkhead.enter());
    assert!(
        tokio::time::timeout(Duration::from_millis(1), &mut waiting)
            .await
            .is_err()
    );

    assert_eq!(bulkhead.enter().await.unwrap_err(), Full);
    drop(waiting);
    let waits = bulkhead.enter();
    drop(seat);

    assert!(waits.await.is_ok());
}

#[test]
fn pauses_double_and_differ_between_calls() {
    let calls = [1_u64, 2, 3, 4].map(u64::to_le_bytes);
    for attempt in 1..=8 {
        let base = Duration::from_millis(20 * 2_u64.pow(attempt.min(6) - 1));
        let pauses = calls.map(|call| pause(attempt, &call));
        assert!(pauses.iter().all(|pause| (base / 2..=base).contains(pause)));
        assert_ne!(pauses[0], pauses[1]);
    }
}
