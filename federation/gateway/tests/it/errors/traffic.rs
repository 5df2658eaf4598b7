//! Subgraphs that are asked again or left alone for a while, how long they are waited for, and how they are reached.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};
use serde_json::{Value, json};

use crate::support::{Part, over_sockets, serve, settings, stand_in::StandIn};

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
    let gateway = over_sockets(vec![part], settings(json!({ "traffic": { "retries": 2 } }))).await;

    let read = gateway.run("{ you }").await;
    let write = gateway.run("mutation { write }").await;

    assert_eq!(read, json!({ "data": { "you": "here" } }));
    assert_eq!(write["errors"][0]["message"], "subgraph flaky answered with status 503");
    assert_eq!(tries.load(Relaxed), 3);
}

#[tokio::test]
async fn a_mutation_is_posted_elsewhere_only_where_it_was_not_done_yet() {
    for (status, is_done_elsewhere) in [
        (StatusCode::MOVED_PERMANENTLY, false),
        (StatusCode::FOUND, false),
        (StatusCode::SEE_OTHER, false),
        (StatusCode::TEMPORARY_REDIRECT, true),
        (StatusCode::PERMANENT_REDIRECT, true),
    ] {
        let elsewhere = StandIn::json(json!({ "data": { "you": "there", "write": "there" } }));
        let location = format!("http://{}/graphql", serve(elsewhere.router()).await);
        let leads = StandIn::new(move |_| {
            let location = location.clone();
            async move { (status, [("location", location)]) }
        });
        let part = leads.part("leads", "type Query { you: String } type Mutation { write: String }");
        let gateway = over_sockets(vec![part], settings(json!({}))).await;

        let write = gateway.run("mutation { write }").await;

        let writes = (leads.asked().len(), elsewhere.asked().len());
        match is_done_elsewhere {
            true => {
                assert_eq!(write, json!({ "data": { "write": "there" } }), "{status}");
                assert_eq!(gateway.data("{ you }").await, json!({ "you": "there" }), "{status}");
                assert_eq!(elsewhere.asked().len(), 2, "{status}");
            }
            false => {
                let message = format!("subgraph leads answered with status {}", status.as_u16());
                assert_eq!(write["errors"][0]["message"], message, "{write}");
                assert_eq!(writes, (1, 0), "{status}");
            }
        }
    }
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
    let traffic = json!({ "retries": 0, "breaker-failures": 3, "breaker-pause": "50ms" });
    let settings = settings(json!({ "traffic": traffic }));
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
async fn a_subgraph_has_a_time_of_its_own_and_a_request_one_for_all_of_them() {
    let never = || StandIn::new(|_| std::future::pending::<StatusCode>());
    let parts = || vec![never().part("slow", "type Query { slow: String }")];
    let with = |part: Value| over_sockets(parts(), settings(part));

    let own = with(json!({ "subgraphs": { "slow": { "timeout": "50ms", "retries": 0 } } })).await;
    let all = with(json!({ "http": { "timeout": "50ms" } })).await;
    let (own, all) = (own.run("{ slow }").await, all.run("{ slow }").await);

    assert_eq!(own["errors"][0]["message"], "subgraph slow did not answer within 50ms");
    assert_eq!(own["data"], json!({ "slow": null }));
    assert_eq!(all["errors"][0]["message"], "the request took longer than 50ms");
    assert_eq!(all["errors"][0]["extensions"], json!({ "code": "TIMEOUT" }));
}

/// `{"data":{"way":"packed"}}` by gzip.
const PACKED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 73, 44, 73, 84, 178, 170, 86, 42, 79, 172, 84, 178, 82, 42, 72, 76,
    206, 78, 77, 81, 170, 173, 5, 0, 225, 104, 128, 78, 25, 0, 0, 0,
];

#[tokio::test]
async fn answers_come_packed_and_by_http_2_where_that_is_set() {
    let answer = |version: axum::http::Version, headers: HeaderMap| async move {
        match headers.get("accept-encoding") {
            Some(takes) if takes.to_str().is_ok_and(|takes| takes.contains("gzip")) => {
                ([("content-encoding", "gzip")], PACKED).into_response()
            }
            _ => axum::Json(json!({ "data": { "way": format!("{version:?}") } })).into_response(),
        }
    };
    for (traffic, way) in [
        (json!({}), "HTTP/1.1"),
        (json!({ "http2": true }), "HTTP/2.0"),
        (json!({ "compression": true }), "packed"),
        (json!({ "compression": true, "http2": true }), "packed"),
    ] {
        let part = Part {
            name: "way",
            sdl: "type Query { way: String }".into(),
            router: Router::new().route("/graphql", post(answer)),
        };
        let gateway = over_sockets(vec![part], settings(json!({ "subgraphs": { "way": traffic } }))).await;

        assert_eq!(gateway.data("{ way }").await, json!({ "way": way }), "{traffic}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let answer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
        axum::Json(json!({ "data": { "port": peer.port() } }))
    };
    for traffic in [json!({}), json!({ "http2": true })] {
        let part = Part {
            name: "ports",
            sdl: "type Query { port: Int }".into(),
            router: Router::new().route("/graphql", post(answer)),
        };
        let gateway = over_sockets(vec![part], settings(json!({ "subgraphs": { "ports": traffic } }))).await;

        let (first, second) = (gateway.data("{ port }").await, gateway.data("{ port }").await);

        assert_eq!(first, second, "{traffic}");
    }
}
