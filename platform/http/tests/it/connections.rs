//! Many connections held at once.

use std::{
    io::Result,
    net::{IpAddr, UdpSocket},
    time::Duration,
};

use axum::{
    Router,
    extract::ws::WebSocketUpgrade,
    routing::{get, post},
};
use bytes::Bytes;
use futures::future::try_join_all;
use platform_http::{ServeSettings, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// Both ends of each are in this process. `bench` holds ten thousand.
const HELD: usize = 400;

async fn ask(stream: &mut TcpStream) -> Result<()> {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await?;
    let (mut told, mut part) = (Vec::new(), [0; 512]);
    while !told.ends_with(b"hello") {
        match stream.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => told.extend_from_slice(&part[..read]),
        }
    }
    Ok(())
}

#[tokio::test]
async fn connections_are_held_while_others_come_and_each_is_answered_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let app = Router::new().route("/", get(async || "hello"));
    let serving = serve(listener, app, ServeSettings::default(), stop.clone());

    let asking = async {
        let mut held = Vec::new();
        for _ in 0..HELD {
            let mut stream = TcpStream::connect(address).await?;
            ask(&mut stream).await?;
            held.push(stream);
        }
        for _ in 0..3 {
            try_join_all(held.iter_mut().map(ask)).await?;
        }
        stop.cancel();
        Result::Ok(held.len())
    };
    let (held, ()) = tokio::join!(asking, serving);

    assert_eq!(held.unwrap(), HELD);
}

#[tokio::test]
async fn one_more_than_fit_waits_until_another_leaves() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let app = Router::new().route("/", get(async || "hello"));
    let settings = ServeSettings {
        most: 2,
        ..ServeSettings::default()
    };
    let serving = serve(listener, app, settings, stop.clone());

    let asking = async {
        let mut first = TcpStream::connect(address).await?;
        let mut second = TcpStream::connect(address).await?;
        ask(&mut first).await?;
        ask(&mut second).await?;
        let mut third = TcpStream::connect(address).await?;
        let wait = Duration::from_millis(100);
        let is_early = tokio::time::timeout(wait, ask(&mut third)).await.is_ok();
        drop(first);
        let mut told = [0; 12];
        third.read_exact(&mut told).await?;
        stop.cancel();
        Result::Ok((is_early, told))
    };
    let (seen, ()) = tokio::join!(asking, serving);

    assert_eq!(seen.unwrap(), (false, *b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_websocket_keeps_the_place_of_its_connection() {
    const UPGRADE: &[u8] = b"GET /socket HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let socket =
        async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(async |mut socket| while socket.recv().await.is_some() {});
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/socket", get(socket));
    let settings = ServeSettings {
        most: 1,
        ..ServeSettings::default()
    };
    let serving = serve(listener, app, settings, stop.clone());

    let asking = async {
        let mut first = TcpStream::connect(address).await?;
        first.write_all(UPGRADE).await?;
        let mut told = [0; 12];
        first.read_exact(&mut told).await?;
        let mut second = TcpStream::connect(address).await?;
        let is_early = tokio::time::timeout(Duration::from_millis(100), ask(&mut second))
            .await
            .is_ok();
        drop(first);
        second.read_exact(&mut told).await?;
        stop.cancel();
        Result::Ok((is_early, told))
    };
    let (seen, ()) = tokio::join!(asking, serving);

    assert_eq!(seen.unwrap(), (false, *b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_that_ends_because_a_body_was_not_read_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let app = Router::new()
        .route("/unread", post(async || "hello"))
        .route("/read", post(async |_: Bytes| "hello"));
    let serving = serve(listener, app, ServeSettings::default(), stop.clone());

    let asking = async {
        let mut says = Vec::new();
        for (path, body) in [("/unread", ""), ("/read", "body")] {
            let mut stream = TcpStream::connect(address).await?;
            let request = format!("POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\n\r\n{body}");
            stream.write_all(request.as_bytes()).await?;
            let mut told = Vec::new();
            while !told.ends_with(b"hello") && stream.read_buf(&mut told).await? > 0 {}
            says.push(String::from_utf8_lossy(&told).contains("connection: close"));
        }
        stop.cancel();
        Result::Ok(says)
    };
    let (says, ()) = tokio::join!(asking, serving);

    assert_eq!(says.unwrap(), [true, false]);
}

/// An address of this machine that others would use. Nothing is sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[tokio::test]
async fn a_client_that_holds_as_many_connections_as_it_may_gets_no_more() {
    // Without a network a machine has only addresses that are not counted.
    let Some(client) = own_address() else { return };
    let listener = TcpListener::bind((client, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let app = Router::new().route("/", get(async || "hello"));
    let settings = ServeSettings {
        most_per_client: 2,
        ..ServeSettings::default()
    };
    let serving = serve(listener, app, settings, stop.clone());

    let asking = async {
        let mut held = [TcpStream::connect(address).await?, TcpStream::connect(address).await?];
        for stream in &mut held {
            ask(stream).await?;
        }
        let is_refused = ask(&mut TcpStream::connect(address).await?).await.is_err();
        drop(held);
        // That the others have gone is seen a moment later.
        while ask(&mut TcpStream::connect(address).await?).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        Result::Ok(is_refused)
    };
    let (is_refused, ()) = tokio::join!(asking, serving);

    assert!(is_refused.unwrap());
}
