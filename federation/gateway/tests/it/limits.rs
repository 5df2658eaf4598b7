//! Operations that are too large, callers that ask too often, and pages that may not ask.

mod fragments;

use platform_http::ClientResponse;
use serde_json::{Value, json};

use tokio_tungstenite::tungstenite::Error;

use crate::support::{
    TestGateway, in_process, settings, shop,
    socket::{Socket, handshake},
};

async fn gateway(part: Value) -> TestGateway {
    in_process(shop::parts(), settings(part)).await
}

/// The message and the limit's name of the only error.
async fn refusal(gateway: &TestGateway, query: &str) -> (String, Value) {
    let answer = gateway.run(query).await;
    assert_eq!(answer["data"], Value::Null, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    let message = answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    (message, answer["errors"][0]["extensions"]["details"].clone())
}

#[tokio::test]
async fn each_limit_is_named_with_its_value() {
    let limits = json!({ "limits": { "depth": 3, "height": 8, "aliases": 2, "root-fields": 3, "directives": 2 } });
    let gateway = gateway(limits).await;

    let deep = "{ latest { product { reviews { body } } } }";
    let wide = "{ topProducts { upc name price weight kind inStock shipping tags } }";
    let aliased = "{ a: warehouses b: warehouses c: warehouses }";
    let many_roots = "{ warehouses a: warehouses latest { id } b: topProducts { upc } }";
    let directed = "{ topProducts { upc @include(if: true) name @skip(if: false) price @include(if: true) } }";

    for (query, limit, allowed, found) in [
        (deep, "levels (depth)", 3, 4),
        (wide, "fields (height)", 8, 9),
        (aliased, "aliases", 2, 3),
        (many_roots, "root fields", 3, 4),
        (directed, "directives", 2, 3),
    ] {
        let (message, details) = refusal(&gateway, query).await;
        assert_eq!(
            details,
            json!({ "limit": limit, "allowed": allowed, "found": found }),
            "{message}"
        );
        assert!(message.contains(&allowed.to_string()), "{message}");
    }
    gateway.data("{ latest { product { upc } } }").await;
}

#[tokio::test]
async fn tokens_are_counted_before_anything_is_parsed() {
    let gateway = gateway(json!({ "limits": { "tokens": 10 } })).await;

    for (query, found) in [
        ("{ a: warehouses b: warehouses c: warehouses d: warehouses }", 14),
        (r#"{ topProducts(first: ["", "{", "", "", ""]) }"#, 14),
        (r##"{ topProducts(first: ["""""", """#""", "", "", ""]) }"##, 14),
        ("{ topProducts(first: [1.5,-2.5e+3 1e1,1.5,1.5]) }", 14),
        ("{ ...A...B...C...D...E }", 12),
        ("a b c d e f g h i j k", 11),
    ] {
        let (message, details) = refusal(&gateway, query).await;
        assert_eq!(
            details,
            json!({ "limit": "tokens", "allowed": 10, "found": found }),
            "{query}: {message}"
        );
    }
    gateway
        .data("# a b\r query { a: warehouses, b: warehouses, warehouses } # c")
        .await;
}

#[tokio::test]
async fn brackets_inside_one_another_are_counted_before_anything_is_parsed() {
    let gateway = gateway(json!({ "limits": { "depth": 100 } })).await;
    let nested = |depth: usize| {
        let (open, close) = ("{ ... ".repeat(depth - 1), " }".repeat(depth - 1));
        format!("# {{\r{open} {{ warehouses }} {close}")
    };

    let (message, details) = refusal(&gateway, &nested(51)).await;

    let expected = json!({ "limit": "nested brackets", "allowed": 50, "found": 51 });
    assert_eq!(details, expected, "{message}");
    gateway.data(&nested(50)).await;
}

#[tokio::test]
async fn one_address_may_not_ask_too_often() {
    let gateway = gateway(json!({ "rate": { "address": { "per-second": 1, "burst": 2 } } })).await;
    gateway.data("{ warehouses }").await;
    gateway.data("{ warehouses }").await;

    let refused = gateway.post(&json!({ "query": "{ warehouses }" })).await;

    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    let answer: Value = refused.json().await.expect("the answer is JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED");
}

#[tokio::test]
async fn what_cannot_be_read_counts_as_asked_too_and_a_question_counts_once() {
    let gateway = gateway(json!({ "rate": { "address": { "per-hour": 1, "burst": 3 } } })).await;
    let broken = async || {
        let request = gateway
            .client
            .post(&gateway.url)
            .header("content-type", "application/json");
        request.body("{").send().await.expect("the gateway answers").status()
    };

    let answers = [broken().await, broken().await];
    gateway.data("{ warehouses }").await;

    assert_eq!(answers, [400, 400]);
    assert_eq!(broken().await, 429);
}

#[tokio::test]
async fn a_connection_counts_as_asked_before_it_has_said_anything() {
    let gateway = gateway(json!({ "rate": { "address": { "per-hour": 1, "burst": 3 } } })).await;
    for _ in 0..3 {
        Socket::connect(&gateway.url, json!({})).await;
    }

    let refused = Socket::open(handshake(&gateway.url)).await;

    assert!(matches!(refused, Err(Error::Http(answer)) if answer.status() == 429));
}

async fn got(gateway: &TestGateway, headers: &[(&str, &str)]) -> ClientResponse {
    let request = gateway.client.get(&format!("{}?query=%7Bwarehouses%7D", gateway.url));
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("the gateway answers")
}

#[tokio::test]
async fn what_a_foreign_page_can_send_is_refused() {
    let gateway = gateway(json!({})).await;

    let bare = got(&gateway, &[]).await;
    let as_a_form = got(&gateway, &[("content-type", "text/plain; charset=utf-8")]).await;
    let marked = got(&gateway, &[("x-apollo-operation-name", "Any")]).await;
    let typed = got(&gateway, &[("content-type", "application/json")]).await;

    assert_eq!(bare.status(), 400);
    let said: Value = bare.json().await.expect("the answer is JSON");
    assert!(
        said["errors"][0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("x-apollo-operation-name"))
    );
    assert_eq!(as_a_form.status(), 400);
    assert_eq!(marked.status(), 200);
    assert_eq!(typed.status(), 200);
}
