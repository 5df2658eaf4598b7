//! What is left of events about somebody who is gone.

use std::time::Duration;

use platform_database::Tx;
use platform_events::{Bus, Consumers, EmbeddedBus, Event, EventError, Letters, Position, Received};
use serde::{Deserialize, Serialize};

use crate::world::{
    Seen, Store, World, counted, effect, eventually, on_each_database, record, record_positive, run, stop,
};

/// Somebody who was counted is gone.
#[derive(Serialize, Deserialize)]
struct Gone {
    key: String,
}

impl Event for Gone {
    const TYPE: &'static str = "test.gone";
    const AGGREGATE: &'static str = "departures";

    fn key(&self) -> String {
        self.key.clone()
    }
}

async fn forget(store: &Store, tx: &Tx, event: Received<Gone>) -> Result<(), EventError> {
    store.events.forget(tx, &event.envelope, &["test"]).await
}

#[tokio::test]
async fn who_is_gone_is_neither_on_the_bus_nor_in_dead_letters_and_everybody_hears_that_they_are() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 1");
        let consumers = Consumers::new().on("counters", record_positive);
        let (context, store) = world.service("orders", consumers).await;
        for number in [-1, -2] {
            store
                .publish(&counted(if number == -1 { "ada" } else { "bob" }, number))
                .await;
        }
        let dead = async || store.events.letters(&Letters::default(), 10).await.unwrap();
        eventually("both are dead", async || dead().await.len() == 2).await;
        store.publish(&Seen).await;
        store.publish(&Gone { key: "ada".into() }).await;
        store.publish(&counted("ada", 3)).await;

        run(&context, &store, Consumers::new().on("leavers", forget));

        let bus = EmbeddedBus::shared(&context, Duration::from_millis(20)).await.unwrap();
        let kept = async || {
            let mut reader = bus.reader(&Position::default()).await.unwrap();
            let batch = reader.next(10, Duration::from_secs(1)).await.unwrap();
            let named = batch
                .events
                .into_iter()
                .map(|event| (event.lane(), event.data["number"].as_i64()));
            named.collect::<Vec<_>>()
        };
        let expected = [
            ("test:bob".to_owned(), Some(-2)),
            ("test:all".to_owned(), None),
            ("departures:ada".to_owned(), None),
            ("test:ada".to_owned(), Some(3)),
        ];
        eventually("they are forgotten", async || kept().await == expected).await;
        eventually("the letter is too", async || dead().await.len() == 1).await;
        assert_eq!(dead().await[0].envelope.key, "bob");
        stop(&context, &store).await;
        let later = Consumers::new().on("later", record).on("later", heard);
        let (_context, store) = world.service("billing", later).await;
        eventually("who comes later goes on reading", async || {
            store.numbers().await.contains(&3)
        })
        .await;
        eventually("who comes later hears of it", async || {
            store.numbers().await.contains(&0)
        })
        .await;
        assert!(!store.numbers().await.contains(&-1));
    })
    .await;
}

async fn heard(store: &Store, tx: &Tx, event: Received<Gone>) -> Result<(), EventError> {
    effect(tx, store.name, &counted(&event.key, 0)).await;
    Ok(())
}
