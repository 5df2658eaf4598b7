//! One conformance suite for all buses, against the embedded log on both databases, a real NATS server, and Kafka.

#[cfg(feature = "nats")]
#[path = "bus/introduced.rs"]
mod introduced;
#[cfg(feature = "kafka")]
#[path = "bus/kafka.rs"]
mod kafka;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use platform_events::{Batch, Bus, Envelope, EventError, Position, Start};
use uuid::Uuid;

use crate::world::eventually;

const WAIT: Duration = Duration::from_secs(10);

fn event(number: u128, key: &str, time: DateTime<Utc>) -> Envelope {
    let id = Uuid::from_u128(number);
    Envelope {
        id,
        r#type: "test.counted".into(),
        version: 1,
        aggregate: "test".into(),
        key: key.into(),
        workspace: None,
        actor: Some("ada".into()),
        time,
        correlation: id,
        causation: None,
        data: serde_json::json!({ "number": number, "text": "ünïcödé" }),
    }
}

fn events(numbers: impl Iterator<Item = u128>, time: DateTime<Utc>) -> Vec<Envelope> {
    numbers
        .map(|number| event(number, &format!("k{}", number % 7), time))
        .collect()
}

/// Reads from a position until so many events are there, and gives back the position after them.
async fn read(bus: &dyn Bus, from: &Position, count: usize) -> (Vec<Envelope>, Position) {
    let mut reader = bus.reader(from).await.unwrap();
    let (mut read, mut next) = (Vec::new(), from.clone());
    while read.len() < count {
        let batch = reader.next(count - read.len(), WAIT).await.unwrap();
        assert!(!batch.events.is_empty(), "{} of {count} came", read.len());
        read.extend(batch.events);
        next = batch.next;
    }
    (read, next)
}

fn numbers<'a>(events: impl IntoIterator<Item = &'a Envelope>) -> Vec<u128> {
    events.into_iter().map(|event| event.id.as_u128()).collect()
}

/// What every bus must do. `now` is the bus's own time, to be waited for where it cannot be moved.
async fn conforms(bus: Arc<dyn Bus>, now: impl AsyncFn() -> DateTime<Utc>) {
    let start = now().await;
    let beginning = bus.position(Start::Beginning).await.unwrap();

    // What was appended is read whole, and in the order of each lane.
    let appended = events(1..=200, start);
    bus.append(&appended).await.unwrap();
    let (all, after) = read(&*bus, &beginning, 200).await;
    let by_id: BTreeSet<_> = all.iter().map(|event| event.id).collect();
    assert_eq!(by_id.len(), 200);
    assert!(
        all.iter().all(|event| appended.contains(event)),
        "an event arrives as it was appended"
    );
    for key in 0..7 {
        let lane = all.iter().filter(|event| event.key == format!("k{key}"));
        assert!(numbers(lane).is_sorted(), "the order of a lane is kept");
    }

    // A position, also after a round trip through text, goes on where it was; it neither repeats nor skips.
    let (first, middle) = read(&*bus, &beginning, 77).await;
    let middle: Position = middle.to_string().parse().unwrap();
    let (second, end) = read(&*bus, &middle, 123).await;
    assert_eq!(end, after);
    let both: BTreeSet<_> = first.iter().chain(&second).map(|event| event.id).collect();
    assert_eq!(both.len(), 200);

    // Without events a reader waits and comes back empty-handed, without moving; an append wakes it.
    let mut reader = bus.reader(&after).await.unwrap();
    let Batch { events: none, next } = reader.next(10, Duration::from_millis(300)).await.unwrap();
    assert!(none.is_empty());
    assert_eq!(next, after);
    let late = events(201..=201, now().await);
    let (woken, appended) = tokio::join!(reader.next(10, WAIT), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        bus.append(&late).await
    });
    appended.unwrap();
    assert_eq!(numbers(&woken.unwrap().events), [201]);

    // The end is after all that is there.
    let end = bus.position(Start::End).await.unwrap();
    bus.append(&events(202..=210, now().await)).await.unwrap();
    let (newest, _) = read(&*bus, &end, 9).await;
    assert_eq!(newest.iter().map(|event| event.id).collect::<BTreeSet<_>>().len(), 9);
    assert!(numbers(&newest).iter().all(|number| (202..=210).contains(number)));

    // A position of another log is refused: what is appended here would be passed over.
    let beyond: Position = "0:1000000".parse().unwrap();
    assert!(matches!(bus.reader(&beyond).await, Err(EventError::Trimmed(_))));

    // Several readers and writers at a time; every reader sees everything.
    let end = bus.position(Start::End).await.unwrap();
    let batches: Vec<_> = (0..4)
        .map(|writer| events(1_000 + writer * 100..1_100 + writer * 100, start))
        .collect();
    let writers = futures::future::join_all(batches.iter().map(|batch| bus.append(batch)));
    let (written, one, other) = tokio::join!(writers, read(&*bus, &end, 400), read(&*bus, &end, 400));
    written.into_iter().for_each(|written| written.unwrap());
    for (read, _) in [one, other] {
        assert_eq!(read.iter().map(|event| event.id).collect::<BTreeSet<_>>().len(), 400);
    }
}

/// From a time on everything appended since is read, and what is far older is not.
async fn finds_times(bus: &dyn Bus, now: impl AsyncFn() -> DateTime<Utc>) {
    bus.append(&events(301..=310, now().await)).await.unwrap();
    let (from_time, later) = (now().await, events(311..=319, now().await));
    bus.append(&later).await.unwrap();

    let since = bus.position(Start::At(from_time)).await.unwrap();
    let (since, _) = read(bus, &since, 9).await;
    let future = bus.position(Start::At(from_time + TimeDelta::days(1))).await.unwrap();
    let mut future = bus.reader(&future).await.unwrap();
    let Batch { events: none, .. } = future.next(10, Duration::from_millis(200)).await.unwrap();

    assert!(numbers(&since).iter().all(|number| (311..=319).contains(number)));
    assert!(none.is_empty());
}

mod embedded {
    use platform_events::EmbeddedBus;

    use super::*;
    use crate::world::{World, on_each_database};

    #[tokio::test]
    async fn the_embedded_log_conforms() {
        on_each_database(async |database| {
            let world = World::new(database);
            let bus = EmbeddedBus::shared(&world.context("orders"), Duration::from_millis(20))
                .await
                .unwrap();

            let now = async || {
                world.advance(Duration::from_secs(60));
                world.clock.now()
            };
            conforms(Arc::new(bus.clone()), &now).await;
            finds_times(&bus, &now).await;
        })
        .await;
    }

    #[tokio::test]
    async fn the_embedded_log_keeps_an_event_once_and_forgets_what_is_old() {
        on_each_database(async |database| {
            let world = World::new(database);
            let bus = EmbeddedBus::shared(&world.context("orders"), Duration::from_millis(20))
                .await
                .unwrap();
            let day = Duration::from_secs(24 * 3600);
            bus.append(&events(1..=10, world.clock.now())).await.unwrap();
            bus.append(&events(1..=10, world.clock.now())).await.unwrap();
            let (_, after) = read(&bus, &Position::default(), 10).await;
            world.advance(day);
            bus.append(&events(11..=12, world.clock.now())).await.unwrap();

            bus.trim(world.clock.now() - TimeDelta::hours(1)).await.unwrap();

            assert_eq!(numbers(&read(&bus, &Position::default(), 2).await.0), [11, 12]);
            assert_eq!(numbers(&read(&bus, &after, 2).await.0), [11, 12]);
            let behind: Position = "0:3".parse().unwrap();
            assert!(matches!(bus.reader(&behind).await, Err(EventError::Trimmed(_))));
        })
        .await;
    }
}

#[cfg(feature = "nats")]
mod nats {
    use platform_config::Secret;
    use platform_events::{Consumers, NatsBus, Settings};
    use platform_testing::TestNats;

    use super::*;
    use crate::world::{World, counted, record};

    #[tokio::test]
    async fn a_jetstream_stream_conforms() {
        let Some(nats) = TestNats::start().await else { return };
        let settings = Settings {
            nats_url: Secret::new(nats.url()),
            ..Settings::default()
        };

        let bus = Arc::new(NatsBus::new(&settings).unwrap());
        conforms(bus.clone(), crate::bus::wall_clock).await;
        finds_times(&*bus, crate::bus::wall_clock).await;
    }

    #[tokio::test]
    async fn events_outlive_a_killed_nats_server_and_one_that_is_away() {
        let Some(mut nats) = TestNats::start().await else {
            return;
        };
        let world = World::with(None, &format!("bus = \"nats\"\nnats-url = \"{}\"", nats.url()));
        let (_context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
        for number in 1..=50 {
            store.publish(&counted("a", number)).await;
        }

        nats.kill();
        for number in 51..=100 {
            store.publish(&counted("a", number)).await;
        }
        nats.revive().await;

        eventually("all are handled", async || store.numbers().await.len() >= 100).await;
        assert_eq!(store.numbers().await, (1..=100).collect::<Vec<_>>());
    }
}

#[cfg(any(feature = "nats", feature = "kafka"))]
#[expect(
    clippy::disallowed_methods,
    reason = "a broker has a clock of its own, which is the machine's"
)]
async fn wall_clock() -> DateTime<Utc> {
    // Both brokers keep milliseconds at least; the pause keeps what was appended before apart from what comes.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let now = Utc::now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    now
}
