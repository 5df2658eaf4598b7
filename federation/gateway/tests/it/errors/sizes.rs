//! Answers that are too large, those of subgraphs and those for clients.

use federation_gateway::Settings;
use serde_json::{Value, json};

use super::LINK;
use crate::support::{in_process, settings, shop, stand_in::StandIn};

fn within(memory: &str) -> Settings {
    settings(json!({ "execution": { "memory": memory } }))
}

#[tokio::test]
async fn what_many_share_is_not_written_beyond_the_limit() {
    let rows: Vec<Value> = (0..1000)
        .map(|_| json!({ "item": { "__typename": "Item", "id": "1" } }))
        .collect();
    let rows = StandIn::json(json!({ "data": { "rows": rows } }));
    let parts: Vec<Value> = (0..10).map(|_| json!({ "text": "x".repeat(100) })).collect();
    let entity = json!({ "__typename": "Item", "text": "x".repeat(1000), "parts": parts });
    let items = StandIn::json(json!({ "data": { "_entities": [entity] } }));
    let of_rows =
        "type Query { rows: [Row] small: Int } type Row { item: Item } type Item @key(fields: \"id\") { id: ID }";
    let of_items = "type Item @key(fields: \"id\") { id: ID text: String parts: [Part] } type Part { text: String }";
    let parts = vec![
        rows.part("rows", &format!("{LINK} {of_rows}")),
        items.part("items", &format!("{LINK} {of_items}")),
    ];
    let gateway = in_process(parts, within("600KB")).await;

    for query in ["{ rows { item { text } } }", "{ rows { item { parts { text } } } }"] {
        let answer = gateway.run(query).await;

        let error = json!({
            "message": "the answer is larger than 600KB; ask for less at once",
            "extensions": { "code": "INVALID" },
        });
        assert!(answer["data"].is_null(), "{query}");
        assert_eq!(answer["errors"], json!([error]), "{query}");
    }
    assert!(gateway.data("{ rows { item { id } } }").await["rows"].is_array());
}

#[tokio::test]
async fn the_schema_is_not_written_beyond_the_limit_either() {
    let gateway = in_process(shop::parts(), within("2KB")).await;

    let answer = gateway
        .run("{ __schema { types { fields { type { fields { name description type { name kind } } } } } } }")
        .await;

    assert!(answer["data"].is_null());
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID");
    assert_eq!(gateway.data("{ __typename }").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn a_small_answer_that_comes_to_many_values_is_not_read_to_its_end() {
    let shelf = "type Query { products: [Product] } type Product { a: Int b: Int c: Int d: Int e: Int f: Int }";
    for element in [json!({}), json!(1)] {
        let products = vec![element; 20_000];
        let many = StandIn::json(json!({ "data": { "products": products } }));
        let gateway = in_process(vec![many.part("many", shelf)], within("200KB")).await;

        let answer = gateway.run("{ products { a b c d e f } }").await;

        assert!(answer["data"]["products"].is_null());
        assert_eq!(
            answer["errors"][0]["message"],
            "subgraph many answered more than this request may still hold"
        );
    }
}

#[tokio::test]
async fn of_many_errors_the_first_are_told_and_of_a_long_one_that_there_was_one() {
    let mut errors = vec![json!({ "message": "no", "extensions": { "long": "x".repeat(2 << 20) } })];
    errors.extend((0..1000).map(|number| json!({ "message": format!("error {number}") })));
    let failing = StandIn::json(json!({ "data": null, "errors": errors }));
    let gateway = in_process(
        vec![failing.part("failing", "type Query { you: String }")],
        Settings::default(),
    )
    .await;

    let answer = gateway.run("{ you }").await;

    let told = answer["errors"].as_array().cloned().unwrap_or_default();
    assert_eq!(told.len(), 100);
    assert_eq!(told[0]["message"], "subgraph failing reported an error without a text");
    assert_eq!(told[1]["message"], "error 0");
}
