//! What operators do: look at dead letters, try them again, replay from a time, and let old events go.

use std::time::Duration;

use platform_events::{Consumers, EventError, Events, GroupLag, Letters, Overtaken};

use crate::world::{
    World, a_while, counted, eventually, noon, of, on_each_database, record, record_positive, rows, run, stop,
};

#[tokio::test]
async fn a_dead_letter_can_be_tried_again_or_thrown_away() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 1");
        let (broken, store) = world
            .service("orders", Consumers::new().on("counters", record_positive))
            .await;
        for number in 1..=3 {
            store.publish(&counted(&number.to_string(), -number)).await;
        }
        let dead = async || store.events.letters(&of("counters"), 10).await.unwrap();
        eventually("all are dead", async || dead().await.len() == 3).await;
        stop(&broken, &store).await;
        let (_mended, store) = world.service("orders", Consumers::new().on("counters", record)).await;

        let letters = dead().await;
        store.events.discard("counters", letters[0].envelope.id).await.unwrap();
        store
            .events
            .retry("counters", letters[1].envelope.id, Overtaken::Left)
            .await
            .unwrap();
        eventually("that one is handled", async || store.numbers().await.len() == 1).await;
        let rest = store.events.retry_all("counters", Overtaken::Left).await.unwrap();

        assert_eq!(rest, 1);
        eventually("the other one too", async || store.numbers().await.len() == 2).await;
        assert!(dead().await.is_empty());
        let again = store
            .events
            .retry("counters", letters[0].envelope.id, Overtaken::Left)
            .await;
        assert!(matches!(again, Err(EventError::NoSuchLetter { .. })));
    })
    .await;
}

#[tokio::test]
async fn dead_letters_come_in_pages() {
    let world = World::with(None, "attempts = 1");
    let (_context, store) = world
        .service("orders", Consumers::new().on("counters", record_positive))
        .await;
    for number in 1..=5 {
        store.publish(&counted(&number.to_string(), -number)).await;
    }
    eventually("all are dead", async || {
        store.events.letters(&Letters::default(), 10).await.unwrap().len() == 5
    })
    .await;

    let first = store.events.letters(&Letters::default(), 2).await.unwrap();
    let after = Letters {
        after: first[1].seq,
        ..Letters::default()
    };
    let rest = store.events.letters(&after, 10).await.unwrap();

    assert_eq!((first.len(), rest.len()), (2, 3));
    assert!(rest.iter().all(|letter| letter.seq > first[1].seq));
    assert!(store.events.letters(&of("others"), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_looks_finds_a_letter_by_its_id_and_sees_what_waits_without_relaying_anything() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 1");
        let (context, store) = world
            .service("orders", Consumers::new().on("counters", record_positive))
            .await;
        store.publish(&counted("bad", -1)).await;
        store.publish(&counted("good", 1)).await;
        eventually("one is dead and one handled", async || {
            let lag = store.events.lag().await.unwrap();
            let is_done = |group: &GroupLag| (group.unread, group.ready) == (Some(0), 0);
            store.events.letters(&Letters::default(), 10).await.unwrap().len() == 1
                && rows(&store.db, "event_outbox").await == 0
                && lag.groups.iter().all(is_done)
        })
        .await;
        stop(&context, &store).await;

        let looking = world.context("orders");
        let events = Events::look(&looking, &store.db).await.unwrap();
        let dead = events.letters(&Letters::default(), 10).await.unwrap();
        let found = |wanted: Letters| {
            let events = events.clone();
            async move { events.letters(&wanted, 10).await.unwrap().len() }
        };
        let tx = store.db.begin().await.unwrap();
        events
            .publish(&tx, &counted("good", 2), &platform_events::Cause::default())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        a_while().await;
        let lag = events.lag().await.unwrap();

        let id = Letters {
            id: Some(dead[0].envelope.id),
            ..Letters::default()
        };
        let kind = |name: &str| Letters {
            r#type: Some(name.into()),
            ..Letters::default()
        };
        assert_eq!((found(id).await, found(kind("nothing")).await), (1, 0));
        assert_eq!(found(kind(&dead[0].envelope.r#type)).await, 1);
        assert_eq!((lag.waiting, lag.waiting_since), (1, Some(noon())));
        let group = &lag.groups[0];
        assert_eq!((group.unread, group.ready, group.dead), (Some(0), 0, 1));
        assert_eq!(events.oldest().await.unwrap(), Some(noon()));
    })
    .await;
}

#[tokio::test]
async fn a_replay_handles_again_what_happened_from_a_time_on() {
    on_each_database(async |database| {
        let world = World::new(database);
        let (_context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
        for number in 1..=3 {
            store.publish(&counted("a", number)).await;
            eventually("it is handled", async || store.numbers().await.len() as i64 == number).await;
            world.advance(Duration::from_secs(3600));
        }

        let since = noon() + chrono::TimeDelta::minutes(30);
        store.events.replay("counters", since).await.unwrap();

        eventually("two are handled again", async || store.numbers().await.len() >= 5).await;
        a_while().await;
        assert_eq!(store.numbers().await, [1, 2, 3, 2, 3]);
        store.publish(&counted("a", 4)).await;
        eventually("new ones come after it", async || {
            store.numbers().await.last() == Some(&4)
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_that_was_overtaken_is_tried_again_only_by_who_wants_that() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 1");
        let (broken, store) = world
            .service("orders", Consumers::new().on("counters", record_positive))
            .await;
        store.publish(&counted("a", -1)).await;
        store.publish(&counted("b", -2)).await;
        store.publish(&counted("a", 3)).await;
        let dead = async || store.events.letters(&of("counters"), 10).await.unwrap();
        eventually("two are dead, one is handled", async || {
            dead().await.len() == 2 && store.numbers().await == [3]
        })
        .await;
        let first = dead().await[0].envelope.id;
        stop(&broken, &store).await;
        let (_mended, store) = world.service("orders", Consumers::new().on("counters", record)).await;

        let refused = store.events.retry("counters", first, Overtaken::Left).await;
        let others = store.events.retry_all("counters", Overtaken::Left).await.unwrap();
        eventually("the other one is handled", async || store.numbers().await == [3, -2]).await;
        store.events.retry("counters", first, Overtaken::Retried).await.unwrap();

        assert!(matches!(refused, Err(EventError::Overtaken { .. })), "{refused:?}");
        assert_eq!(others, 1);
        eventually("the first one too", async || store.numbers().await == [3, -2, -1]).await;
    })
    .await;
}

#[tokio::test]
async fn a_replay_tries_dead_letters_again_that_the_bus_has_forgotten() {
    on_each_database(async |database| {
        let world = World::with(database, "attempts = 1\nretention = \"2days\"");
        let (broken, store) = world
            .service("orders", Consumers::new().on("counters", record_positive))
            .await;
        store.publish(&counted("a", -1)).await;
        let dead = async || store.events.letters(&of("counters"), 10).await.unwrap().len();
        eventually("it is dead", async || dead().await == 1).await;
        world.advance(Duration::from_secs(10 * 24 * 3600));
        store.publish(&counted("b", 2)).await;
        eventually("the other one is handled", async || store.numbers().await == [2]).await;
        store.events.forget_old().await.unwrap();
        stop(&broken, &store).await;
        let (_mended, store) = world.service("orders", Consumers::new().on("counters", record)).await;

        store.events.replay("counters", noon()).await.unwrap();

        eventually("both are handled again", async || {
            let mut numbers = store.numbers().await;
            numbers.sort_unstable();
            numbers == [-1, 2, 2]
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn old_events_go_and_a_group_that_was_away_for_longer_goes_on_with_the_rest() {
    on_each_database(async |database| {
        let world = World::with(database, "retention = \"2days\"");
        let (context, store) = world.service("orders", Consumers::new().on("counters", record)).await;
        store.publish(&counted("a", 1)).await;
        eventually("it is handled", async || store.numbers().await == [1]).await;
        stop(&context, &store).await;

        let (away, publisher) = world.store("orders").await;
        publisher.publish(&counted("a", 2)).await;
        eventually("the relay has it", async || {
            rows(&publisher.db, "event_outbox").await == 0
        })
        .await;
        world.advance(Duration::from_secs(5 * 24 * 3600));
        publisher.publish(&counted("a", 3)).await;
        eventually("the relay has it too", async || {
            rows(&publisher.db, "event_outbox").await == 0
        })
        .await;
        publisher.events.forget_old().await.unwrap();
        run(&away, &publisher, Consumers::new().on("counters", record));

        eventually("the newest is handled", async || publisher.numbers().await.contains(&3)).await;
        assert_eq!(publisher.numbers().await, [1, 3]);
        let kept = rows(&publisher.db, "event_inbox").await;
        assert_eq!(
            kept, 1,
            "handled events are forgotten some time after the bus has forgotten them"
        );
    })
    .await;
}
