//! Clients that do not read their answers, and those that take their time: through real sockets, whose buffers and windows
//! fill up.

use std::{convert::Infallible, time::Duration as Time};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use platform_config::Duration;
use platform_http::{App, Limits, ServeSettings, serve, stack};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// How long a client may take nothing.
const PATIENCE: Time = Time::from_millis(400);
const LARGE: usize = 300_000;
const WINDOW: u32 = 65_535;

/// Answers one request at a time, and lets none wait.
fn app() -> App {
    let endless =
        || async { Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![0; LARGE])))) };
    let events = || async {
        let events = stream::iter(["first", "second"]).then(|event| async move {
            if event == "second" {
                sleep(PATIENCE * 3).await;
            }
            Ok::<_, Infallible>(event)
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
    };
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/large", get(|| async { vec![0_u8; LARGE] }))
        .route("/endless", get(endless))
        .route("/events", get(events));
    let limits = Limits {
        concurrency: 1,
        waiting: 0,
        ..Limits::default()
    };
    stack(router, &limits)
}

async fn while_served(ask: impl AsyncFnOnce(String)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let settings = ServeSettings {
        stall_timeout: Duration(PATIENCE),
        ..ServeSettings::default()
    };
    let stop = CancellationToken::new();
    let serving = serve(listener, app(), settings, stop.clone());
    let asking = async {
        ask(address).await;
        stop.cancel();
    };
    tokio::join!(asking, serving);
}

/// Asks over HTTP/1 on a connection of its own.
async fn ask(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn status(stream: &mut TcpStream) -> String {
    let mut told = [0; 12];
    stream.read_exact(&mut told).await.unwrap();
    String::from_utf8_lossy(&told[9..]).into_owned()
}

async fn another(address: &str) -> String {
    status(&mut ask(address, "/").await).await
}

/// Waits until another request is answered, which does not take long.
async fn until_another_is_answered(address: &str) {
    let answered = async {
        while another(address).await != "200" {
            sleep(Time::from_millis(20)).await;
        }
    };
    let answered = tokio::time::timeout(PATIENCE * 20, answered).await;
    answered.expect("the place of who takes nothing is free again");
}

/// A connection over HTTP/2 of a client that takes so many bytes before it gives leave for more, and its end.
async fn http2(address: &str, window: u32) -> (SendRequest<Empty<Bytes>>, tokio::task::JoinHandle<()>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test awaits the task itself")]
    let connection = tokio::spawn(async move { drop(connection.await) });
    (sender, connection)
}

async fn begun(sender: &mut SendRequest<Empty<Bytes>>, address: &str, path: &str) -> Incoming {
    let request = Request::get(format!("http://{address}{path}"))
        .body(Empty::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body()
}

#[tokio::test]
async fn who_reads_nothing_of_an_endless_answer_holds_a_place_for_a_while_and_then_nothing() {
    while_served(async |address| {
        let mut unread = ask(&address, "/endless").await;
        assert_eq!(status(&mut unread).await, "200");

        assert_eq!(another(&address).await, "503");
        until_another_is_answered(&address).await;

        let ended = async { while unread.read(&mut [0; 65_536]).await.is_ok_and(|read| read > 0) {} };
        let ended = tokio::time::timeout(PATIENCE * 20, ended).await;
        assert!(ended.is_ok(), "the connection was ended");
    })
    .await;
}

#[tokio::test]
async fn who_gives_no_leave_to_send_over_http2_loses_the_connection() {
    while_served(async |address| {
        for window in [0, 1_000] {
            let (mut sender, connection) = http2(&address, window).await;
            let unread = begun(&mut sender, &address, "/large").await;

            assert_eq!(another(&address).await, "503", "with a window of {window}");
            until_another_is_answered(&address).await;

            let ended = tokio::time::timeout(PATIENCE * 20, connection).await;
            assert!(ended.is_ok(), "the connection was ended");
            drop(unread);
        }
    })
    .await;
}

#[tokio::test]
async fn who_reads_slowly_gets_the_whole_answer() {
    while_served(async |address| {
        let (mut sender, _connection) = http2(&address, WINDOW).await;
        let mut body = begun(&mut sender, &address, "/large").await;
        let mut read = 0;

        while let Some(frame) = body.frame().await {
            read += frame.unwrap().into_data().map_or(0, |data| data.len());
            sleep(PATIENCE / 10).await;
        }

        assert_eq!(read, LARGE);
    })
    .await;
}

#[tokio::test]
async fn events_may_be_rare_and_take_no_place() {
    while_served(async |address| {
        let (mut sender, _connection) = http2(&address, WINDOW).await;
        let over_http2 = begun(&mut sender, &address, "/events").await;
        let mut over_http1 = ask(&address, "/events").await;
        assert_eq!(status(&mut over_http1).await, "200");

        assert_eq!(another(&address).await, "200");

        let whole = over_http2.collect().await.unwrap().to_bytes();
        assert_eq!(whole, "firstsecond");
        let mut told = Vec::new();
        while !told.ends_with(b"0\r\n\r\n") {
            assert_ne!(over_http1.read_buf(&mut told).await.unwrap(), 0);
        }
        let told = String::from_utf8_lossy(&told);
        assert!(told.contains("first") && told.contains("second"), "{told}");
    })
    .await;
}
