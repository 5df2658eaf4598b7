//! The edge as a client meets it: refusals, limits, negotiation and the server's loop.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod direct;
mod outside;
mod serving;
mod tls;

use std::{
    num::NonZeroU32,
    sync::{Arc, OnceLock},
    time::Duration as Time,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
    middleware::from_fn,
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use platform_config::{ByteSize, Duration};
use platform_error::Error;
use platform_http::{Json, Limits, Nested, Problem, Quota, RateLimit, allow, hand_on, negotiate, stack};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;

const KB: ByteSize = ByteSize(1000);

#[derive(Deserialize)]
struct Order {
    count: u32,
}

fn app() -> Router {
    let large = allow(ByteSize::mb(1), Duration::from_secs(5));
    let router = Router::new()
        .route(
            "/order",
            post(|Json(order): Json<Order>| async move { order.count.to_string() }),
        )
        .route("/size", post(|body: Bytes| async move { body.len().to_string() }))
        .route(
            "/large",
            post(|body: Bytes| async move { body.len().to_string() }).layer(large),
        )
        .route("/page", get(|| async { "words ".repeat(1000) }))
        .route(
            "/arrow",
            get(|| async {
                (
                    [(header::CONTENT_TYPE, "application/vnd.apache.arrow.stream")],
                    "x".repeat(9000),
                )
            }),
        )
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("secret text")
                }
            }),
        )
        .route(
            "/fault",
            get(|| async { Err::<(), _>(Problem(Error::internal("secret text"))) }),
        )
        .route("/slow", get(|| async { tokio::time::sleep(Time::from_secs(60)).await }));
    let limits = Limits {
        body: KB,
        timeout: Duration::from_millis(200),
        concurrency: 2,
        waiting: 0,
        ..Limits::default()
    };
    stack(router, &limits)
}

async fn send(app: &Router, request: Request<Body>) -> Response {
    app.clone().oneshot(request).await.unwrap()
}

async fn body(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap()
        .to_vec()
}

async fn problem(response: Response) -> Value {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    serde_json::from_slice(&body(response).await).unwrap()
}

fn get_request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn post_json(body: &str) -> Request<Body> {
    let request = Request::post("/order").header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn every_refusal_is_a_problem_document_with_the_request_id() {
    let request = Request::get("/nothing")
        .header("x-request-id", "abc-1")
        .body(Body::empty())
        .unwrap();

    let response = send(&app(), request).await;

    assert_eq!(response.headers()["x-request-id"], "abc-1");
    assert_eq!(
        problem(response).await,
        json!({ "type": "about:blank", "title": "Not Found", "status": 404, "code": "NOT_FOUND",
                "detail": "nothing answers GET /nothing", "requestId": "abc-1" })
    );
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let response = send(&app(), get_request("/order")).await;

    assert_eq!(response.headers()[header::ALLOW], "POST");
    assert_eq!(problem(response).await["status"], 405);
}

#[tokio::test]
async fn a_forged_request_id_is_replaced() {
    let request = Request::get("/page")
        .header("x-request-id", "a b\tc")
        .body(Body::empty())
        .unwrap();

    let response = send(&app(), request).await;

    assert_eq!(response.headers()["x-request-id"].len(), 32);
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Answers with the headers that a request to somebody else would carry.
fn handing_on() -> Router {
    let handed_on = || async {
        let mut headers = HeaderMap::new();
        headers.insert("tracestate", "of=somebody-else".parse().unwrap());
        hand_on(&mut headers);
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        axum::Json(json!([text("x-request-id"), text("traceparent"), text("tracestate")]))
    };
    stack(Router::new().route("/", get(handed_on)), &Limits::default())
}

#[tokio::test]
async fn a_request_is_followed_to_whom_it_leads_even_where_nothing_is_exported() {
    let request = |parent: &str| {
        Request::get("/")
            .header("x-request-id", "abc-1")
            .header("traceparent", parent)
            .header("tracestate", "vendor=1")
            .body(Body::empty())
            .unwrap()
    };

    let followed = body(send(&handing_on(), request(PARENT)).await).await;
    let broken = body(send(&handing_on(), request("00-broken")).await).await;

    let read = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
    assert_eq!(read(&followed), json!(["abc-1", PARENT, "vendor=1"]));
    assert_eq!(read(&broken), json!(["abc-1", null, "of=somebody-else"]));
}

#[test]
fn a_log_line_names_the_request_and_its_trace() {
    let here = std::env::current_exe().unwrap();
    let arguments = ["a_request_is_logged_as_json", "--exact", "--ignored", "--nocapture"];

    let output = std::process::Command::new(here).args(arguments).output().unwrap();

    let log = String::from_utf8_lossy(&output.stderr);
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let spans: Vec<_> = lines.map(|line| line["span"].clone()).collect();
    let expected = json!({ "name": "request", "request.id": "abc-1", "trace.id": PARENT[3..35] });
    assert_eq!(spans, [expected.clone(), expected], "{log}");
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the test before, because logs are set up once"]
async fn a_request_is_logged_as_json() {
    platform_telemetry::init(&platform_telemetry::Settings {
        format: platform_telemetry::Format::Json,
        ..Default::default()
    })
    .unwrap();
    let handler = || async { tracing::warn!("something went wrong in a handler") };
    let app = stack(Router::new().route("/", get(handler)), &Limits::default());
    let request = Request::get("/").header("x-request-id", "abc-1");

    let response = send(&app, request.header("traceparent", PARENT).body(Body::empty()).unwrap()).await;

    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn internal_text_stays_inside() {
    for path in ["/panic", "/fault"] {
        let response = send(&app(), get_request(path)).await;

        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let text = problem(response).await.to_string();
        assert!(!text.contains("secret") && text.contains("INTERNAL"), "{text}");
    }
}

#[tokio::test]
async fn json_that_cannot_be_read_is_refused_with_its_position() {
    let broken = problem(send(&app(), post_json("{\n \"count\": }")).await).await;
    let misshapen = problem(send(&app(), post_json("{\"count\": \"two\"}")).await).await;
    let untyped = problem(send(&app(), Request::post("/order").body(Body::from("{}")).unwrap()).await).await;

    assert_eq!((&broken["status"], &broken["line"]), (&json!(400), &json!(2)));
    assert_eq!((&misshapen["status"], &misshapen["column"]), (&json!(422), &json!(15)));
    assert_eq!(untyped["status"], 415);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_the_limit() {
    let announced = Request::post("/size").body(Body::from(vec![0; 1001])).unwrap();
    let chunks = futures::stream::iter((0..30).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 100]))));
    let streamed = Request::post("/size").body(Body::from_stream(chunks)).unwrap();

    for request in [announced, streamed] {
        let refused = problem(send(&app(), request).await).await;

        assert_eq!(
            (&refused["status"], &refused["limitBytes"]),
            (&json!(413), &json!(1000))
        );
        assert_eq!(refused["detail"], "the body is larger than 1KB");
    }
}

#[tokio::test]
async fn a_route_may_take_more() {
    let request = Request::post("/large").body(Body::from(vec![0; 900_000])).unwrap();

    assert_eq!(body(send(&app(), request).await).await, b"900000");
}

#[tokio::test]
async fn no_other_limit_than_the_one_set_applies() {
    let limits = Limits {
        body: ByteSize::mb(4),
        ..Limits::default()
    };
    let app = stack(
        Router::new().route("/size", post(|body: Bytes| async move { body.len().to_string() })),
        &limits,
    );
    let sized = |size: usize| Request::post("/size").body(Body::from(vec![0; size])).unwrap();

    let (taken, refused) = (send(&app, sized(3_000_000)).await, send(&app, sized(4_000_001)).await);

    assert_eq!(body(taken).await, b"3000000");
    assert_eq!(problem(refused).await["limitBytes"], 4_000_000);
}

#[tokio::test]
async fn a_compressed_bomb_is_refused_by_what_it_unpacks_to() {
    let packed = gzip_of_zeros().await;
    assert!(packed.len() < 1000);
    let request = Request::post("/size")
        .header(header::CONTENT_ENCODING, "gzip")
        .body(Body::from(packed))
        .unwrap();

    let refused = problem(send(&app(), request).await).await;

    assert_eq!(refused["status"], 413);
}

/// The edge's own compression of a page of zeros.
async fn gzip_of_zeros() -> Vec<u8> {
    let zeros = stack(
        Router::new().route("/", get(|| async { "0".repeat(100_000) })),
        &Limits::default(),
    );
    let request = Request::get("/")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::empty())
        .unwrap();
    let response = send(&zeros, request).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    body(response).await
}

#[tokio::test]
async fn an_unknown_encoding_is_refused() {
    let request = Request::post("/size")
        .header(header::CONTENT_ENCODING, "br")
        .body(Body::from("x"))
        .unwrap();

    let refused = problem(send(&app(), request).await).await;

    assert_eq!(refused["status"], 415);
    assert!(refused["detail"].as_str().unwrap().contains("gzip, zstd"));
}

#[tokio::test]
async fn text_is_compressed_and_arrow_is_not() {
    let ask = |path: &str| {
        Request::get(path)
            .header(header::ACCEPT_ENCODING, "zstd")
            .body(Body::empty())
            .unwrap()
    };

    let (page, arrow) = (send(&app(), ask("/page")).await, send(&app(), ask("/arrow")).await);

    assert_eq!(page.headers()[header::CONTENT_ENCODING], "zstd");
    assert!(!arrow.headers().contains_key(header::CONTENT_ENCODING));
    assert_eq!(page.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_cut_off() {
    let refused = problem(send(&app(), get_request("/slow")).await).await;

    assert_eq!((&refused["status"], &refused["code"]), (&json!(504), &json!("TIMEOUT")));
    assert_eq!(refused["detail"], "the answer took longer than 200ms");
}

#[tokio::test]
async fn more_than_are_worked_on_wait_and_what_they_ask_for_in_turn_does_not() {
    let itself = Arc::new(OnceLock::<Router>::new());
    let inner = itself.clone();
    let outer = get(move || async move {
        let mut request = get_request("/inner");
        request.extensions_mut().insert(Nested);
        tokio::time::sleep(Time::from_millis(20)).await;
        send(inner.get().unwrap(), request).await.status()
    });
    let limits = Limits {
        concurrency: 1,
        waiting: 2,
        ..Limits::default()
    };
    let router = Router::new()
        .route("/outer", outer)
        .route("/inner", get(|| async { "done" }));
    let app = itself.get_or_init(|| stack(router, &limits));

    let all = (0..4).map(|_| send(app, get_request("/outer")));
    let answers = futures::future::join_all(all).await;

    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 503]);
}

#[tokio::test(start_paused = true)]
async fn too_much_at_once_is_shed() {
    let app = app();
    let slow = || send(&app, get_request("/slow"));

    let (_, _, third) = tokio::join!(slow(), slow(), slow());

    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(third.headers()[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn who_asks_too_often_is_told_how_long_to_wait() {
    let one = NonZeroU32::MIN;
    let limit = RateLimit::new(Quota {
        per_second: one,
        burst: one,
    });
    let router = Router::new().route("/", get(|| async { "yes" }));
    let app = stack(
        router.layer(from_fn(move |request, next| limit.clone().per_client(request, next))),
        &Limits::default(),
    );

    let (first, second) = (send(&app, get_request("/")).await, send(&app, get_request("/")).await);

    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(second.headers()[header::RETRY_AFTER], "1");
    assert_eq!(problem(second).await["code"], "RATE_LIMITED");
}

#[test]
fn keys_are_limited_apart_and_more_than_a_burst_never_fits() {
    let quota = Quota {
        per_second: NonZeroU32::MIN,
        burst: NonZeroU32::new(10).unwrap(),
    };
    let limit = RateLimit::new(quota);

    assert!(limit.check_many("a", quota.burst).is_ok());
    assert!(limit.check("a").is_err());
    assert!(limit.check("b").is_ok());
    assert!(limit.check_many("c", NonZeroU32::new(11).unwrap()).is_err());
}

#[test]
fn the_media_type_that_is_liked_best_is_chosen() {
    const OFFERED: [&str; 3] = ["application/json", "text/csv", "application/vnd.apache.arrow.stream"];
    let choose = |accept: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers, &OFFERED)
    };

    assert_eq!(negotiate(&HeaderMap::new(), &OFFERED), Some(0));
    assert_eq!(choose("*/*"), Some(0));
    assert_eq!(choose("text/csv"), Some(1));
    assert_eq!(choose("application/json;q=0.5, text/*;q=0.8"), Some(1));
    assert_eq!(choose("*/*;q=0.1, application/vnd.apache.arrow.stream"), Some(2));
    assert_eq!(choose("application/*, application/json;q=0"), Some(2));
    assert_eq!(choose("image/png"), None);
}
