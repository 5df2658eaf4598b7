//! How long a group waits before it reads a bus again that failed.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use platform_database::Database;
use platform_events::{
    Batch, Bus, Consumers, EmbeddedBus, Envelope, EventError, Events, MIGRATIONS, Position, Reader, Start,
};
use tokio::{sync::Notify, time::Instant};

use crate::world::{Store, TABLES, World, counted, eventually, record, run};

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(15);

/// A bus whose connection breaks when the test says so.
#[derive(Debug)]
struct Breaking {
    bus: EmbeddedBus,
    is_broken: AtomicBool,
    broke: Arc<Notify>,
    /// When somebody began to read.
    begun: Mutex<Vec<Instant>>,
}

impl Breaking {
    async fn began(&self, times: usize) -> Instant {
        eventually("a reader begins", async || self.begun.lock().unwrap().len() >= times).await;
        self.begun.lock().unwrap()[times - 1]
    }
}

#[async_trait]
impl Bus for Breaking {
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError> {
        self.bus.append(events).await
    }

    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError> {
        self.begun.lock().unwrap().push(Instant::now());
        match self.is_broken.load(SeqCst) {
            true => Err(EventError::Bus("it is away".into())),
            false => Ok(Box::new(Connected {
                reader: self.bus.reader(from).await?,
                broke: self.broke.clone(),
            })),
        }
    }

    async fn position(&self, start: Start) -> Result<Position, EventError> {
        self.bus.position(start).await
    }
}

struct Connected {
    reader: Box<dyn Reader>,
    broke: Arc<Notify>,
}

#[async_trait]
impl Reader for Connected {
    async fn next(&mut self, most: usize, wait: Duration) -> Result<Batch, EventError> {
        tokio::select! {
            () = self.broke.notified() => Err(EventError::Bus("the connection broke".into())),
            batch = self.reader.next(most, wait) => batch,
        }
    }
}

/// Lets time pass for whoever sleeps, and for nothing that the machine does meanwhile.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_bus_that_was_read_for_long_is_read_again_soon_however_often_it_failed_before() {
    let world = World::new(None);
    let context = world.context("orders");
    let db = Database::open(&context, &[MIGRATIONS, TABLES]).await.unwrap();
    let bus = Arc::new(Breaking {
        bus: EmbeddedBus::shared(&context, Duration::from_millis(20)).await.unwrap(),
        is_broken: AtomicBool::new(true),
        broke: Arc::default(),
        begun: Mutex::default(),
    });
    let store = Store {
        name: "orders",
        events: Events::on(bus.clone(), &context, &db).unwrap(),
        db,
    };
    run(&context, &store, Consumers::new().on("counters", record));
    for failures in 1..=8 {
        bus.began(failures).await;
        pass(LONGEST).await;
    }
    bus.is_broken.store(false, SeqCst);
    store.publish(&counted("a", 1)).await;
    eventually("it is read", async || store.numbers().await == [1]).await;
    pass(2 * LONGEST).await;

    let (broke, begun) = (Instant::now(), bus.begun.lock().unwrap().len());
    bus.broke.notify_one();

    let pause = bus.began(begun + 1).await - broke;
    assert!(pause < Duration::from_secs(2), "{pause:?}");
}
