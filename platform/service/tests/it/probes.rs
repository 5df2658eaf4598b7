//! Who asks how a service is before any limit of requests: as often as they like, and for little.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
};
use futures::{StreamExt, channel::mpsc, future::join_all, stream};
use platform_error::Error;
use platform_service::{Running, Service};
use platform_testing::{TestService, eventually};
use tokio::time::{advance, timeout};
use tonic::Code;
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

#[tokio::test]
async fn a_thousand_watch_a_service_and_no_more() {
    let (_folder, running) = embedded(calendar()).await;
    let peer = running.peer("calendar").unwrap();
    let watch = async || {
        HealthClient::new(peer.clone())
            .watch(HealthCheckRequest::default())
            .await
    };

    let mut watching = Vec::new();
    let refused = loop {
        match watch().await {
            Ok(states) if watching.len() < 2000 => watching.push(states),
            Ok(_) => panic!("nobody is refused"),
            Err(refused) => break refused,
        }
    };

    assert_eq!((watching.len(), refused.code()), (1000, Code::ResourceExhausted));
    drop(watching.pop());
    assert!(watch().await.is_ok());
}

#[tokio::test]
async fn a_hundred_ask_which_methods_there_are_and_no_more() {
    let (_folder, running) = embedded(profiles()).await;
    let peer = running.peer("profiles").unwrap();
    let ask = async || {
        let (questions, asked) = mpsc::unbounded();
        let answers = ServerReflectionClient::new(peer.clone())
            .server_reflection_info(asked)
            .await?;
        Ok::<_, tonic::Status>((questions, answers))
    };

    let mut asking = Vec::new();
    let refused = loop {
        match ask().await {
            Ok(open) if asking.len() < 200 => asking.push(open),
            Ok(_) => panic!("nobody is refused"),
            Err(refused) => break refused,
        }
    };

    assert_eq!((asking.len(), refused.code()), (100, Code::ResourceExhausted));
    drop(asking.pop());
    eventually("there is a place again", async || ask().await.is_ok()).await;
}
