//! Connections that are driven by who waits for an answer.
#![allow(clippy::disallowed_methods, reason = "the servers of a test end with it")]

mod answers;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use axum::http::{HeaderMap, HeaderName, header};
use futures::FutureExt;
use platform_config::{ByteSize, Duration};
use platform_http::{ClientSettings, Direct, DirectAnswer, DirectError, ServeSettings, Tuning, Url};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::coop,
};

const WANTED: [HeaderName; 1] = [header::CACHE_CONTROL];
const TUNING: Tuning = Tuning {
    compression: false,
    http2: false,
    idle: 1,
};
/// How long a server keeps a connection on which it has said all that it will say.
const LINGER: std::time::Duration = std::time::Duration::from_millis(20);
const SHORT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const LONG: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ntoo large";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";

fn direct(url: &str) -> Option<Direct> {
    let settings = ClientSettings {
        connect_timeout: Duration::from_secs(2),
        read_timeout: Duration::from_secs(2),
    };
    Direct::new(&Url::parse(url).unwrap(), &settings, TUNING, &WANTED)
}

async fn post(direct: &Direct) -> Result<DirectAnswer, DirectError> {
    direct.post(&HeaderMap::new(), b"{}", ByteSize(8)).await
}

async fn asked(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"{}") {
        if stream.read_buf(&mut text).await.unwrap() == 0 {
            return None;
        }
    }
    Some(String::from_utf8(text).unwrap())
}

/// A server that says the same for each request, so often per connection; counts its connections.
async fn server(answer: &'static [u8], turns: usize) -> (Direct, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql?a=1", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, SeqCst);
            tokio::spawn(async move {
                for _ in 0..turns {
                    let Some(text) = asked(&mut stream).await else { return };
                    assert!(text.starts_with("POST /graphql?a=1 HTTP/1.1\r\n"), "{text}");
                    assert!(
                        text.contains("host: 127.0.0.1:") && text.contains("content-length: 2"),
                        "{text}"
                    );
                    stream.write_all(answer).await.unwrap();
                }
                tokio::time::sleep(LINGER).await;
            });
        }
    });
    (direct(&url).unwrap(), connections)
}

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    for (answer, body) in [(SHORT, "ok"), (CHUNKED, "abcdef")] {
        let (direct, connections) = server(answer, usize::MAX).await;

        for _ in 0..5 {
            assert_eq!(post(&direct).await.unwrap().body, body);
        }

        assert_eq!(connections.load(SeqCst), 1);
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used_again() {
    let (direct, connections) = server(SHORT, 1).await;

    for _ in 0..3 {
        assert_eq!(post(&direct).await.unwrap().status, 200);
        // So that the end of the connection has arrived.
        tokio::time::sleep(LINGER * 2).await;
    }

    assert_eq!(connections.load(SeqCst), 3);
}

#[tokio::test]
async fn a_request_that_has_not_left_when_the_end_of_its_connection_is_seen_goes_by_another() {
    let (direct, connections) = server(SHORT, 1).await;
    assert_eq!(post(&direct).await.unwrap().status, 200);
    tokio::time::sleep(LINGER * 2).await;

    // Whoever has done much at one go does not learn what has come until its next turn.
    while coop::has_budget_remaining() {
        let _ = coop::consume_budget().now_or_never();
    }

    assert_eq!(post(&direct).await.unwrap().status, 200);
    assert_eq!(connections.load(SeqCst), 2);
}

#[tokio::test]
async fn a_connection_that_one_of_our_servers_is_about_to_close_is_not_used_again() {
    let (direct, connections) = server(SHORT, usize::MAX).await;
    assert_eq!(post(&direct).await.unwrap().status, 200);

    let idle = *ServeSettings::default().header_timeout - std::time::Duration::from_secs(1);
    tokio::time::pause();
    tokio::time::advance(idle).await;
    tokio::time::resume();

    assert_eq!(post(&direct).await.unwrap().status, 200);
    assert_eq!(connections.load(SeqCst), 2);
}

#[tokio::test]
async fn no_more_connections_are_kept_than_allowed() {
    let (direct, connections) = server(SHORT, usize::MAX).await;

    for _ in 0..2 {
        let (one, other) = tokio::join!(post(&direct), post(&direct));
        assert!(one.is_ok() && other.is_ok());
    }

    assert_eq!(connections.load(SeqCst), 3);
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let (direct, connections) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf", 1).await;

    let broken = post(&direct).await;

    assert!(matches!(broken, Err(DirectError::Interrupted(_))), "{broken:?}");
    assert_eq!(connections.load(SeqCst), 1);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_whether_or_not_its_size_is_announced() {
    let streamed = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n";
    for answer in [LONG, streamed] {
        let (direct, _) = server(answer, usize::MAX).await;

        let refused = post(&direct).await;

        assert!(matches!(refused, Err(DirectError::TooLarge)), "{refused:?}");
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_from_who_broke_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = direct(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);

    let unreachable = post(&nobody).await;

    assert!(
        matches!(unreachable, Err(DirectError::Unreachable(_))),
        "{unreachable:?}"
    );
}

#[test]
fn what_needs_more_than_plain_http_is_left_to_the_general_client() {
    let http2 = Tuning { http2: true, ..TUNING };
    let packed = Tuning {
        compression: true,
        ..TUNING
    };
    let url = Url::parse("http://127.0.0.1:1/").unwrap();

    assert!(direct("http://127.0.0.1:1/").is_some());
    assert!(direct("https://127.0.0.1:1/").is_none());
    assert!(direct("http://name:password@127.0.0.1:1/").is_none());
    for tuning in [http2, packed] {
        assert!(Direct::new(&url, &ClientSettings::default(), tuning, &WANTED).is_none());
    }
}
