//! Questions that are asked at the same time: together, and once for all who ask the same, but never for two people.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};

use crate::support::{TestGateway, over_sockets, settings, stand_in::StandIn, tokens};

/// A subgraph that answers once it may.
fn held() -> (StandIn, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let slow = StandIn::new(move |_| {
        let gate = held.clone();
        async move {
            gate.acquire().await.expect("the gate stays").forget();
            axum::Json(json!({ "data": { "you": "here" } }))
        }
    });
    (slow, gate)
}

async fn ask(gateway: &TestGateway, header: Option<(&'static str, String)>) -> Value {
    let request = gateway.client.post(&gateway.url).json(&json!({ "query": "{ you }" }));
    let request = header
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, value.as_str()));
    let response = request.send().await.expect("the gateway answers");
    response.json().await.expect("the answer is JSON")
}

/// Waits until the subgraph was asked so often, and lets it answer.
async fn release(slow: &StandIn, gate: &Semaphore, asked: usize) {
    let waited = timeout(std::time::Duration::from_secs(20), asked_times(slow, asked)).await;
    gate.add_permits(100);
    assert!(waited.is_ok(), "the subgraph was asked {} times", slow.asked().len());
}

async fn asked_times(slow: &StandIn, count: usize) {
    while slow.asked().len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn equal_queries_in_flight_are_asked_once_and_others_are_not() {
    let (slow, gate) = held();
    let settings = settings(json!({ "headers": { "all": [{ "forward": "x-tenant" }] } }));
    let gateway = over_sockets(vec![slow.part("slow", "type Query { you: String }")], settings).await;
    let of = |tenant: &str| ask(&gateway, Some(("x-tenant", tenant.to_owned())));
    let last = async {
        asked_times(&slow, 2).await;
        // Who comes after all of them is asked for after them.
        of("c").await
    };

    let answers = futures::future::join_all(["a", "a", "a", "b"].map(of));
    let (answers, last, ()) = tokio::join!(answers, last, release(&slow, &gate, 3));

    assert!(
        answers
            .iter()
            .chain([&last])
            .all(|answer| answer["data"]["you"] == "here")
    );
    assert_eq!(slow.asked().len(), 3);
}

#[tokio::test]
async fn what_somebody_asks_is_never_answered_with_what_another_asked() {
    let (slow, gate) = held();
    let keys = json!([{ "jwks": tokens::trusted().to_string() }]);
    let settings = settings(json!({ "jwt": { "sources": keys } }));
    let gateway = over_sockets(vec![slow.part("slow", "type Query { you: String }")], settings).await;
    let bearer = |name: &str| format!("Bearer {}", tokens::token(json!({ "sub": name })));
    let asked =
        [None, Some("ada"), Some("bob")].map(|name| ask(&gateway, name.map(|name| ("authorization", bearer(name)))));

    let answers = futures::future::join_all(asked);
    let (answers, ()) = tokio::join!(answers, release(&slow, &gate, 3));

    assert!(
        answers.iter().all(|answer| answer["data"]["you"] == "here"),
        "{answers:?}"
    );
    assert_eq!(slow.asked().len(), 3);
}

#[tokio::test]
async fn steps_that_need_nothing_of_each_other_run_at_the_same_time() {
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let part = |name: &'static str| {
        let both = both.clone();
        let waits = StandIn::new(move |_| {
            let both = both.clone();
            async move {
                both.wait().await;
                axum::Json(json!({ "data": { name: 1 } }))
            }
        });
        waits.part(name, &format!("type Query {{ {name}: Int }}"))
    };
    let settings = settings(json!({ "traffic": { "timeout": "10s", "retries": 0 } }));
    let gateway = over_sockets(vec![part("left"), part("right")], settings).await;

    assert_eq!(gateway.data("{ left right }").await, json!({ "left": 1, "right": 1 }));
}
