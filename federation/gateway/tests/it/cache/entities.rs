//! Single entities of subgraphs that are kept.

use serde_json::json;

use super::{Kept, saying};
use crate::support::{recorder::Recorder, shop, stand_in::StandIn};

#[tokio::test]
async fn only_entities_that_are_not_kept_are_asked_for() {
    let (inventory, asked) = Recorder::before(saying(shop::inventory(), "max-age=60"));
    let gateway = Kept::start(
        vec![shop::products(), inventory],
        json!({ "cache": { "entities": true } }),
    )
    .await;
    gateway.ask("{ topProducts(first: 1) { inStock } }", None).await;

    let (answer, ..) = gateway.ask("{ topProducts(first: 3) { upc inStock } }", None).await;

    let expected = json!([
        { "upc": "1", "inStock": true },
        { "upc": "2", "inStock": false },
        { "upc": "3", "inStock": true },
    ]);
    assert_eq!(answer["data"]["topProducts"], expected, "{answer}");
    let representations = asked.bodies()[1]["variables"]["representations"].clone();
    let upcs: Vec<_> = representations
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|one| &one["upc"])
        .collect();
    assert_eq!(upcs, ["2", "3"]);
}

const HINTED: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
  @link(url: "https://example.org/caching/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
{ query: Query }

enum CacheControlScope { PUBLIC PRIVATE }
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
  on FIELD_DEFINITION | OBJECT | INTERFACE | UNION

type Query { users: [User] }
type User @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  name: String
  mood: String @cacheControl(maxAge: 5)
  now: String @cacheControl(maxAge: 0)
  secret: String @cacheControl(scope: PRIVATE)
}
"#;

#[tokio::test]
async fn entities_are_kept_no_longer_than_what_is_asked_of_them() {
    let entity = json!({ "__typename": "User", "name": "Ada", "mood": "calm", "now": "noon", "secret": "none" });
    let answers = StandIn::json(json!({ "data": { "_entities": [entity] } }));
    let roots = StandIn::json(json!({ "data": { "them": { "__typename": "User", "id": "1" } } }));
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let roots = roots.part(
        "roots",
        &format!("{link} type Query {{ them: User }} type User @key(fields: \"id\") {{ id: ID! }}"),
    );
    let gateway = Kept::start(
        vec![roots, answers.part("hinted", HINTED)],
        json!({ "cache": { "entities": true } }),
    )
    .await;
    let asked = async |field: &str, after: u64| {
        let query = format!("{{ them {{ {field} }} }}");
        let before = answers.asked().len();
        gateway.ask(&query, None).await;
        gateway.pass(after);
        gateway.ask(&query, None).await;
        answers.asked().len() - before
    };

    assert_eq!(asked("name", 30).await, 1);
    assert_eq!(asked("mood", 4).await, 1);
    assert_eq!(asked("name mood", 6).await, 2);
    assert_eq!(asked("now", 0).await, 2);
    // What is private is kept for somebody, and nobody has signed in here.
    assert_eq!(asked("secret", 0).await, 2);
}

#[tokio::test]
async fn kept_entities_are_taken_away_by_type_and_key() {
    let (inventory, asked) = Recorder::before(saying(shop::inventory(), "max-age=60"));
    let gateway = Kept::start(
        vec![shop::products(), inventory],
        json!({ "cache": { "entities": true } }),
    )
    .await;
    let query = "{ topProducts(first: 3) { upc inStock } }";
    gateway.ask(query, None).await;

    let other = gateway.invalidate(json!({ "type": "User" })).await;
    let gone = gateway
        .invalidate(json!({ "type": "Product", "key": { "upc": "2" } }))
        .await;
    gateway.ask(query, None).await;

    assert_eq!((&other["invalidated"], &gone["invalidated"]), (&json!(0), &json!(1)));
    let asked_again = &asked.bodies()[1]["variables"]["representations"];
    assert_eq!(asked_again.as_array().map(Vec::len), Some(1));
    assert_eq!(asked_again[0]["upc"], "2");
}
