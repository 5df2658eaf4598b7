//! Which headers reach a subgraph.

use serde_json::{Value, json};

use crate::support::{over_sockets, recorder::Recorder, settings, shop, tokens};

async fn seen(rules: Value, headers: &[(&str, &str)]) -> axum::http::HeaderMap {
    let (inventory, recorder) = Recorder::before(shop::inventory());
    let settings = settings(json!({
        "headers": rules,
        "jwt": { "sources": [{ "jwks": tokens::trusted().to_string() }] },
    }));
    let gateway = over_sockets(vec![shop::products(), inventory], settings).await;
    let request = gateway
        .client
        .post(&gateway.url)
        .json(&json!({ "query": "{ warehouses }" }));
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.expect("the gateway answers");
    assert_eq!(response.status(), 200);
    recorder.last_headers()
}

#[tokio::test]
async fn nothing_is_handed_on_unless_a_rule_says_so() {
    let seen = seen(json!({}), &[("x-tenant", "a"), ("cookie", "id=1")]).await;

    assert!(!seen.contains_key("x-tenant"));
    assert!(!seen.contains_key("cookie"));
    assert_eq!(seen["content-type"], "application/json");
}

#[tokio::test]
async fn rules_forward_rename_insert_and_remove() {
    let rules = json!({
        "all": [
            { "matching": "x-*" },
            { "remove": "x-internal-*" },
            { "forward": "x-region", "rename": "x-place" },
            { "forward": "x-absent", "default": "none" },
            { "insert": "x-gateway", "value": "hansa" },
        ],
        "subgraphs": { "inventory": [{ "insert": "x-gateway", "value": "for inventory" }] },
    });
    let sent = [
        ("x-tenant", "a"),
        ("x-internal-key", "k"),
        ("x-region", "north"),
        ("other", "o"),
    ];

    let seen = seen(rules, &sent).await;

    assert_eq!(seen["x-tenant"], "a");
    assert_eq!(seen["x-place"], "north");
    assert_eq!(seen["x-absent"], "none");
    assert_eq!(seen["x-gateway"], "for inventory");
    assert!(!seen.contains_key("x-internal-key"));
    assert!(!seen.contains_key("other"));
}

#[tokio::test]
async fn who_somebody_is_is_handed_on_by_name_alone() {
    let token = format!("Bearer {}", tokens::token(json!({ "sub": "ada" })));
    let sent = [("authorization", token.as_str()), ("cookie", "id=1"), ("x-tenant", "a")];

    let by_pattern = seen(json!({ "all": [{ "matching": "*" }] }), &sent).await;
    let by_name = seen(json!({ "all": [{ "forward": "authorization" }] }), &sent).await;

    assert!(!by_pattern.contains_key("authorization"));
    assert!(!by_pattern.contains_key("cookie"));
    assert_eq!(by_pattern["x-tenant"], "a");
    assert_eq!(by_name["authorization"], token.as_str());
}

#[tokio::test]
async fn a_verified_claim_becomes_a_header_that_clients_cannot_set() {
    let rules = json!({ "all": [{ "matching": "x-*" }, { "insert": "x-user", "claim": "sub" }] });
    let token = format!("Bearer {}", tokens::token(json!({ "sub": "ada" })));

    let known = seen(rules.clone(), &[("authorization", &token), ("x-user", "mallory")]).await;
    let unknown = seen(rules, &[("x-user", "mallory")]).await;

    assert_eq!(known["x-user"], "ada");
    assert!(!unknown.contains_key("x-user"));
}

#[tokio::test]
async fn what_a_client_offers_for_its_own_websocket_stays_there() {
    let sent = [("sec-websocket-extensions", "permessage-deflate"), ("x-tenant", "a")];

    let seen = seen(json!({ "all": [{ "matching": "*" }] }), &sent).await;

    assert!(!seen.contains_key("sec-websocket-extensions"));
    assert_eq!(seen["x-tenant"], "a");
}

#[tokio::test]
async fn what_a_client_declares_for_one_hop_stays_there() {
    let rules = json!({ "all": [{ "matching": "x-*" }] });

    let seen = seen(rules, &[("connection", "x-hop"), ("x-hop", "1"), ("x-tenant", "a")]).await;

    assert!(!seen.contains_key("x-hop"));
    assert_eq!(seen["x-tenant"], "a");
}
