//! Interfaces that a subgraph knows as objects, whatever stands behind them.

use federation_gateway::Settings;
use serde_json::{Value, json};

use crate::support::{TestGateway, in_process, stand_in::StandIn};

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\", \"@interfaceObject\"])";
const MEDIA: &str = "type Query { media: [Media!]! } interface Node { id: ID! }
    interface Media implements Node @key(fields: \"id\") { id: ID! }
    type Book implements Media & Node @key(fields: \"id\") { id: ID! pages: Int }
    type Film implements Media & Node @key(fields: \"id\") { id: ID! minutes: Int }";
const STARS: &str = "type Query { best: Media } type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int by: Person } type Person { name: String }";

/// A gateway before media and their stars. Both answer each question with what is known of it here.
async fn gateway(media: Value, stars: Value) -> TestGateway {
    let (media, stars) = (StandIn::json(media), StandIn::json(stars));
    let parts = vec![
        media.part("media", &format!("{LINK} {MEDIA}")),
        stars.part("stars", &format!("{LINK} {STARS}")),
    ];
    in_process(parts, Settings::default()).await
}

#[tokio::test]
async fn objects_of_several_types_that_are_one_entity_elsewhere_stay_what_they_are() {
    let media = json!([
        { "__typename": "Book", "id": "1", "pages": 300 },
        { "__typename": "Film", "id": "1", "minutes": 90 },
    ]);
    let entity = json!({ "__typename": "Media", "stars": 5, "by": { "name": "Ada" } });
    let gateway = gateway(
        json!({ "data": { "media": media } }),
        json!({ "data": { "_entities": [entity] } }),
    )
    .await;

    let types = gateway.data("{ media { __typename stars } }").await;
    let data = gateway
        .data("{ media { __typename stars by { name } ... on Book { pages } ... on Film { minutes } } }")
        .await;

    let named = |name: &str| json!({ "__typename": name, "stars": 5 });
    assert_eq!(types["media"], json!([named("Book"), named("Film")]));
    let by = json!({ "name": "Ada" });
    let expected = json!([
        { "__typename": "Book", "stars": 5, "by": by, "pages": 300 },
        { "__typename": "Film", "stars": 5, "by": by, "minutes": 90 },
    ]);
    assert_eq!(data["media"], expected);
}

#[tokio::test]
async fn an_object_known_by_its_interface_alone_is_of_the_interfaces_above_it_as_well() {
    let best = json!({ "__typename": "Media", "id": "1", "stars": 5 });
    let gateway = gateway(
        json!({ "data": { "_entities": [{ "__typename": "Media", "id": "1" }] } }),
        json!({ "data": { "best": best, "_entities": [best] } }),
    )
    .await;

    let data = gateway.data("{ best { stars ... on Node { id } } }").await;

    assert_eq!(data["best"], json!({ "stars": 5, "id": "1" }));
}
