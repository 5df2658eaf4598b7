//! Which entities a key means that is to be taken away.

use serde_json::{Value, json};

use super::{Kept, saying};
use crate::support::stand_in::StandIn;

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";

/// A gateway that keeps how many there are of two things, which the second subgraph knows by their `sku` alone.
async fn counted() -> Kept {
    let things = "type Query { things: [Thing] } interface Named { name: String }
        type Thing implements Named @key(fields: \"id\") @key(fields: \"sku\") { id: ID! sku: ID! name: String }";
    let thing = |id: &str, sku: &str| json!({ "__typename": "Thing", "id": id, "sku": sku });
    let first = StandIn::json(json!({ "data": { "things": [thing("1", "7"), thing("2", "8")] } }));
    let counts = StandIn::json(json!({ "data": { "_entities": [{ "count": 3 }, { "count": 4 }] } }));
    let count = "type Thing @key(fields: \"sku\") { sku: ID! count: Int }";
    let parts = vec![
        first.part("things", &format!("{LINK} {things}")),
        saying(counts.part("counts", &format!("{LINK} {count}")), "max-age=600"),
    ];
    let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;
    gateway.ask("{ things { count } }", None).await;
    gateway
}

async fn gone(what: Value) -> Value {
    counted().await.invalidate(what).await["invalidated"].take()
}

#[tokio::test]
async fn a_key_means_what_was_asked_for_by_another_key_as_well() {
    assert_eq!(gone(json!({ "type": "Thing", "key": { "id": "1" } })).await, 2);
    assert_eq!(
        gone(json!({ "type": "Thing", "key": { "id": "1", "sku": "7" } })).await,
        1
    );
    assert_eq!(gone(json!({ "type": "Thing", "key": { "sku": "9" } })).await, 0);
}

#[tokio::test]
async fn a_key_is_the_same_as_a_number_and_as_text() {
    assert_eq!(gone(json!({ "type": "Thing", "key": { "sku": 7 } })).await, 1);
    assert_eq!(gone(json!({ "type": "Thing", "key": { "sku": "7" } })).await, 1);
}

#[tokio::test]
async fn an_interface_means_the_entities_that_are_of_it() {
    assert_eq!(gone(json!({ "type": "Named" })).await, 2);
    assert_eq!(gone(json!({ "type": "Named", "key": { "sku": "7" } })).await, 1);
    assert_eq!(gone(json!({ "type": "Other" })).await, 0);
}
