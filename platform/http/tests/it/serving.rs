//! The server's loop as a client meets it: upgrades, draining, slow and greedy clients.

use std::{net::SocketAddr, time::Duration as Time};

use axum::{
    Router,
    body::Body,
    extract::{
        ConnectInfo, Request,
        ws::{Message, WebSocketUpgrade},
    },
    response::Redirect,
    routing::{get, post},
};
use platform_config::Duration;
use platform_error::{Code, Error};
use platform_http::{
    App, Client, ClientSettings, Limits, Method, Problem, ServeSettings, StatusCode, Tuning, serve, stack,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

struct Server {
    address: String,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn server(app: impl Into<App>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let settings = ServeSettings {
        header_timeout: Duration::from_millis(300),
        ..ServeSettings::default()
    };
    #[expect(clippy::disallowed_methods, reason = "the test awaits the task itself")]
    let task = tokio::spawn(serve(listener, app.into(), settings, stop.clone()));
    Server { address, stop, task }
}

#[tokio::test]
async fn a_connection_becomes_a_websocket() {
    let greet = |upgrade: WebSocketUpgrade| async {
        upgrade.on_upgrade(|mut socket| async move { drop(socket.send(Message::text("hello")).await) })
    };
    let server = server(Router::new().route("/", get(greet))).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();

    let ask = "GET / HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
               sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();

    let mut told = Vec::new();
    stream.read_to_end(&mut told).await.unwrap();
    assert!(told.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&told));
    assert!(told.ends_with(b"hello"), "{}", String::from_utf8_lossy(&told));
}

#[tokio::test]
async fn a_request_under_way_finishes_when_the_server_stops() {
    let router = Router::new().route(
        "/",
        get(|| async {
            tokio::time::sleep(Time::from_millis(300)).await;
            "done"
        }),
    );
    let server = server(router).await;
    let client = Client::new(&ClientSettings::default()).unwrap();
    let url = format!("http://{}/", server.address);
    let ask = async { client.send(client.get(&url)).await.unwrap().text().await.unwrap() };
    let stop = async {
        tokio::time::sleep(Time::from_millis(100)).await;
        server.stop.cancel();
    };

    let (answer, ()) = tokio::join!(ask, stop);

    assert_eq!(answer, "done");
    server.task.await.unwrap();
    let refused = client.send(client.get(&url)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_client_that_sends_nothing_or_too_slowly_is_let_go() {
    let server = server(Router::new()).await;
    for beginning in ["", "PRI * HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();

        let ended = tokio::time::timeout(Time::from_secs(5), stream.read_to_end(&mut answer)).await;

        assert!(ended.is_ok(), "{beginning:?} kept its connection");
    }
    server.stop.cancel();
    server.task.await.unwrap();
}

#[tokio::test]
async fn endless_headers_are_refused() {
    let server = server(Router::new()).await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let headers: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    stream
        .write_all(format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];

    stream.read_exact(&mut answer).await.unwrap();

    assert_eq!(&answer, b"HTTP/1.1 431");
    server.stop.cancel();
}

#[tokio::test]
async fn the_client_hands_on_what_the_other_side_said() {
    let refuse = || async { Problem(Error::new(Code::Conflict, "already there").with_hint("choose another name")) };
    let server = server(stack(Router::new().route("/", get(refuse)), &Limits::default())).await;
    let client = Client::new(&ClientSettings::default()).unwrap();

    let error = client
        .send(client.get(&format!("http://{}/", server.address)))
        .await
        .unwrap_err();

    assert_eq!((error.code(), error.message()), (Code::Conflict, "already there"));
    assert_eq!(error.hint(), Some("choose another name"));
    server.stop.cancel();
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let away = async || Redirect::to("/there");
    let router = Router::new()
        .route("/", post(away))
        .route("/there", get(async || "followed"));
    let server = server(router).await;
    let client = Client::new(&ClientSettings::default()).unwrap();
    let request = Request::post(format!("http://{}/", server.address));

    let answer = client.forward(request.body(Body::empty()).unwrap()).await.unwrap();

    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(answer.headers()["location"], "/there");
    server.stop.cancel();
}

#[tokio::test]
async fn a_connection_that_the_server_is_about_to_close_is_not_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let settings = ServeSettings {
        header_timeout: Duration::from_secs(3600),
        ..ServeSettings::default()
    };
    let stop = CancellationToken::new();
    let router = Router::new().route(
        "/",
        get(async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.port().to_string()),
    );
    let serving = serve(listener, router, settings, stop.clone());
    let asking = async {
        let client = Client::new(&ClientSettings::default()).unwrap();
        let sent = async || client.send(client.get(&url)).await.unwrap().text().await.unwrap();
        let handed_on = async || {
            let request = Request::get(&url).body(Body::empty()).unwrap();
            let body = client.forward(request).await.unwrap().into_body();
            let body = axum::body::to_bytes(body, 100).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        };
        let before = (sent().await, handed_on().await);
        let at_once = (sent().await, handed_on().await);
        tokio::time::pause();
        tokio::time::advance(*ServeSettings::default().header_timeout - Time::from_secs(1)).await;
        tokio::time::resume();
        let later = (sent().await, handed_on().await);
        stop.cancel();
        (before, at_once, later)
    };

    let ((before, at_once, later), ()) = tokio::join!(asking, serving);

    assert_eq!(before, at_once);
    assert!(before.0 != later.0 && before.1 != later.1, "{before:?} {later:?}");
}

#[tokio::test]
async fn head_is_answered_by_the_headers_alone() {
    let server = server(stack(Router::new(), &Limits::default())).await;
    let url = format!("http://{}/nowhere", server.address);
    for http2 in [false, true] {
        let tuning = Tuning {
            compression: false,
            http2,
            idle: 1,
        };
        let client = Client::tuned(&ClientSettings::default(), tuning, None).unwrap();
        let head = client.request(Method::HEAD, &url).send().await.unwrap();

        assert_eq!(head.status(), StatusCode::NOT_FOUND);
        assert_eq!(head.headers()["content-type"], "application/problem+json");
        assert_ne!(head.headers()["content-length"], "0");
        assert_eq!(head.bytes().await.unwrap(), "");
    }
    server.stop.cancel();
}

#[tokio::test]
async fn a_request_that_does_not_say_once_for_whom_it_is_is_refused() {
    let server = server(stack(
        Router::new().route("/", post(async |body: String| body)),
        &Limits::default(),
    ))
    .await;
    let answer = async |head: &str| {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        let request = format!("POST / {head}\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        told
    };

    for refused in [
        "HTTP/1.1",
        "HTTP/1.1\r\nhost: a\r\nhost: a",
        "HTTP/1.1\r\nhost: a\r\nHost: b",
        "HTTP/1.0\r\nhost: a\r\nhost: b",
        "HTTP/1.1\r\nhost: a b",
        "HTTP/1.1\r\nhost: a/b",
        "HTTP/1.1\r\nhost: you@a",
    ] {
        let told = answer(refused).await;
        assert!(
            told.starts_with("HTTP/1.1 400") || told.starts_with("HTTP/1.0 400"),
            "{refused}: {told}"
        );
        assert!(
            told.contains("application/problem+json") && told.contains("one header host"),
            "{told}"
        );
        assert!(
            told.contains("x-request-id: ") && told.contains("\"requestId\":"),
            "{told}"
        );
    }
    for taken in [
        "HTTP/1.0",
        "HTTP/1.0\r\nhost: a",
        "HTTP/1.1\r\nhost:",
        "HTTP/1.1\r\nhost: [::1]:80",
    ] {
        let told = answer(taken).await;
        assert!(told.contains(" 200 ") && told.ends_with("ok"), "{taken}: {told}");
    }
    server.stop.cancel();
}
