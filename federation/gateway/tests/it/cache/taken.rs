//! What is taken away, and what goes with it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};

use super::{Kept, saying};
use crate::support::{recorder::Recorder, shop, stand_in::StandIn};

fn gone(answer: &Value) -> u64 {
    answer["invalidated"].as_u64().expect("it is told how many are gone")
}

#[tokio::test]
async fn entities_go_with_the_types_of_what_is_inside_of_them() {
    let (reviews, asked) = Recorder::before(saying(shop::reviews(), "max-age=600"));
    let parts = vec![shop::products(), reviews];
    let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;
    let query = "{ topProducts(first: 2) { reviews { body } } }";
    gateway.ask(query, None).await;

    let others = gateway.invalidate(json!({ "type": "User" })).await;
    // Which reviews are inside is not known.
    let reviews = gateway
        .invalidate(json!({ "type": "Review", "key": { "id": "r1" } }))
        .await;
    gateway.ask(query, None).await;

    assert_eq!((gone(&others), gone(&reviews)), (0, 2));
    assert_eq!(asked.queries().len(), 2);
}

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\", \"@interfaceObject\"])";
const MEDIA: &str = "type Query { media: [Media!]! } interface Media @key(fields: \"id\") { id: ID! }
    type Book implements Media @key(fields: \"id\") { id: ID! } type Film implements Media @key(fields: \"id\") { id: ID! }";
const STARS: &str =
    "type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int by: Person } type Person { name: String }";

#[tokio::test]
async fn an_entity_known_by_its_interface_alone_goes_with_every_object_it_can_be() {
    let media = json!([{ "__typename": "Book", "id": "1" }, { "__typename": "Film", "id": "2" }]);
    let media = StandIn::json(json!({ "data": { "media": media } }));
    let of = |stars: u8| json!({ "__typename": "Media", "stars": stars });
    let stars = StandIn::json(json!({ "data": { "_entities": [of(5), of(4)] } }));
    let parts = vec![
        media.part("media", &format!("{LINK} {MEDIA}")),
        saying(stars.part("stars", &format!("{LINK} {STARS}")), "max-age=600"),
    ];
    let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;
    gateway.ask("{ media { stars } }", None).await;

    let inside = gateway.invalidate(json!({ "type": "Person" })).await;
    let another = gateway
        .invalidate(json!({ "type": "Book", "key": { "id": "9" } }))
        .await;
    let book = gateway
        .invalidate(json!({ "type": "Book", "key": { "id": "1" } }))
        .await;
    let rest = gateway.invalidate(json!({ "type": "Media" })).await;

    assert_eq!([&inside, &another, &book, &rest].map(gone), [0, 0, 1, 1]);
}

#[tokio::test]
async fn whole_answers_go_with_the_types_that_their_fields_require() {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@requires\", \"@external\"])";
    let book = json!({ "__typename": "Book", "id": "1", "author": { "__typename": "Person", "name": "Ada" } });
    let books = StandIn::json(json!({ "data": { "book": book } }));
    let titles = StandIn::json(json!({ "data": { "_entities": [{ "title": "of Ada" }] } }));
    let known = "type Query { book: Book } type Book @key(fields: \"id\") { id: ID! author: Person } type Person { name: String }";
    let titled = "type Book @key(fields: \"id\") { id: ID! author: Person @external title: String @requires(fields: \"author { name }\") }
        type Person { name: String @external }";
    let parts = vec![
        saying(books.part("books", &format!("{link} {known}")), "max-age=60"),
        saying(titles.part("titles", &format!("{link} {titled}")), "max-age=60"),
    ];
    let gateway = Kept::start(parts, json!({ "cache": { "responses": true } })).await;
    let (answer, ..) = gateway.ask("{ book { title } }", None).await;

    let others = gateway.invalidate(json!({ "type": "Publisher" })).await;
    let required = gateway.invalidate(json!({ "type": "Person" })).await;

    assert_eq!(answer, json!({ "data": { "book": { "title": "of Ada" } } }));
    assert_eq!((gone(&others), gone(&required)), (0, 1));
}

#[tokio::test]
async fn root_answers_of_subgraphs_go_with_the_types_in_them() {
    let products = saying(shop::products(), "max-age=60");
    let gateway = Kept::start(vec![products], json!({ "cache": { "entities": true } })).await;
    gateway.ask("{ product(upc: \"1\") { name } }", None).await;

    let other = gateway.invalidate(json!({ "type": "Company" })).await;
    let own = gateway
        .invalidate(json!({ "type": "Product", "key": { "upc": "9" } }))
        .await;

    assert_eq!((gone(&other), gone(&own)), (0, 1));
}

async fn asked_times(of: &StandIn, count: usize) {
    while of.asked().len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_asked_for_before_something_was_taken_away_is_not_kept_after() {
    for what in ["responses", "entities"] {
        let (gate, number) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let held = gate.clone();
        let counting = StandIn::new(move |_| {
            // What it answers is known when it is asked.
            let (gate, number) = (held.clone(), number.fetch_add(1, SeqCst) + 1);
            async move {
                gate.acquire().await.expect("the gate stays").forget();
                axum::Json(json!({ "data": { "count": number } }))
            }
        });
        let part = saying(counting.part("counting", "type Query { count: Int }"), "max-age=60");
        let gateway = Kept::start(vec![part], json!({ "cache": { what: true } })).await;
        let ask = || gateway.ask("{ count }", None);
        let later = async {
            asked_times(&counting, 1).await;
            gateway.invalidate(json!({})).await;
            ask().await
        };
        let release = async {
            let both = timeout(Duration::from_secs(5), asked_times(&counting, 2)).await;
            gate.add_permits(10);
            assert!(
                both.is_ok(),
                "{what}: who asks later is not given what was asked for before"
            );
        };

        let ((before, ..), (after, ..), ()) = tokio::join!(ask(), later, release);
        let (kept, ..) = ask().await;

        let count = |number: u8| json!({ "data": { "count": number } });
        assert_eq!([before, after, kept], [count(1), count(2), count(2)], "{what}");
    }
}
