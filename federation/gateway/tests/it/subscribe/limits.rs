//! How many subscriptions there may be, who shares one, and who is let go.

use serde_json::{Value, json};

use super::{TICKS, listening, ticking};
use crate::support::{
    socket::{Events, Socket, handshake},
    ticker::number,
    tokens,
};

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let (gateway, ticker) = ticking(json!({})).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(listening(&gateway).await);
    }
    ticker.has_listeners(1).await;

    ticker.send(3);

    for socket in &mut sockets {
        assert_eq!(number(&socket.next().await), 3);
    }
    assert_eq!(ticker.opened(), 1);
}

#[tokio::test]
async fn other_principals_headers_and_operations_are_other_questions() {
    let settings = json!({
        "headers": { "all": [{ "forward": "x-tenant" }] },
        "jwt": { "sources": [{ "jwks": tokens::trusted().to_string() }] },
    });
    let (gateway, ticker) = ticking(settings).await;
    let bearer = |name: &str| format!("Bearer {}", tokens::token(json!({ "sub": name })));
    let payloads = [
        json!({}),
        json!({ "x-tenant": "a" }),
        json!({ "x-tenant": "b" }),
        json!({ "authorization": bearer("ada") }),
        json!({ "authorization": bearer("bob") }),
        json!({ "x-unrelated": "1" }),
    ];
    let mut sockets = Vec::new();
    for payload in payloads {
        let mut socket = Socket::connect(&gateway.url, payload).await;
        socket.subscribe("a", TICKS).await;
        sockets.push(socket);
    }
    let mut other = Socket::connect(&gateway.url, json!({})).await;
    other.subscribe("a", "subscription { ticks { number } }").await;

    ticker.has_listeners(6).await;
    assert_eq!(ticker.opened(), 6);
}

#[tokio::test]
async fn sharing_can_be_switched_off() {
    let (gateway, ticker) = ticking(json!({ "subscriptions": { "share": false } })).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;
    socket.subscribe("a", TICKS).await;
    socket.subscribe("b", TICKS).await;

    ticker.has_listeners(2).await;
}

#[tokio::test]
async fn a_connection_and_a_client_may_have_so_many() {
    let (gateway, ticker) = ticking(json!({ "subscriptions": { "per-connection": 2, "per-client": 3 } })).await;
    let mut first = Socket::connect(&gateway.url, json!({})).await;
    for id in ["a", "b", "c"] {
        first.subscribe(id, TICKS).await;
    }
    let for_connection = first.hear().await;
    ticker.has_listeners(1).await;
    let mut second = Socket::connect(&gateway.url, json!({})).await;
    second.subscribe("a", "subscription { ticks { number } }").await;
    ticker.has_listeners(2).await;
    second.subscribe("b", TICKS).await;
    let for_client = second.hear().await;

    assert_eq!(
        (&for_connection["type"], &for_connection["id"]),
        (&json!("error"), &json!("c"))
    );
    assert_eq!(for_connection["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    assert_eq!((&for_client["type"], &for_client["id"]), (&json!("error"), &json!("b")));
}

#[tokio::test]
async fn a_first_message_may_set_so_many_headers() {
    let (gateway, _ticker) = ticking(json!({ "headers": { "all": [{ "matching": "x-*" }] } })).await;
    let header = |number: usize| (format!("x-{number}"), json!("1"));
    let headers = |count| (0..count).map(header).collect::<Value>();

    let mut few = Socket::connect(&gateway.url, headers(100)).await;
    few.subscribe("q", "{ pulse }").await;
    let mut many = Socket::open(handshake(&gateway.url))
        .await
        .expect("the gateway takes connections");
    let init = json!({ "type": "connection_init", "payload": headers(30_000) });
    many.say(init).await;

    assert_eq!(few.next().await["data"]["pulse"], 1);
    assert_eq!(many.close_code().await, 4400);
}

#[tokio::test]
async fn connections_are_counted() {
    let (gateway, _ticker) = ticking(json!({ "subscriptions": { "connections": 1 } })).await;
    let first = Socket::connect(&gateway.url, json!({})).await;

    let second = Socket::open(handshake(&gateway.url)).await;

    assert!(second.is_err());
    drop(first);
}

#[tokio::test]
async fn a_client_that_falls_behind_is_told_and_holds_up_nobody() {
    let (gateway, ticker) = ticking(json!({ "subscriptions": { "backlog": 8 } })).await;
    let query = "subscription { ticks { number text } }";
    let request = gateway.client.post(&gateway.url).header("accept", "text/event-stream");
    let slow = request
        .json(&json!({ "query": query }))
        .send()
        .await
        .expect("the gateway answers");
    let mut fast = Socket::connect(&gateway.url, json!({})).await;
    fast.subscribe("a", query).await;
    fast.subscribe("q", "{ pulse }").await;
    fast.next().await;
    fast.hear().await;
    ticker.has_listeners(1).await;

    // More than the sockets between the two hold, while nobody reads them.
    for number_sent in 0..200 {
        ticker.send_large(number_sent, 200_000);
        assert_eq!(number(&fast.next().await), i64::from(number_sent));
    }

    let mut events = Events::of(slow);
    let mut expected = 0;
    let told = loop {
        let (_, data) = events.event().await;
        if data["errors"].is_array() {
            break data;
        }
        assert_eq!(number(&data), expected);
        expected += 1;
    };
    assert!(expected < 200);
    assert_eq!(told["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    assert_eq!(events.event().await.0, "complete");
}
