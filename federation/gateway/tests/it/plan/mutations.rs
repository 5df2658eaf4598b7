//! Mutations: what is asked for in several places runs once.

use federation_gateway::Settings;
use serde_json::{Value, json};

use super::LINK;
use crate::support::{over_sockets, recorder::Recorder, shop, stand_in::StandIn};

#[tokio::test]
async fn a_field_of_a_mutation_that_is_asked_for_under_a_condition_as_well_runs_once() {
    let (reviews, asked) = Recorder::before(shop::reviews());
    let parts = vec![shop::products(), shop::inventory(), reviews, shop::users()];
    let gateway = over_sockets(parts, Settings::default()).await;
    let say = "say(upc: \"1\", body: \"hi\")";
    let written = asked.queries().len();

    let by_variable =
        format!("mutation($x: Boolean!) {{ {say} {{ id }} {say} @include(if: $x) {{ author {{ name }} }} }}");
    let with = gateway.run_with(&by_variable, json!({ "x": true })).await;
    let without = gateway.run_with(&by_variable, json!({ "x": false })).await;
    let literal = gateway
        .run(&format!(
            "mutation {{ {say} {{ id }} ... @skip(if: false) {{ {say} {{ author {{ name }} }} }} }}"
        ))
        .await;

    let both = json!({ "data": { "say": { "id": "new", "author": { "name": "Ada" } } } });
    assert_eq!(with, both);
    assert_eq!(without, json!({ "data": { "say": { "id": "new" } } }));
    assert_eq!(literal, both);
    assert_eq!(asked.queries().len() - written, 3, "{:?}", asked.queries());
}

#[tokio::test]
async fn a_field_of_a_mutation_that_is_marked_in_one_place_only_runs_once() {
    let created = StandIn::new(|asked: Value| async move {
        let is_counted = asked["query"].as_str().is_some_and(|query| query.contains("count"));
        let data = match is_counted {
            true => json!({ "count": 1 }),
            false => json!({ "create": { "__typename": "Product", "id": "1" } }),
        };
        axum::Json(json!({ "data": data }))
    });
    let prices = StandIn::json(json!({ "data": { "_entities": [{ "__typename": "Product", "price": 7 }] } }));
    let mark = "directive @mark on FIELD | INLINE_FRAGMENT";
    let mutation = "type Query { q: Int } type Mutation { create: Product count: Int }";
    let parts = vec![
        created.part(
            "a",
            &format!("{LINK} {mark} {mutation} type Product @key(fields: \"id\") {{ id: ID! }}"),
        ),
        prices.part(
            "b",
            &format!("{LINK} {mark} type Product @key(fields: \"id\") {{ id: ID! price: Int }}"),
        ),
    ];
    let gateway = over_sockets(parts, Settings::default()).await;

    let field = gateway
        .run("mutation { create { id } count create @mark { price } }")
        .await;
    let after_field = created.asked().len();
    let fragment = gateway
        .run("mutation { create { id } count ... @mark { create { price } } }")
        .await;

    let expected = json!({ "data": { "create": { "id": "1", "price": 7 }, "count": 1 } });
    assert_eq!(field, expected);
    assert_eq!(fragment, expected);
    assert_eq!(after_field, 2, "{:?}", created.asked());
    assert_eq!(created.asked().len(), 4, "{:?}", created.asked());
}
