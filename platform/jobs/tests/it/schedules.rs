//! Schedules: by the clock, once across processes, once for times that passed while nobody ran, in a zone.

use chrono::TimeZone;
use platform_jobs::{WithJobs, Workers};
use platform_service::{Blueprint, Service};
use platform_testing::TestService;

use crate::world::{Store, World, a_while, all, eventually, note, on_each_database, write, writers};

fn hourly() -> Workers<Store> {
    writers().every("hourly", "5 * * * *", &note("hourly"))
}

#[tokio::test]
async fn a_schedule_fires_once_across_processes() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_one, store) = world.working(hourly()).await;
        let (_two, _) = world.working(hourly()).await;
        let (_three, _) = world.working(hourly()).await;
        declared(&store, "5 * * * *").await;
        assert!(store.effects().await.is_empty(), "it is 12:00");

        for hour in 1..=3 {
            world.advance(3600);
            eventually("it has fired", async || store.effects().await.len() >= hour).await;
            a_while().await;
            assert_eq!(store.effects().await.len(), hour);
        }
    })
    .await;
}

#[tokio::test]
async fn times_that_passed_while_nobody_ran_are_made_up_for_once() {
    let world = World::new(None);
    let (context, store) = world.working(hourly()).await;
    declared(&store, "5 * * * *").await;
    context.shutdown().cancel();
    a_while().await;
    world.advance(10 * 3600);

    let (_context, _) = world.working(hourly()).await;

    eventually("it has fired", async || !store.effects().await.is_empty()).await;
    a_while().await;
    assert_eq!(store.effects().await.len(), 1);
}

#[tokio::test]
async fn a_schedule_follows_its_zone_and_a_new_pattern() {
    let world = World::new(None);
    // 12:00 UTC is 21:00 in Tokyo: half past nine there comes in half an hour.
    let tokyo = Workers::new()
        .on(write)
        .every_in("Asia/Tokyo", "evening", "30 21 * * *", &note("evening"));
    let (context, store) = world.working(tokyo).await;
    declared(&store, "30 21 * * *").await;
    world.advance(31 * 60);
    eventually("it has fired", async || store.effects().await.len() == 1).await;
    context.shutdown().cancel();
    a_while().await;

    let (_context, _) = world
        .working(
            Workers::new()
                .on(write)
                .every("evening", "40 12 * * *", &note("changed")),
        )
        .await;
    declared(&store, "40 12 * * *").await;
    world.advance(10 * 60);

    eventually("the new pattern holds", async || {
        store.effects().await == ["evening", "changed"]
    })
    .await;
}

#[tokio::test]
async fn a_process_of_the_release_before_fires_what_the_next_one_declared() {
    on_each_database(async |database| {
        let world = World::new(database);
        let before = writers().every("report", "0 3 1 * *", &note("monthly"));
        let (_before, store) = world.working(before).await;
        declared(&store, "0 3 1 * *").await;
        let next = writers().every("report", "5 * * * *", &note("hourly"));
        let (next, _) = world.working(next).await;
        declared(&store, "5 * * * *").await;
        next.shutdown().cancel();
        a_while().await;

        for hour in 1..=3 {
            world.advance(3600);
            let has_fired = async || store.effects().await == vec!["hourly"; hour];
            eventually("it has fired", has_fired).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_hour_that_the_clock_skips_or_repeats_fires_once() {
    let world = World::new(None);
    // In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October.
    let berlin = || writers().every_in("Europe/Berlin", "nightly", "30 2 * * *", &note("nightly"));
    world
        .clock
        .set(chrono::Utc.with_ymd_and_hms(2026, 3, 28, 12, 0, 0).unwrap());
    let (_context, store) = world.working(berlin()).await;
    declared(&store, "30 2 * * *").await;
    for _ in 0..12 {
        world.advance(2 * 3600);
        a_while().await;
    }
    assert_eq!(store.effects().await.len(), 1, "in the night that lacks 02:30");

    world
        .clock
        .set(chrono::Utc.with_ymd_and_hms(2026, 10, 24, 12, 0, 0).unwrap());
    eventually("the summer is made up for", async || store.effects().await.len() == 2).await;
    a_while().await;
    for _ in 0..24 {
        world.advance(3600);
        a_while().await;
    }
    assert_eq!(store.effects().await.len(), 3, "in the night that has 02:30 twice");
}

#[tokio::test]
async fn a_schedule_whose_year_has_passed_stops_no_other() {
    on_each_database(async |database| {
        let world = World::new(database);
        world
            .clock
            .set(chrono::Utc.with_ymd_and_hms(2026, 12, 31, 22, 0, 0).unwrap());
        let workers = hourly().every("ended", "0 0 12 1 1 * 2025", &note("ended"));
        let workers = workers.every("ending", "0 4 23 31 12 * 2026", &note("ending"));
        let (_context, store) = world.working(workers).await;
        declared(&store, "0 0 12 1 1 * 2025").await;

        world.advance(3660);
        let first = async || store.effects().await == ["hourly"];
        eventually("the first hour has fired", first).await;
        world.advance(3600);

        let both = async || {
            let mut done = store.effects().await;
            done.sort();
            done == ["ending", "hourly", "hourly"]
        };
        eventually("the last time and the next hour have fired", both).await;
        world.advance(3600);
        eventually("the others go on", async || store.effects().await.len() == 4).await;
    })
    .await;
}

#[tokio::test]
async fn a_service_does_jobs_for_as_long_as_it_runs() {
    fn service() -> Blueprint<Store> {
        Service::new("reports", 0).open(Store::open).jobs(writers())
    }
    let running = TestService::with(service(), &[("jobs.poll", "20ms")]).await;
    let store: Store = running.store();
    store.enqueue(&note("first")).await;
    eventually("it is done", async || store.effects().await == ["first"]).await;

    let running = running.restart(service()).await;

    let store: Store = running.store();
    store.enqueue(&note("second")).await;
    eventually("the next is done", async || {
        store.effects().await == ["first", "second"]
    })
    .await;
}

/// Waits until a schedule of this pattern is written down.
async fn declared(store: &Store, pattern: &str) {
    let sql = "select name from job_schedule where cron = $1";
    eventually("it is declared", async || {
        !all(store.db.read(), sql, [pattern.into()]).await.is_empty()
    })
    .await;
}

#[test]
#[should_panic(expected = "it names no time")]
fn a_schedule_that_is_never_due_is_refused_when_it_is_declared() {
    writers().every("never", "0 12 30 2 *", &note("never"));
}
