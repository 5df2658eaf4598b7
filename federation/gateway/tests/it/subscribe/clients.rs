//! The three ways in which clients listen.

use platform_service::Clock;
use serde_json::{Value, json};

use super::{TICKS, listening, tick, ticking};
use crate::support::{
    TestGateway, in_process, in_process_at, settings, shop,
    socket::{Events, Socket, handshake},
    staff,
    ticker::Ticker,
    tokens,
};

#[tokio::test]
async fn a_client_reads_events_joined_with_other_subgraphs_in_order() {
    let (gateway, ticker) = ticking(json!({})).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;
    socket.subscribe("a", TICKS).await;
    ticker.has_listeners(1).await;

    for number in 0..5 {
        ticker.send(number);
    }
    ticker.stop();

    for number in 0..5 {
        assert_eq!(socket.next().await, tick(number));
    }
    assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "a" }));
}

#[tokio::test]
async fn several_operations_share_a_connection() {
    let (gateway, ticker) = ticking(json!({})).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;
    socket.subscribe("a", TICKS).await;
    socket.subscribe("q", "{ pulse topProducts(first: 1) { name } }").await;

    let query = socket.hear().await;
    let done = socket.hear().await;
    ticker.has_listeners(1).await;
    ticker.send(1);
    let event = socket.hear().await;

    let data = json!({ "pulse": 1, "topProducts": [{ "name": "Table" }] });
    assert_eq!(query, json!({ "id": "q", "type": "next", "payload": { "data": data } }));
    assert_eq!(done, json!({ "id": "q", "type": "complete" }));
    assert_eq!((&event["id"], &event["payload"]), (&json!("a"), &tick(1)));
}

#[tokio::test]
async fn the_subgraph_is_left_when_the_client_completes_or_goes() {
    let (gateway, ticker) = ticking(json!({})).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;
    socket.subscribe("a", TICKS).await;
    ticker.has_listeners(1).await;

    socket.say(json!({ "type": "complete", "id": "a" })).await;
    ticker.has_listeners(0).await;
    socket.subscribe("a", TICKS).await;
    ticker.has_listeners(1).await;
    drop(socket);

    ticker.has_listeners(0).await;
}

#[tokio::test]
async fn a_client_that_closes_its_connection_gets_the_answer_that_it_waits_for() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let mut socket = listening(&gateway).await;

    socket.close().await;

    assert_eq!(socket.close_code().await, 1000);
}

#[tokio::test]
async fn the_rules_of_the_protocol_hold() {
    let (gateway, _ticker) = ticking(json!({ "subscriptions": { "init-timeout": "50ms" } })).await;
    let open = || Socket::open(handshake(&gateway.url));

    let mut silent = open().await.expect("the gateway takes connections");
    assert_eq!(silent.close_code().await, 4408);
    let mut hasty = open().await.expect("the gateway takes connections");
    hasty.subscribe("a", TICKS).await;
    assert_eq!(hasty.close_code().await, 4401);
    let mut garbled = open().await.expect("the gateway takes connections");
    garbled.say_text("{\"type\":\"nonsense\"}").await;
    assert_eq!(garbled.close_code().await, 4400);
    let mut twice = Socket::connect(&gateway.url, json!({})).await;
    twice.say(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.close_code().await, 4429);
    let mut same = Socket::connect(&gateway.url, json!({})).await;
    same.subscribe("a", TICKS).await;
    same.subscribe("a", TICKS).await;
    assert_eq!(same.close_code().await, 4409);
    let mut polite = Socket::connect(&gateway.url, json!({})).await;
    polite.say(json!({ "type": "ping" })).await;
    assert_eq!(polite.hear().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn an_operation_that_is_refused_ends_with_an_error_and_the_connection_stays() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    socket.subscribe("a", "subscription { nothing }").await;
    let refused = socket.hear().await;
    socket
        .subscribe("b", "subscription { ticks(mood: BAD) { number } }")
        .await;
    let failed = socket.hear().await;

    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("a")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "INVALID");
    assert_eq!(
        failed["payload"]["errors"][0]["message"]
            .as_str()
            .map(|text| text.contains("not today")),
        Some(true),
        "{failed}"
    );
}

async fn lasting(gateway: &TestGateway, accept: &str, query: &str) -> platform_http::ClientResponse {
    let request = gateway.client.post(&gateway.url).header("accept", accept);
    request
        .json(&json!({ "query": query }))
        .send()
        .await
        .expect("the gateway answers")
}

#[tokio::test]
async fn a_client_that_takes_json_as_well_gets_one_answer_as_json_and_events_as_a_stream() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let both = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";

    let query = lasting(&gateway, both, "{ __typename }").await;
    let events = lasting(&gateway, both, TICKS).await;
    let rather = lasting(&gateway, "application/json;q=0.5, text/event-stream", "{ __typename }").await;
    let never = lasting(&gateway, "application/json, text/event-stream;q=0", TICKS).await;

    let media = |response: &platform_http::ClientResponse| {
        let media = response.headers()["content-type"].to_str().unwrap();
        media.split(';').next().unwrap().to_owned()
    };
    assert_eq!(media(&query), "application/graphql-response+json");
    assert_eq!(media(&events), "text/event-stream");
    assert_eq!(media(&rather), "text/event-stream");
    assert_eq!(media(&never), "application/json");
}

#[tokio::test]
async fn a_client_reads_server_sent_events() {
    let (gateway, ticker) = ticking(json!({ "subscriptions": { "heartbeat": "20ms" } })).await;
    let response = lasting(&gateway, "text/event-stream", TICKS).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let mut events = Events::of(response);
    ticker.has_listeners(1).await;

    ticker.send(1);
    ticker.send(2);
    let (first, second) = (events.event().await, events.event().await);
    ticker.stop();
    let last = events.event().await;

    assert_eq!(first, ("next".to_owned(), tick(1)));
    assert_eq!(second, ("next".to_owned(), tick(2)));
    assert_eq!(last.0, "complete");
}

#[tokio::test]
async fn a_client_reads_parts() {
    let (gateway, ticker) = ticking(json!({ "subscriptions": { "heartbeat": "20ms" } })).await;
    let accept = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json";
    let mut events = Events::of(lasting(&gateway, accept, TICKS).await);
    ticker.has_listeners(1).await;

    ticker.send(4);
    let first = events.part().await;
    ticker.stop();
    let last = events.part().await;

    assert_eq!(first, json!({ "payload": tick(4) }));
    assert_eq!(last, Value::Null);
}

#[tokio::test]
async fn a_refused_subscription_is_told_as_an_event_and_otherwise_as_an_ordinary_answer() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let parts = "multipart/mixed;subscriptionSpec=1.0";

    let mut told = Events::of(lasting(&gateway, "text/event-stream", "subscription { nothing }").await);
    let refused = lasting(&gateway, parts, "subscription { nothing }").await;
    let malformed = gateway.client.post(&gateway.url).header("accept", "text/event-stream");
    let malformed = malformed.json(&json!({ "query": 1 })).send().await;
    let plain = gateway.post(&json!({ "query": TICKS })).await;

    let (event, data) = told.event().await;
    assert_eq!(
        (event.as_str(), &data["errors"][0]["extensions"]["code"]),
        ("next", &json!("INVALID"))
    );
    assert_eq!(told.event().await.0, "complete");
    assert_eq!(refused.status(), 400);
    assert_eq!(malformed.expect("the gateway answers").status(), 400);
    let said: Value = plain.json().await.expect("the answer is JSON");
    assert!(
        said["errors"][0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("WebSocket")),
        "{said}"
    );
}

#[tokio::test]
async fn that_an_operation_is_not_known_by_its_hash_is_told_as_an_event() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let unknown = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "00".repeat(32) } } });
    let request = gateway.client.post(&gateway.url).header("accept", "text/event-stream");

    let mut told = Events::of(request.json(&unknown).send().await.expect("the gateway answers"));

    let (event, data) = told.event().await;
    assert_eq!(event, "next");
    assert_eq!(data["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(told.event().await.0, "complete");
}

#[tokio::test]
async fn pages_of_other_sites_open_no_connection() {
    let (gateway, _ticker) = ticking(json!({ "subscriptions": { "origins": ["https://app.example.org"] } })).await;
    let from = |origin: &str| {
        let mut request = handshake(&gateway.url);
        request
            .headers_mut()
            .insert("origin", origin.parse().expect("it is a header"));
        Socket::open(request)
    };

    let own = gateway.url.replace("/graphql", "");
    assert!(from("https://app.example.org").await.is_ok());
    assert!(from(&own).await.is_ok());
    assert!(from("https://evil.example.org").await.is_err());
}

#[tokio::test]
async fn the_first_message_says_who_is_there() {
    let jwt = json!({ "sources": [{ "jwks": tokens::trusted().to_string() }] });
    let gateway = in_process(vec![staff::staff()], settings(json!({ "jwt": jwt }))).await;
    let token = format!("Bearer {}", tokens::token(json!({ "sub": "ada" })));

    let mut known = Socket::connect(&gateway.url, json!({ "authorization": token })).await;
    known.subscribe("q", "{ me { email } }").await;
    let mut unknown = Socket::open(handshake(&gateway.url))
        .await
        .expect("the gateway takes connections");
    let init = json!({ "type": "connection_init", "payload": { "authorization": "Bearer nonsense" } });
    unknown.say(init).await;

    assert_eq!(known.next().await["data"]["me"]["email"], "ada@example.org");
    assert_eq!(unknown.close_code().await, 4401);
}

#[tokio::test]
async fn a_subscription_comes_to_its_end_with_the_token() {
    let jwt = json!({ "sources": [{ "jwks": tokens::trusted().to_string() }], "leeway": "0s" });
    // The clock stands still, so that the token is good when it is shown, however slow the machine is.
    let clock = Clock::manual(Clock::system().now());
    let ticker = Ticker::new();
    let parts = vec![ticker.part(), shop::products()];
    let gateway = in_process_at(parts, settings(json!({ "jwt": jwt })), clock.clone()).await;
    let soon = clock.now().timestamp() + 1;
    let token = format!("Bearer {}", tokens::token(json!({ "sub": "ada", "exp": soon })));
    let request = gateway.client.post(&gateway.url).header("accept", "text/event-stream");
    let request = request.header("authorization", &token).json(&json!({ "query": TICKS }));

    let mut socket = Socket::connect(&gateway.url, json!({ "authorization": token })).await;
    let mut events = Events::of(request.send().await.expect("the gateway answers"));
    clock.set(clock.now() + std::time::Duration::from_secs(2));

    assert_eq!(
        events.event().await.1["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    assert_eq!(socket.close_code().await, 4403);
}
