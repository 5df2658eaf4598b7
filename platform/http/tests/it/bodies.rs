//! Bodies that do not come, and who waits meanwhile.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration as Time};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode},
    routing::{get, post},
};
use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use platform_config::{ByteSize, Duration};
use platform_http::{App, Limits, ServeSettings, allow, serve, stack};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{body, get_request, problem, send};

/// Works on four requests at once.
fn app() -> App {
    #[expect(clippy::disallowed_methods, reason = "the handler awaits the task itself")]
    let elsewhere = async |body: Body| {
        let reading = tokio::spawn(to_bytes(body, 1000));
        reading.await.unwrap().unwrap()
    };
    let lasting = allow(ByteSize::mb(1), Duration::from_secs(3600));
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/here", post(async |body: Bytes| body))
        .route("/elsewhere", post(elsewhere))
        .route("/lasting", post(async |body: Bytes| body).layer(lasting));
    let limits = Limits {
        concurrency: 4,
        ..Limits::default()
    };
    stack(router, &limits)
}

/// A request whose body comes in pieces, each after so many seconds.
fn in_pieces(path: &str, pauses: &'static [u64]) -> Request<Body> {
    let pieces = stream::iter(pauses).then(|seconds| async {
        sleep(Time::from_secs(*seconds)).await;
        Ok::<_, Infallible>("piece ")
    });
    Request::post(path).body(Body::from_stream(pieces)).unwrap()
}

/// What four requests of a client are answered whose bodies do not come.
async fn silent(app: &App, client: &str) -> Vec<u16> {
    let client: SocketAddr = client.parse().unwrap();
    let ask = || {
        let nothing = stream::pending::<io::Result<Bytes>>();
        let request = Request::post("/here").extension(ConnectInfo(client));
        send(app, request.body(Body::from_stream(nothing)).unwrap())
    };
    let answers = join_all((0..4).map(|_| ask())).await;
    let mut answers: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    answers.sort_unstable();
    answers
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_bodies_do_not_come_leaves_most_slots_to_others() {
    let app = app();
    let another = async {
        sleep(Time::from_millis(500)).await;
        timeout(Time::from_millis(500), send(&app, get_request("/"))).await
    };

    let (silent, another) = tokio::join!(silent(&app, "198.51.100.7:80"), another);

    assert_eq!(another.expect("it waits for no slot").status(), StatusCode::OK);
    assert_eq!(silent, [408, 429, 429, 429]);
}

#[tokio::test(start_paused = true)]
async fn who_is_on_this_machine_has_no_share_and_may_be_silent_no_longer() {
    assert_eq!(silent(&app(), "127.0.0.1:80").await, [408; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_which_nothing_comes_for_a_third_of_the_time_is_given_up() {
    for path in ["/here", "/elsewhere"] {
        let began = Instant::now();

        let refused = problem(send(&app(), in_pieces(path, &[5, 60])).await).await;

        assert_eq!(
            (&refused["status"], &refused["detail"]),
            (&408.into(), &"nothing came of the body for 10s".into())
        );
        assert!(began.elapsed() < Time::from_secs(30), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_slow_and_slower_where_there_is_more_time() {
    for (path, pauses) in [
        ("/here", &[9, 9, 9]),
        ("/elsewhere", &[9, 9, 9]),
        ("/lasting", &[0, 60, 600]),
    ] {
        let answer = send(&app(), in_pieces(path, pauses)).await;

        assert_eq!(body(answer).await, b"piece piece piece ", "{path}");
    }
}

#[tokio::test]
async fn a_client_behind_a_proxy_that_is_believed_is_the_one_that_counts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ServeSettings {
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..ServeSettings::default()
    };
    let stop = CancellationToken::new();
    let serving = serve(listener, app(), settings, stop.clone());

    let asking = async {
        let mut held = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let silent =
                "POST /here HTTP/1.1\r\nhost: here\r\nx-forwarded-for: 198.51.100.7\r\ncontent-length: 9\r\n\r\n";
            stream.write_all(silent.as_bytes()).await.unwrap();
            held.push(stream);
        }
        let refused = held.iter_mut().map(|stream| {
            Box::pin(async {
                let mut told = [0; 12];
                stream.read_exact(&mut told).await.unwrap();
                told
            })
        });
        // Ten seconds later the one that has a slot is let go too.
        let (refused, ..) = futures::future::select_all(refused).await;
        stop.cancel();
        refused
    };
    let (refused, ()) = tokio::join!(asking, serving);

    assert_eq!(&refused, b"HTTP/1.1 429");
}
