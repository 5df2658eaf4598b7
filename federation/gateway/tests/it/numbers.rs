//! Numbers in the text of an operation on their way to the subgraphs.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::post};
use federation_gateway::Settings;
use serde_json::{Value, json};

use crate::support::{
    Part, in_process,
    literals::{SCHEMA, finder, last, stitched},
    settings,
    stand_in::StandIn,
};

const LARGE: &str = "12345678901234567890123";

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_number_reaches_its_subgraph_as_it_was_written() {
    let (gateway, asked) = finder().await;

    for number in [
        LARGE,
        "-12345678901234567890123",
        "0.1234567890123456789",
        "-1.50",
        "1.0",
        "1e999",
        "1E-999",
        "1e9",
        "2e05",
        "0e0",
        "1.5e+300",
        "0.1",
        "-9223372036854775808",
        "7",
    ] {
        let answer = gateway.run(&format!("{{ find(any: {number}) }}")).await;
        assert_eq!(answer["data"], json!({ "find": null }), "{answer}");
        assert_eq!(last(&asked), format!("{{find(any: {number})}}"));
    }
}

#[tokio::test]
async fn a_number_is_kept_wherever_it_stands() {
    let (gateway, asked) = finder().await;

    let query = "query Q { a: find(x: 1e999) b: find(id: 12345678901234567890123) ... { c: find(of: { x: 1.50, id: 1 }) } ...F }
        fragment F on Query { d: find(all: [1.50, 0.1, 0.10, -1.50]) e: find(any: { a: [{ b: 1.50 }] }, n: 1) }";
    let answer = gateway.run(query).await;

    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let asked = last(&asked);
    for kept in [
        "a: find(x: 1e999)",
        "b: find(id: 12345678901234567890123)",
        "c: find(of: {id: 1, x: 1.50})",
        "d: find(all: [1.50, 0.1, 0.10, -1.50])",
        "e: find(any: {a: [{b: 1.50}]}, n: 1)",
    ] {
        assert!(asked.contains(kept), "{kept}: {asked}");
    }
}

#[tokio::test]
async fn what_looks_like_a_number_in_texts_and_comments_is_none() {
    let (gateway, asked) = finder().await;

    let query = r#"{ a: find(x: 1.50, text: "1.50") # 1.50 "
        b: find(x: 0.1, text: """\\""" 1.50""") c1_50: find(x: 2.50) }"#;
    let answer = gateway.run(query).await;

    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let asked = last(&asked);
    for kept in [
        r#"a: find(text: "1.50", x: 1.50)"#,
        r#"b: find(text: "\\\"\"\" 1.50", x: 0.1)"#,
        "c1_50: find(x: 2.50)",
    ] {
        assert!(asked.contains(kept), "{kept}: {asked}");
    }
}

#[tokio::test]
async fn a_number_is_refused_in_the_clients_words_and_place() {
    let (gateway, asked) = finder().await;

    let beyond = gateway.run("{ find(n: 12345678901234567890123) }").await;
    let fraction = gateway.run("{ find(all: [1.0, 2.50], id: 1.50) }").await;
    let elsewhere = gateway.run("{ find(x: 0.1234567890123456789) nothing }").await;
    let two = gateway
        .run("{ find(x: 0.1234567890123456788) find(x: 0.1234567890123456789) }")
        .await;

    assert_eq!(
        message(&beyond),
        "Int cannot represent non 32-bit signed integer value: 12345678901234567890123"
    );
    assert_eq!(message(&fraction), "Expected value of type \"ID\", found 1.50.");
    assert_eq!(
        elsewhere["errors"][0]["locations"],
        json!([{ "line": 1, "column": 34 }])
    );
    assert_eq!(
        two["errors"][0]["extensions"]["rule"], "OverlappingFieldsCanBeMerged",
        "{two}"
    );
    for number in ["00.50", "-.50", "1.50.50", "1.50x", "1.5e.50", "-"] {
        let answer = gateway
            .run(&format!("{{ a: find(x: 2.50) find(any: {number}) }}"))
            .await;
        let told = message(&answer);
        assert!(told.starts_with("the document cannot be parsed"), "{number}: {answer}");
        assert!(told.contains(number), "{number}: {told}");
    }
    assert!(asked.asked().is_empty());
}

#[tokio::test]
async fn a_number_that_is_a_default_is_sent_as_it_was_written() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    let answer = move |body: String| async move {
        heard.lock().expect("no test panics while asking").push(body);
        axum::Json(json!({ "data": {} }))
    };
    let part = Part {
        name: "a",
        sdl: SCHEMA.to_owned(),
        router: Router::new().route("/graphql", post(answer)),
    };
    let gateway = in_process(vec![part], Settings::default()).await;

    let query =
        "query($x: Float = 0.1234567890123456789, $id: ID = 12345678901234567890123, $of: Of = { id: 7, x: 1e9 }) {
        find(x: $x, id: $id, of: $of) }";
    let answer = gateway.run(query).await;

    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let asked = asked.lock().unwrap().concat();
    let variables = r#""variables":{"id":"12345678901234567890123","of":{"id":"7","x":1e9},"x":0.1234567890123456789}"#;
    assert!(asked.contains(variables), "{asked}");
    assert!(asked.contains("$x:Float=0.1234567890123456789"), "{asked}");
}

#[tokio::test]
async fn a_large_number_does_not_hide_what_a_subgraph_is_asked_for() {
    let asked = StandIn::json(json!({ "data": { "list": [] } }));
    let cost = |budget| settings(json!({ "cost": { "subgraphs": { "a": budget }, "list-size": 7 } }));
    let query = format!("{{ list(id: {LARGE}) {{ id }} }}");

    let beyond = in_process(vec![asked.part("a", SCHEMA)], cost(6))
        .await
        .run(&query)
        .await;
    let within = in_process(vec![asked.part("a", SCHEMA)], cost(7))
        .await
        .run(&query)
        .await;

    let details = &beyond["errors"][0]["extensions"]["details"];
    assert_eq!(*details, json!({ "subgraph": "a", "estimated": 7, "budget": 6 }));
    assert_eq!(within, json!({ "data": { "list": [] } }));
}

#[tokio::test]
async fn a_number_reaches_a_service_that_is_no_subgraph_as_it_was_written() {
    let (gateway, prices) = stitched().await;

    let answer = gateway
        .run(&format!("{{ first {{ price(x: 1.50, of: {LARGE}) }} }}"))
        .await;

    assert_eq!(answer, json!({ "data": { "first": { "price": 5 } } }));
    let asked = last(&prices);
    assert!(
        asked.contains("item(id:") && asked.contains("1.50") && asked.contains(LARGE),
        "{asked}"
    );
}
