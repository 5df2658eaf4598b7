//! The edge as a client meets it: refusals, limits, negotiation and the server's loop.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod connections;
mod cors;
mod direct;
mod limits;
mod observed;
mod outside;
mod proxies;
mod serving;
mod tls;
mod unread;

use std::time::Duration as Time;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
    response::{AppendHeaders, Response},
    routing::{get, post},
};
use bytes::Bytes;
use platform_config::{ByteSize, Duration};
use platform_error::Error;
use platform_http::{App, Json, Limits, Problem, allow, negotiate, stack};
use serde::Deserialize;
use serde_json::{Value, json};

const KB: ByteSize = ByteSize(1000);

#[derive(Deserialize)]
struct Order {
    count: u32,
}

fn app() -> App {
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

async fn send(app: &App, request: Request<Body>) -> Response {
    app.answer(request).await
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
async fn what_a_library_refuses_is_refused_in_the_shape_of_grpc_too() {
    let request = Request::post("/size")
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::CONTENT_ENCODING, "br")
        .body(Body::from("x"))
        .unwrap();

    let refused = send(&app(), request).await;

    let said = ["grpc-status", "grpc-message"].map(|name| refused.headers()[name].to_str().unwrap());
    assert_eq!(
        said,
        ["3", "the body's content-encoding is not known; send gzip, zstd or none"]
    );
}

#[tokio::test]
async fn headers_that_a_refusal_has_twice_are_handed_on_twice() {
    let refuse = async || {
        let cookies = [(header::SET_COOKIE, "a=1"), (header::SET_COOKIE, "b=2")];
        (StatusCode::UNAUTHORIZED, AppendHeaders(cookies))
    };
    let app = stack(Router::new().route("/", get(refuse)), &Limits::default());

    for media_type in ["text/plain", "application/grpc"] {
        let request = Request::get("/").header(header::CONTENT_TYPE, media_type);
        let refused = send(&app, request.body(Body::empty()).unwrap()).await;

        let set: Vec<_> = refused.headers().get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(set, ["a=1", "b=2"], "{media_type}");
    }
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

#[tokio::test]
async fn an_answer_is_told_as_it_is_to_who_takes_no_encoding_at_all() {
    for nothing in ["identity;q=0", "*;q=0"] {
        let mut done = post_json("{\"count\": 2}");
        done.headers_mut()
            .insert(header::ACCEPT_ENCODING, nothing.parse().unwrap());

        let answer = send(&app(), done).await;

        assert_eq!(answer.status(), StatusCode::OK, "{nothing}");
        assert_eq!(body(answer).await, b"2");
    }
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
