//! What clients write and what subgraphs answer, kept as it is on connections that last.

use axum::{Json, Router, http::header, routing::post};
use serde_json::{Value, json};

use crate::support::{
    Part, in_process, settings,
    socket::{Events, Socket},
};

#[tokio::test]
async fn numbers_in_variables_keep_their_digits() {
    let echo = |body: String| async move {
        let value = body
            .rsplit_once("\"value\":")
            .map(|(_, rest)| rest.trim_end_matches('}').to_owned());
        Json(json!({ "data": { "echo": value } }))
    };
    let part = Part {
        name: "echo",
        sdl: "scalar Number type Query { echo(value: Number): String }".into(),
        router: Router::new().route("/graphql", post(echo)),
    };
    let gateway = in_process(vec![part], settings(json!({}))).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    let digits = "12345678901234567890.1234567890";
    let query = "query($value: Number) { echo(value: $value) }";
    socket
        .say_text(&format!(
            r#"{{"id":"a","payload":{{"query":"{query}","variables":{{"value":{digits}}}}},"type":"subscribe"}}"#
        ))
        .await;

    assert_eq!(socket.next().await, json!({ "data": { "echo": digits } }));
}

#[tokio::test]
async fn line_breaks_in_a_scalar_do_not_end_an_event() {
    let pretty = "{\"data\":{\"blob\":{\n  \"a\": 1,\r\n\n  \"b\": \"x\\ny\"\r}}}";
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], pretty) };
    let part = Part {
        name: "pretty",
        sdl: "scalar Blob type Query { blob: Blob }".into(),
        router: Router::new().route("/graphql", post(answer)),
    };
    let gateway = in_process(vec![part], settings(json!({}))).await;
    let request = gateway.client.post(&gateway.url).header("accept", "text/event-stream");
    let response = request.json(&json!({ "query": "{ blob }" })).send().await;
    let mut events = Events::of(response.expect("the gateway answers"));

    let (name, data) = events.event().await;
    let (last, nothing) = events.event().await;

    let blob = json!({ "a": 1, "b": "x\ny" });
    assert_eq!((name.as_str(), data), ("next", json!({ "data": { "blob": blob } })));
    assert_eq!((last.as_str(), nothing), ("complete", Value::Null));
}
