//! Who asks how a service is before any limit of requests: as often as they like, and for little.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request},
    http::StatusCode,
};
use futures::{StreamExt, channel::mpsc, future::join_all, stream};
use platform_error::Error;
use platform_service::{Peer, Running, Service};
use platform_testing::{TestService, eventually};
use tokio::time::{advance, timeout};
use tonic::{Code, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tower::ServiceExt;

use crate::{Store, calendar, grpc::profiles, host};

async fn embedded(service: Service) -> (tempfile::TempDir, Running) {
    let (folder, host) = host("");
    (folder, host.services([service]).embed().await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_asks_whether_a_service_is_ready_makes_it_look_once() {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = looks.clone();
    let look = move |_: Store| {
        counted.fetch_add(1, Relaxed);
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok::<_, Error>(())
        }
    };
    let calendar = TestService::start(Service::new("calendar", 0).open(Store::open).ready(look)).await;

    for turn in 1..=2 {
        let answers = join_all((0..1000).map(|_| calendar.get("/readyz"))).await;

        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
        assert_eq!(looks.load(Relaxed), turn);
        advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_asks_for_metrics_makes_them_be_rendered_once() {
    let times = AtomicUsize::new(0);
    let render = move || format!("rendered {}", times.fetch_add(1, Relaxed));
    let (_folder, host) = host("");
    let host = host.metrics(render).services([calendar(), profiles()]);
    let running = host.embed().await.unwrap();

    for turn in 0..2 {
        let answers = join_all((0..1000).map(|asked| {
            let router = running.router(["calendar", "profiles"][asked % 2]).unwrap();
            router.oneshot(Request::get("/metrics").body(Body::empty()).unwrap())
        }));
        for answer in answers.await {
            let text = to_bytes(answer.unwrap().into_body(), 100).await.unwrap();
            assert_eq!(text, format!("rendered {turn}"));
        }
        advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_about_health_that_does_not_end_is_given_up_and_a_large_one_not_read() {
    let (_folder, running) = embedded(calendar()).await;
    let router = running.router("calendar").unwrap();

    for (size, told) in [(16_u32, "4"), (4_000_000, "11")] {
        let mut begun = vec![0];
        begun.extend(size.to_be_bytes());
        let begun = stream::iter([Ok::<_, Infallible>(Bytes::from(begun))]).chain(stream::pending());
        let question = Request::post("/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .body(Body::from_stream(begun))
            .unwrap();
        let answer = timeout(Duration::from_secs(60), router.clone().oneshot(question)).await;

        let answer = answer.expect("it is answered").unwrap();
        assert_eq!(answer.headers()["grpc-status"], told, "{size}");
    }
}

/// What could be opened until it was refused, and the refusal.
async fn until_refused<T>(open: impl AsyncFn() -> Result<T, Status>) -> (Vec<T>, Status) {
    let mut opened = Vec::new();
    loop {
        match open().await {
            Ok(one) if opened.len() < 2000 => opened.push(one),
            Ok(_) => panic!("nobody is refused"),
            Err(refused) => return (opened, refused),
        }
    }
}

async fn watch(peer: Peer) -> Result<impl Sized, Status> {
    HealthClient::new(peer).watch(HealthCheckRequest::default()).await
}

async fn ask_for_methods(peer: Peer) -> Result<impl Sized, Status> {
    let (questions, asked) = mpsc::unbounded();
    let answers = ServerReflectionClient::new(peer).server_reflection_info(asked).await?;
    Ok((questions, answers))
}

/// A service as a client at this address reaches it.
fn reached_from(address: &str, running: &Running) -> Peer {
    let client = ConnectInfo(SocketAddr::new(address.parse().unwrap(), 50_000));
    let router = running.router("profiles").unwrap();
    Peer::Local(router.layer(Extension(client)).into())
}

#[tokio::test]
async fn a_thousand_watch_a_service_and_no_more() {
    let (_folder, running) = embedded(calendar()).await;
    let peer = running.peer("calendar").unwrap();

    let (mut watching, refused) = until_refused(async || watch(peer.clone()).await).await;

    assert_eq!((watching.len(), refused.code()), (1000, Code::ResourceExhausted));
    drop(watching.pop());
    assert!(watch(peer).await.is_ok());
}

#[tokio::test]
async fn a_hundred_ask_which_methods_there_are_and_no_more() {
    let (_folder, running) = embedded(profiles()).await;
    let peer = running.peer("profiles").unwrap();

    let (mut asking, refused) = until_refused(async || ask_for_methods(peer.clone()).await).await;

    assert_eq!((asking.len(), refused.code()), (100, Code::ResourceExhausted));
    drop(asking.pop());
    eventually("there is a place again", async || {
        ask_for_methods(peer.clone()).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn one_address_takes_a_tenth_of_the_places_and_leaves_the_others() {
    let (_folder, running) = embedded(profiles()).await;
    let greedy = reached_from("192.0.2.1", &running);

    let (mut watching, no_watch) = until_refused(async || watch(greedy.clone()).await).await;
    let (asking, no_question) = until_refused(async || ask_for_methods(greedy.clone()).await).await;

    assert_eq!((watching.len(), asking.len()), (100, 10));
    for refused in [no_watch, no_question] {
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains("your address"), "{refused}");
    }
    let other = reached_from("192.0.2.2", &running);
    assert!(watch(other.clone()).await.is_ok() && ask_for_methods(other).await.is_ok());
    drop(watching.pop());
    assert!(watch(greedy).await.is_ok());
}
