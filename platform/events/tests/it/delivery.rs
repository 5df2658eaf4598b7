//! Who gets which event, in which order, and how often.

use std::time::{Duration, Instant};

use platform_database::{Database, Kind, Tx};
use platform_error::Error;
use platform_events::{Cause, Consumers, Event, EventError, LARGEST, Received, Start};

use crate::world::{
    Counted, Seen, Store, World, a_while, all, counted, effect, eventually, execute, on_each_database, record, rows,
    run, stop,
};

#[tokio::test]
async fn an_event_happens_when_its_transaction_commits() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.service("orders", Consumers::new().on("counters", record)).await;

        let undone = store.db.begin().await.unwrap();
        store
            .events
            .publish(&undone, &counted("a", 1), &Cause::default())
            .await
            .unwrap();
        undone.rollback().await.unwrap();
        store.publish(&counted("a", 2)).await;

        eventually("the second is handled", async || store.numbers().await.contains(&2)).await;
        a_while().await;
        assert_eq!(store.numbers().await, [2]);
    })
    .await;
}

#[tokio::test]
async fn every_group_gets_every_event_once() {
    async fn copy(_: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
        effect(tx, "copy", &event).await;
        Ok(())
    }
    on_each_database(async |database| {
        let world = World::new(database);
        let consumers = Consumers::new().on("counters", record).on("copiers", copy);
        let (_context, store) = world.service("orders", consumers).await;

        for number in 0..20 {
            store.publish(&counted("a", number)).await;
        }

        eventually("all are handled twice", async || store.effects().await.len() >= 40).await;
        a_while().await;
        let effects = store.effects().await;
        for who in ["orders", "copy"] {
            let numbers: Vec<_> = effects
                .iter()
                .filter(|effect| effect.0 == who)
                .map(|effect| effect.2)
                .collect();
            assert_eq!(numbers, (0..20).collect::<Vec<_>>());
        }
    })
    .await;
}

#[tokio::test]
async fn services_with_databases_of_their_own_hear_each_other() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_orders_context, orders) = world.store("orders").await;
        let (_context, billing) = world.service("billing", Consumers::new().on("counters", record)).await;

        orders.publish(&counted("a", 7)).await;

        eventually("billing has heard of it", async || billing.numbers().await == [7]).await;
        assert!(orders.numbers().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn members_of_a_group_share_its_events() {
    async fn slowly(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let who = format!("{:p}", std::ptr::from_ref(store));
        effect(tx, &who, &event).await;
        Ok(())
    }
    on_each_database(async |database| {
        let world = World::new(database);
        let (one_context, one) = world.store("orders").await;
        let (other_context, other) = world.store("orders").await;

        run(&one_context, &one, Consumers::new().on("counters", slowly));
        run(&other_context, &other, Consumers::new().on("counters", slowly));

        // On SQLite one of them may have the lock for long: there is work until the other has had some.
        let published = std::cell::Cell::new(0);
        eventually("both members took part", async || {
            for number in published.get()..published.get() + 30 {
                one.publish(&counted(&format!("k{}", number % 30), number)).await;
            }
            published.set(published.get() + 30);
            let effects = one.effects().await;
            effects
                .iter()
                .map(|effect| &effect.0)
                .collect::<std::collections::BTreeSet<_>>()
                .len()
                == 2
        })
        .await;
        let all = published.get();
        eventually("all are handled", async || one.effects().await.len() as i64 >= all).await;
        a_while().await;
        let effects = one.effects().await;
        let mut numbers: Vec<_> = effects.iter().map(|effect| effect.2).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..all).collect::<Vec<_>>());
        for key in 0..30 {
            let of_key: Vec<_> = effects.iter().filter(|effect| effect.1 == format!("k{key}")).collect();
            assert!(
                of_key.is_sorted_by_key(|effect| effect.2),
                "a key's events are handled in order"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_group_begins_where_it_says() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (context, store) = world.service("orders", Consumers::new().on("first", record)).await;
        store.publish(&counted("a", 1)).await;
        eventually("the log has it", async || store.numbers().await == [1]).await;

        run(&context, &store, Consumers::new().on("from the beginning", record));
        eventually("it is handled again", async || store.numbers().await == [1, 1]).await;
        run(
            &context,
            &store,
            Consumers::new().on("from now", record).begin("from now", Start::End),
        );
        eventually("all three have begun", async || {
            rows(&store.db, "event_cursor").await == 3
        })
        .await;
        store.publish(&counted("a", 2)).await;

        eventually("all three have the second", async || store.numbers().await.len() >= 5).await;
        a_while().await;
        assert_eq!(store.numbers().await, [1, 1, 2, 2, 2]);
    })
    .await;
}

#[tokio::test]
async fn a_group_hears_what_is_appended_to_a_bus_that_was_replaced() {
    let world = World::new(None);
    let (context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
    for number in 1..=5 {
        store.publish(&counted("a", number)).await;
    }
    eventually("all are handled", async || store.numbers().await.len() == 5).await;
    stop(&context, &store).await;
    let log = Database::open(&world.context("events"), &[]).await.unwrap();
    let tx = log.begin().await.unwrap();
    for statement in ["delete from event_log", "delete from sqlite_sequence"] {
        execute(&tx, statement, []).await;
    }
    tx.commit().await.unwrap();

    let (_context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
    store.publish(&counted("a", 6)).await;

    eventually("the new one is handled", async || {
        store.numbers().await == [1, 2, 3, 4, 5, 6]
    })
    .await;
}

#[tokio::test]
async fn what_follows_from_an_event_carries_its_cause_on() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Followed(i64);
    impl Event for Followed {
        const TYPE: &'static str = "test.followed";
        const AGGREGATE: &'static str = "follower";

        fn key(&self) -> String {
            self.0.to_string()
        }
    }
    async fn follow(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
        store
            .events
            .publish(tx, &Followed(event.number), &event.cause())
            .await?;
        Ok(())
    }
    async fn check(_: &Store, tx: &Tx, event: Received<Followed>) -> Result<(), Error> {
        let envelope = &event.envelope;
        let is_caused = envelope.causation == Some(envelope.correlation) && envelope.actor.as_deref() == Some("ada");
        effect(tx, if is_caused { "caused" } else { "lost" }, &counted("", event.0)).await;
        Ok(())
    }
    let world = World::new(None);
    let consumers = Consumers::new().on("followers", follow).on("checkers", check);
    let (_context, store) = world.service("orders", consumers).await;

    let cause = Cause {
        actor: Some("ada".into()),
        ..Cause::default()
    };
    let tx = store.db.begin().await.unwrap();
    store.events.publish(&tx, &counted("a", 1), &cause).await.unwrap();
    tx.commit().await.unwrap();

    eventually("the second event is handled", async || {
        !store.effects().await.is_empty()
    })
    .await;
    assert_eq!(store.effects().await[0].0, "caused");
}

#[tokio::test]
async fn an_event_too_large_for_a_bus_is_refused_when_it_is_published() {
    let world = World::new(None);
    let (_context, store) = world.store("orders").await;
    let tx = store.db.begin().await.unwrap();

    let refused = store
        .events
        .publish(&tx, &counted(&"x".repeat(LARGEST), 1), &Cause::default())
        .await;

    assert!(matches!(refused, Err(EventError::TooLarge("test.counted", _))));
}

#[tokio::test]
async fn a_group_passes_over_what_nobody_in_it_wants_and_notes_that_without_haste() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
        store.publish(&counted("a", 1)).await;
        eventually("the group reads", async || store.numbers().await == [1]).await;
        execute(store.db.alone(), "create table moves (position text)", []).await;
        let note: &[_] = match store.db.kind() {
            Kind::Sqlite => &["create trigger moved after update on event_cursor
                begin insert into moves values (new.position); end"],
            Kind::Postgres => &[
                "create function note() returns trigger language plpgsql
                    as 'begin insert into moves values (new.position); return new; end'",
                "create trigger moved after update on event_cursor for each row execute function note()",
            ],
        };
        for statement in note {
            execute(store.db.alone(), statement, []).await;
        }

        let began = Instant::now();
        let lag = async || store.events.lag().await.unwrap();
        for _ in 0..30 {
            store.publish(&Seen).await;
            eventually("the bus has it", async || lag().await.waiting == 0).await;
        }
        eventually("all are read", async || lag().await.groups[0].unread == Some(0)).await;
        store.publish(&counted("a", 2)).await;
        eventually("what is wanted is heard", async || store.numbers().await == [1, 2]).await;

        let moves = all(store.db.read(), "select position from moves", []).await.len();
        let most = 3 + began.elapsed().as_secs() as usize;
        assert!((2..=most).contains(&moves), "the position was written {moves} times");
    })
    .await;
}
