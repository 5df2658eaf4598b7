//! What an operator hears of a bus that is away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use platform_database::Database;
use platform_events::{Bus, Consumers, EmbeddedBus, Envelope, EventError, Events, MIGRATIONS, Position, Reader, Start};
use platform_testing::Log;
use tracing::Level;

use crate::world::{Store, TABLES, World, counted, eventually, record, run};

/// A bus that can be away.
#[derive(Debug)]
struct Distant {
    bus: EmbeddedBus,
    is_away: Arc<AtomicBool>,
}

impl Distant {
    fn reached(&self) -> Result<&EmbeddedBus, EventError> {
        match self.is_away.load(SeqCst) {
            true => Err(EventError::Bus("nobody answers".into())),
            false => Ok(&self.bus),
        }
    }
}

#[async_trait]
impl Bus for Distant {
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError> {
        self.reached()?.append(events).await
    }

    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError> {
        let (reader, is_away) = (self.reached()?.reader(from).await?, self.is_away.clone());
        Ok(Box::new(DistantReader { reader, is_away }))
    }

    async fn position(&self, start: Start) -> Result<Position, EventError> {
        self.bus.position(start).await
    }
}

struct DistantReader {
    reader: Box<dyn Reader>,
    is_away: Arc<AtomicBool>,
}

#[async_trait]
impl Reader for DistantReader {
    async fn next(&mut self, most: usize, wait: Duration) -> Result<platform_events::Batch, EventError> {
        let batch = self.reader.next(most, wait).await;
        match self.is_away.load(SeqCst) {
            true => Err(EventError::Bus("nobody answers".into())),
            false => batch,
        }
    }
}

#[tokio::test]
async fn a_bus_that_goes_away_and_comes_back_is_told_of_once_each() {
    let log = Log::listen(Level::INFO);
    let world = World::new(None);
    let context = world.context("orders");
    let db = Database::open(&context, &[MIGRATIONS, TABLES]).await.unwrap();
    let is_away = Arc::new(AtomicBool::new(false));
    let bus = Distant {
        bus: EmbeddedBus::shared(&context, Duration::from_millis(20)).await.unwrap(),
        is_away: is_away.clone(),
    };
    let events = Events::on(Arc::new(bus), &context, &db).unwrap();
    let store = Store {
        name: "orders",
        db,
        events,
    };
    let two_groups = Consumers::new().on("counters", record).on("others", record);
    run(&context, &store, two_groups);
    let handled = async |count: usize| store.numbers().await.len() == count;
    store.publish(&counted("a", 1)).await;
    eventually("both groups have it", async || handled(2).await).await;
    assert_eq!(log.count("event bus"), 0);

    for time in 1..=2 {
        is_away.store(true, SeqCst);
        store.publish(&counted("a", 2)).await;
        eventually("it is told", async || {
            log.count("the event bus does not answer") == time
        })
        .await;
        // Several attempts of the relay and of both groups.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(
            (log.count("WARN"), log.count("the event bus answers again")),
            (time, time - 1)
        );

        is_away.store(false, SeqCst);
        eventually("both groups have what waited", async || handled(2 + 2 * time).await).await;
        assert_eq!(
            (log.count("WARN"), log.count("the event bus answers again")),
            (time, time)
        );
    }
}
