//! Operations that are too large, callers that ask too often, and pages that may not ask.

use platform_http::ClientResponse;
use serde_json::{Value, json};

use crate::support::{TestGateway, in_process, settings, shop};

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
async fn fragments_count_where_they_are_used() {
    let gateway = gateway(json!({ "limits": { "height": 1000 } })).await;
    let mut query = String::from("{ topProducts { ...F0 } }");
    for level in 0..40 {
        query.push_str(&format!(
            " fragment F{level} on Product {{ ...F{next} ...F{next} }}",
            next = level + 1
        ));
    }
    query.push_str(" fragment F40 on Product { upc }");

    let (_, details) = refusal(&gateway, &query).await;

    assert_eq!(details["limit"], "fields (height)");
    assert_eq!(details["found"], 1_099_511_627_777_u64);
}

#[tokio::test]
async fn a_fragment_in_itself_is_refused() {
    let gateway = gateway(json!({})).await;

    let (message, _) = refusal(&gateway, "{ topProducts { ...F } } fragment F on Product { upc ...F }").await;

    assert!(message.contains("itself"), "{message}");
}

/// Fragments that each use the next one twice, beside one another.
fn doubling() -> String {
    let fragment = |level: usize| {
        let (of, field) = [("Product", "reviews"), ("Review", "product")][level % 2];
        let next = level + 1;
        format!(" fragment F{level} on {of} {{ {field} {{ ...F{next} }} {field} {{ ...F{next} }} }}")
    };
    (0..36).map(fragment).collect::<String>() + " fragment F36 on Product { upc }"
}

#[tokio::test]
async fn fragments_that_nobody_uses_are_measured_as_well() {
    let gateway = gateway(json!({})).await;
    let deep = (0..18).fold("upc".to_owned(), |inside, _| {
        format!("reviews {{ product {{ {inside} }} }}")
    });
    let doubling = doubling();

    let unused = format!("{{ __typename }} fragment Z on Product {{ ...F0 {deep} }} {doubling}");
    let in_another = format!("query A {{ __typename }} query B {{ topProducts {{ ...F0 {deep} }} }} {doubling}");
    let unused = refusal(&gateway, &unused).await;
    let body = json!({ "query": in_another, "operationName": "A" });
    let in_another: Value = gateway.post(&body).await.json().await.expect("the answer is JSON");

    assert_eq!(unused.1["limit"], "fields (height)", "{}", unused.0);
    let details = &in_another["errors"][0]["extensions"]["details"];
    assert_eq!(details["limit"], "fields (height)", "{in_another}");
}

#[tokio::test]
async fn fragments_that_cannot_be_measured_are_refused() {
    let gateway = gateway(json!({})).await;
    let deep = (0..18).fold("upc".to_owned(), |inside, _| {
        format!("reviews {{ product {{ {inside} }} }}")
    });
    let twice = "reviews { product { ...F } } reviews { product { ...F } }";
    let endless = format!("{{ topProducts {{ ...F {deep} }} }} fragment F on Product {{ {twice} }}");
    let doubling = doubling();
    let ambiguous = format!("{{ topProducts {{ ...F0 {deep} }} }} {doubling} fragment F0 on Product {{ upc }}");
    let fieldless = |level: usize| format!(" fragment F{level} on Product {{ ...F{n} ...F{n} }}", n = level + 1);
    let fieldless = format!(
        "{{ topProducts {{ ...F0 }} }} {}",
        (0..40).map(fieldless).collect::<String>()
    );

    let (endless, _) = refusal(&gateway, &endless).await;
    let (ambiguous, _) = refusal(&gateway, &ambiguous).await;
    let (_, fieldless) = refusal(&gateway, &fieldless).await;

    assert!(endless.contains("itself"), "{endless}");
    assert!(ambiguous.contains("several fragments called F0"), "{ambiguous}");
    assert_eq!(fieldless["limit"], "selections", "{fieldless}");
}

#[tokio::test]
async fn a_long_chain_of_fragments_is_refused_from_whichever_end_it_is_read() {
    let gateway = gateway(json!({})).await;
    let link = |level: usize| format!(" fragment F{level} on Product {{ ...F{} }}", level + 1);
    let forwards = (0..1500).map(link).collect::<String>();
    let backwards = (0..1500).rev().map(link).collect::<String>();

    for chain in [forwards, backwards] {
        let (_, details) = refusal(
            &gateway,
            &format!("{{ warehouses }} {chain} fragment F1500 on Product {{ upc }}"),
        )
        .await;
        assert_eq!(details["limit"], "nested selections");
    }
}

#[tokio::test]
async fn many_operations_may_not_share_what_is_large() {
    let gateway = gateway(json!({})).await;
    let large = "upc ".repeat(1000);
    let many: String = (0..200)
        .map(|number| format!(" query Q{number} {{ topProducts {{ upc ...F }} }}"))
        .collect();
    let body = json!({ "query": format!("{many} fragment F on Product {{ {large} }}"), "operationName": "Q0" });

    let answer: Value = gateway.post(&body).await.json().await.expect("the answer is JSON");

    let details = &answer["errors"][0]["extensions"]["details"];
    assert_eq!(details["limit"], "selections in all definitions", "{answer}");
}

#[tokio::test]
async fn tokens_are_counted_before_anything_is_parsed() {
    let gateway = gateway(json!({ "limits": { "tokens": 10 } })).await;

    let (message, _) = refusal(&gateway, "{ a: warehouses b: warehouses c: warehouses d: warehouses }").await;

    assert!(message.to_lowercase().contains("token"), "{message}");
    gateway.data("{ warehouses }").await;
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
