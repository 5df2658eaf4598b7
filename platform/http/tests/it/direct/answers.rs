//! What servers may answer over HTTP/1, and what they may not.

use axum::http::{HeaderMap, HeaderValue};
use tokio::time::sleep;

use super::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nserver: any\r\n";

fn answer(rest: &str) -> &'static [u8] {
    [HEAD, rest].concat().leak().as_bytes()
}

/// A server that says the same on each connection whatever it is asked, byte by byte, and closes it.
async fn drop_by_drop(answer: &'static [u8]) -> Direct {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            asked(&mut stream).await;
            for byte in answer {
                stream.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    direct(&url).unwrap()
}

#[tokio::test]
async fn an_answer_is_the_same_whether_it_comes_at_once_or_byte_by_byte() {
    let answers = [
        "content-length: 6\r\n\r\nabcdef",
        "Content-Length: 6, 6\r\ncontent-length:6\r\n\r\nabcdef",
        "transfer-encoding: Chunked\r\n\r\n4;why=not\r\nabcd\r\n02\r\nef\r\n0\r\nx-check: 1\r\nx-sum: 2\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
        "\r\nabcdef",
    ];
    for answer in answers.map(answer) {
        let (at_once, _) = server(answer, 1).await;
        for direct in [at_once, drop_by_drop(answer).await] {
            let answered = post(&direct).await.unwrap();

            let wanted = HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
            assert_eq!(
                (answered.status.as_u16(), answered.body.as_ref()),
                (200, &b"abcdef"[..])
            );
            assert_eq!(answered.headers, wanted);
        }
    }
}

#[tokio::test]
async fn what_only_tells_that_an_answer_will_come_is_passed_over() {
    let told =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let (direct, connections) = server(told, usize::MAX).await;

    for _ in 0..2 {
        let answered = post(&direct).await.unwrap();
        assert_eq!((answered.status.as_u16(), answered.body.len()), (204, 0));
    }

    assert_eq!(connections.load(SeqCst), 1);
}

#[tokio::test]
async fn a_connection_is_not_used_again_where_its_server_would_close_it_or_is_not_understood() {
    let answers: [&[u8]; 5] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: te, Close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        b"HTTP/1.1 204 No Content\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ];
    let until_closed: (&[u8], _) = (b"HTTP/1.1 200 OK\r\n\r\nok", 1);
    let answers = answers.into_iter().map(|answer| (answer, usize::MAX));
    for (answer, turns) in answers.chain([until_closed]) {
        let (direct, connections) = server(answer, turns).await;

        for _ in 0..2 {
            let body = post(&direct).await.unwrap().body;
            assert!(matches!(&body[..], b"ok" | b""), "{body:?}");
        }

        assert_eq!(connections.load(SeqCst), 2, "{}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn what_is_not_http_1_is_no_answer() {
    let large = format!("x: {}\r\n\r\n", "a".repeat(64 << 10));
    let many = format!("{}content-length: 0\r\n\r\n", "a: b\r\n".repeat(100));
    let talk = format!("transfer-encoding: chunked\r\n\r\n1;{}\r\n", "a".repeat(32 << 10));
    let trailers = format!(
        "transfer-encoding: chunked\r\n\r\n0\r\n{}\r\n",
        "a: b\r\n".repeat(4 << 10)
    );
    let answers = [
        "content-length: 2\r\ncontent-length: 3\r\n\r\nok",
        "content-length: 2, 3\r\n\r\nok",
        "content-length: +2\r\n\r\nok",
        "content-length: \r\n\r\nok",
        "content-length: 99999999999999999999\r\n\r\nok",
        "transfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2;a\n2\r\nok\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        "content length: 2\r\n\r\nok",
        &large,
        &many,
        &talk,
        &trailers,
    ];
    let whole: [&[u8]; 3] = [
        b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ];
    for answer in answers.map(answer).into_iter().chain(whole) {
        let (direct, _) = server(answer, 1).await;

        let refused = post(&direct).await;

        let shown = answer[..answer.len().min(200)].escape_ascii();
        assert!(
            matches!(refused, Err(DirectError::Interrupted(_))),
            "{shown}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_whose_size_nobody_told_is_refused_when_it_is_too_large() {
    for answer in [
        "\r\ntoo large",
        "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ]
    .map(answer)
    {
        let (direct, _) = server(answer, 1).await;

        assert!(matches!(post(&direct).await, Err(DirectError::TooLarge)));
    }
}

#[tokio::test]
async fn who_answers_before_the_request_has_left_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let direct = direct(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let refusing = async {
        let mut connections = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let refusal = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(refusal).await.unwrap();
            connections.push(stream);
        }
    };
    let large = vec![b' '; 32 << 20];
    let asking = async {
        for _ in 0..2 {
            let refused = direct.post(&HeaderMap::new(), &large, ByteSize(8)).await.unwrap();
            assert_eq!(refused.status, 413);
        }
    };

    let both = futures::future::join(refusing, asking);
    let done = tokio::time::timeout(std::time::Duration::from_secs(10), both).await;
    assert!(done.is_ok(), "a connection with half a request was used again");
}

#[tokio::test]
async fn a_large_request_arrives_whole_with_the_headers_it_was_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let direct = direct(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let body: Vec<u8> = (0..8 << 20).map(|at| (at % 251) as u8).collect();
    let headers = HeaderMap::from_iter([
        (header::HOST, HeaderValue::from_static("shop.example")),
        (header::ACCEPT, HeaderValue::from_static("application/json")),
    ]);
    let reading = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while read.len() < body.len() || !read.ends_with(&body[body.len() - 251..]) {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
            sleep(std::time::Duration::from_micros(100)).await;
        }
        stream.write_all(SHORT).await.unwrap();
        read
    };

    let (read, answered) = tokio::join!(reading, direct.post(&headers, &body, ByteSize(8)));

    let (head, sent) = read.split_at(read.len() - body.len());
    let head = str::from_utf8(head).unwrap();
    assert_eq!(answered.unwrap().body, "ok");
    assert!(sent == body);
    for line in [
        "host: shop.example",
        "accept: application/json",
        "content-length: 8388608",
    ] {
        assert_eq!(head.matches(&format!("\r\n{line}\r\n")).count(), 1, "{head}");
    }
}
