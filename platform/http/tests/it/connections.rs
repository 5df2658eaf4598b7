//! Many connections held at once.

use std::io::Result;

use axum::{Router, routing::get};
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
        let wait = std::time::Duration::from_millis(100);
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
