//! What a request leaves behind: its id, its place in a trace, its line in the log.

use std::future::pending;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request},
    routing::get,
};
use platform_error::{Code, Error};
use platform_http::{App, Limits, Problem, ServeSettings, hand_on, serve, stack};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};
use tokio_util::sync::CancellationToken;

use crate::{app, body, send};

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
fn handing_on() -> App {
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
    let arguments = [
        "observed::a_request_is_logged_as_json",
        "--exact",
        "--ignored",
        "--nocapture",
    ];

    let output = std::process::Command::new(here).args(arguments).output().unwrap();

    let log = String::from_utf8_lossy(&output.stderr);
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<_> = lines.collect();
    let expected = json!({ "name": "request", "request.id": "abc-1", "trace.id": PARENT[3..35] });
    assert_eq!(
        lines.iter().map(|line| &line["span"]).collect::<Vec<_>>(),
        [&expected; 5],
        "{log}"
    );
    let said: Vec<_> = lines
        .iter()
        .map(|line| json!([line["message"], line["http.path"], line["http.status"]]))
        .collect();
    // What went well between services is not said. What they were refused is, what no client waited for, and what no
    // router saw.
    assert_eq!(
        said,
        [
            json!(["something went wrong in a handler", null, null]),
            json!(["answered", "/", 200]),
            json!(["answered", "/internal/refused", 403]),
            json!(["its client gave up", "/slow", 499]),
            json!(["answered", "/nameless", 400]),
        ],
        "{log}"
    );
    assert_eq!(output.status.code(), Some(0), "{log}");
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the test before, because logs are set up once"]
async fn a_request_is_logged_as_json() {
    platform_telemetry::init(&platform_telemetry::Settings {
        format: Some(platform_telemetry::Format::Json),
        ..Default::default()
    })
    .unwrap();
    let handler = || async { tracing::warn!("something went wrong in a handler") };
    let (begin, mut begun) = mpsc::unbounded_channel();
    let slow = move || async move {
        let (_held, over) = oneshot::channel::<()>();
        begin.send(over).unwrap();
        pending::<()>().await;
    };
    let refuse = || async { Err::<(), _>(Problem(Error::new(Code::Forbidden, "for services alone"))) };
    let router = Router::new()
        .route("/", get(handler))
        .route("/internal/told", get(|| async { "told" }))
        .route("/internal/refused", get(refuse))
        .route("/slow", get(slow));
    let app = stack(router, &Limits::default());

    for (path, status) in [("/", 200), ("/internal/told", 200), ("/internal/refused", 403)] {
        let request = Request::get(path)
            .header("x-request-id", "abc-1")
            .header("traceparent", PARENT);
        let response = send(&app, request.body(Body::empty()).unwrap()).await;

        assert_eq!(response.status().as_u16(), status);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ask = async |path: &str, host: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nx-request-id: abc-1\r\ntraceparent: {PARENT}\r\n{host}connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    };
    let stop = CancellationToken::new();
    let asking = async {
        let impatient = ask("/slow", "host: here\r\n").await;
        let over = begun.recv().await.unwrap();
        drop(impatient);
        over.await.unwrap_err();
        let mut stream = ask("/nameless", "").await;
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        stop.cancel();
    };
    tokio::join!(serve(listener, app, ServeSettings::default(), stop.clone()), asking);
}
