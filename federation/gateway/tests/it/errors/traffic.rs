//! Subgraphs that are asked again, left alone for a while, or asked once for many.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{http::StatusCode, response::IntoResponse};
use federation_gateway::Settings;
use serde_json::{Value, json};

use super::quick;
use crate::support::{over_sockets, stand_in::StandIn};

#[tokio::test]
async fn a_query_is_tried_again_and_a_mutation_is_not() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let flaky = StandIn::new(move |asked: Value| {
        let is_first = counted.fetch_add(1, Relaxed) == 0;
        let is_write = asked["query"].as_str().unwrap().starts_with("mutation");
        async move {
            match is_first || is_write {
                true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                false => axum::Json(json!({ "data": { "you": "here" } })).into_response(),
            }
        }
    });
    let part = flaky.part("flaky", "type Query { you: String } type Mutation { write: String }");
    let mut settings = quick();
    settings.traffic.retries = 2;
    let gateway = over_sockets(vec![part], settings).await;

    let read = gateway.run("{ you }").await;
    let write = gateway.run("mutation { write }").await;

    assert_eq!(read, json!({ "data": { "you": "here" } }));
    assert_eq!(write["errors"][0]["message"], "subgraph flaky answered with status 503");
    assert_eq!(tries.load(Relaxed), 3);
}

#[tokio::test]
async fn a_subgraph_that_fails_all_the_time_is_left_alone_until_it_is_back() {
    let works = Arc::new(AtomicUsize::new(0));
    let state = works.clone();
    let broken = StandIn::new(move |_| {
        let works = state.load(Relaxed) == 1;
        async move {
            match works {
                true => axum::Json(json!({ "data": { "you": "back" } })).into_response(),
                false => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    });
    let mut settings = quick();
    settings.traffic.breaker_failures = 3;
    settings.traffic.breaker_pause = platform_config::Duration::from_millis(50);
    let gateway = over_sockets(vec![broken.part("broken", "type Query { you: String }")], settings).await;

    for _ in 0..3 {
        gateway.run("{ you }").await;
    }
    let refused = gateway.run("{ you }").await;
    let asked_while_open = broken.asked().len();
    works.store(1, Relaxed);
    let back = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let answer = gateway.run("{ you }").await;
            if answer["data"]["you"] == "back" {
                return;
            }
            tokio::task::yield_now().await;
        }
    });

    assert_eq!(
        refused["errors"][0]["message"],
        "subgraph broken failed too often and is left alone for a while"
    );
    assert_eq!(asked_while_open, 3);
    assert!(back.await.is_ok(), "the circuit closes again");
}

#[tokio::test]
async fn equal_queries_in_flight_are_asked_once_and_others_are_not() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = gate.clone();
    let slow = StandIn::new(move |_| {
        let gate = held.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            axum::Json(json!({ "data": { "you": "here" } }))
        }
    });
    let mut settings = Settings::default();
    settings.headers.all = vec![federation_gateway::HeaderRule {
        forward: Some("x-tenant".into()),
        ..Default::default()
    }];
    let gateway = over_sockets(vec![slow.part("slow", "type Query { you: String }")], settings).await;
    let ask = |tenant: &'static str| {
        let request = gateway
            .client
            .post(&gateway.url)
            .header("x-tenant", tenant)
            .json(&json!({ "query": "{ you }" }));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };

    let answers = futures::future::join_all([ask("a"), ask("a"), ask("a"), ask("b")]);
    let release = async {
        while slow.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(100);
    };
    let (answers, ()) = tokio::join!(answers, release);

    assert!(answers.iter().all(|answer| answer["data"]["you"] == "here"));
    // All four may come in after the first flights have landed on a slow machine, but never is one asked more often.
    assert!((2..=4).contains(&slow.asked().len()));
}
