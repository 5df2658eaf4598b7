//! What is planned before another supergraph is served, as traces show it: it is not planned when it is asked for.

use std::fs;

use federation_gateway::Peers;
use platform_http::{Limits, stack};
use platform_telemetry::flush;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{CALLER, telemetry};
use crate::support::{TestGateway, collector::hex, serve, settings, stand_in::StandIn, supergraph};

const CARD: &str = "query Card { you me }";

/// The steps of a request to a gateway that has just got another supergraph, and was asked some before.
async fn steps_after_a_reload(part: Value, before: &[Value], request: &Value, trace: &str) -> Vec<String> {
    let (_, collector) = telemetry();
    let answers = StandIn::json(json!({ "data": { "you": "here", "me": "too" } }));
    let at = serve(answers.router()).await;
    let one = supergraph(&[("a", "type Query { you: String me: String }", at)]);
    let two = supergraph(&[("a", "type Query { you: String me: String us: String }", at)]);
    let gateway = TestGateway::start(&one, settings(part), Peers::new()).await;
    let address = serve(stack(gateway.gateway.router(), &Limits::default())).await;
    for body in before {
        gateway.post(body).await;
    }
    gateway.gateway.reload(&two).await.expect("it can be served");

    let asked = gateway.client.post(&format!("http://{address}/graphql")).json(request);
    let asked = asked.header("traceparent", format!("00-{trace}-{CALLER}-01"));
    let answer: Value = asked.send().await.expect("the gateway answers").json().await.unwrap();
    flush();

    assert_eq!(answer, json!({ "data": { "you": "here", "me": "too" } }));
    let spans = collector.spans_of(trace).into_iter();
    spans.map(|(_, _, span)| span.name).collect()
}

fn assert_ready(steps: &[String]) {
    let has = |step: &str| steps.iter().any(|known| known == step);
    assert!(has("execute"), "{steps:?}");
    assert!(!["parse", "validate", "plan"].into_iter().any(has), "{steps:?}");
}

#[tokio::test]
async fn what_is_used_is_ready_for_those_who_send_no_name() {
    let asked = json!({ "query": CARD });
    let part = json!({ "planning": { "warm": 1 } });

    let steps = steps_after_a_reload(
        part,
        std::slice::from_ref(&asked),
        &asked,
        "55555555555555550000000000000001",
    )
    .await;

    assert_ready(&steps);
}

#[tokio::test]
async fn what_is_listed_is_ready_for_those_who_send_its_name() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let hash = hex(Sha256::digest(CARD).as_slice());
    fs::write(folder.path().join(format!("{hash}.graphql")), CARD).expect("the operation can be written");
    let part = json!({ "persisted": { "directory": folder.path() } });
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let asked = json!({ "operationName": "Card", "extensions": extensions });

    let steps = steps_after_a_reload(part, &[], &asked, "55555555555555550000000000000002").await;

    assert_ready(&steps);
}

#[tokio::test]
async fn what_has_conditions_is_ready_for_those_who_leave_them_at_their_defaults() {
    let query = "query Card($x: Boolean = true) { you me @include(if: $x) }";
    let asked = json!({ "query": query, "operationName": "Card" });

    let steps = steps_after_a_reload(
        json!({}),
        std::slice::from_ref(&asked),
        &asked,
        "55555555555555550000000000000003",
    )
    .await;

    assert_ready(&steps);
}
