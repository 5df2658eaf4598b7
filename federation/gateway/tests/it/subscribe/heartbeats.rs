//! Connections on which nothing happens: both sides show that they live, and who does not is let go.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{TICKS, tick, ticking};
use crate::support::{
    over_sockets, settings,
    socket::{Events, Socket},
    speaker::{Say, Speaker},
};

#[tokio::test]
async fn who_answers_no_ping_is_let_go_and_who_does_stays() {
    let (gateway, ticker) = ticking(json!({ "subscriptions": { "heartbeat": "250ms" } })).await;
    let mut lively = Socket::connect(&gateway.url, json!({})).await;
    lively.subscribe("a", TICKS).await;
    ticker.has_listeners(1).await;
    let mut mute = Socket::connect(&gateway.url, json!({})).await;

    let gone = async {
        let code = mute.close_code().await;
        ticker.send(1);
        code
    };
    let (code, event) = tokio::join!(gone, lively.next());

    assert_eq!(code, 4408);
    assert_eq!(event, tick(1));
}

#[tokio::test]
async fn bodies_in_which_nothing_happens_show_that_they_live() {
    let (gateway, _ticker) = ticking(json!({ "subscriptions": { "heartbeat": "5ms" } })).await;
    for (accept, sign) in [
        ("text/event-stream", ":\n\n"),
        ("multipart/mixed; subscriptionSpec=\"1.0\"", "\r\n\r\n{}\r\n"),
    ] {
        let request = gateway.client.post(&gateway.url).header("accept", accept);
        let request = request.json(&json!({ "query": TICKS }));
        let mut response = request.send().await.expect("the gateway answers");
        let mut text = String::new();

        while text.matches(sign).count() < 3 {
            let chunk = timeout(Duration::from_secs(20), response.chunk()).await;
            let chunk = chunk.expect("the body goes on").expect("the body does not break off");
            text.push_str(&String::from_utf8_lossy(&chunk.expect("the body does not end")));
        }
    }
}

#[tokio::test]
async fn a_subgraph_that_answers_no_ping_is_called_again() {
    let event = json!({ "data": { "says": { "text": "here" } } });
    let speaker = Speaker::new(vec![vec![Say::Wait], vec![Say::Event(event.clone()), Say::Complete]]);
    let speakers = json!({ "speaker": { "protocol": "websocket", "url": "/ws" } });
    let settings = settings(json!({ "subscriptions": { "heartbeat": "100ms", "subgraphs": speakers } }));
    let gateway = over_sockets(vec![speaker.part()], settings).await;
    let request = gateway.client.post(&gateway.url).header("accept", "text/event-stream");
    let request = request.json(&json!({ "query": "subscription { says { text } }" }));

    let mut events = Events::of(request.send().await.expect("the gateway answers"));

    assert_eq!(events.event().await, ("next".to_owned(), event));
    assert_eq!(events.event().await.0, "complete");
    assert_eq!(speaker.called(), 2);
}
