//! What a host does around its services: ports, settings, peers, the time before a service is open.

use std::{net::TcpListener, sync::Arc};

use axum::{body::Body, extract::Request, http::StatusCode};
use platform_error::Error;
use platform_http::{Client, ClientSettings};
use platform_service::{Context, Host, Peer, Running, Service};
use tokio::sync::Notify;

use crate::{Store, calendar, client, host};

async fn refused(host: Host) -> Error {
    match host.start().await {
        Ok(_) => panic!("the host started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_host_listens_says_where_and_stops() {
    let (_folder, host) = host("[calendar]\nport = 0");
    let running = host.services([calendar()]).start().await.unwrap();
    let address = running.addresses()["calendar"];
    assert!(address.ip().is_loopback());
    let client = Client::new(&ClientSettings::default()).unwrap();
    let url = format!("http://{address}/livez");
    assert_eq!(client.send(client.get(&url)).await.unwrap().status(), StatusCode::OK);

    running.run_until(async {}).await;

    assert!(client.send(client.get(&url)).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_setting_to_change() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (_folder, host) = host(&format!("[calendar]\nport = {port}"));

    let error = refused(host.services([calendar()])).await;

    let said = error.message();
    assert!(
        said.contains(&port.to_string()) && said.contains("in use") && said.contains("calendar.port"),
        "{said}"
    );
}

#[tokio::test]
async fn a_port_answers_that_its_service_is_starting() {
    let (opening, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, awaited) = (opening.clone(), go.clone());
    let service = Service::new("calendar", 0).open(move |context: Context| {
        let (told, awaited) = (told.clone(), awaited.clone());
        async move {
            told.notify_one();
            awaited.notified().await;
            Store::open(context).await
        }
    });
    let port = platform_testing::free_port();
    let (_folder, host) = host(&format!("[calendar]\nport = {port}"));
    let look = async {
        opening.notified().await;
        let peer = Peer::Remote(format!("http://127.0.0.1:{port}").parse().unwrap(), client());
        let probe = peer
            .call(Request::get("/startupz").body(Body::empty()).unwrap())
            .await
            .unwrap();
        let request = peer
            .call(Request::get("/id").body(Body::empty()).unwrap())
            .await
            .unwrap();
        go.notify_one();
        (probe.status(), request)
    };

    let (running, (probe, request)) = tokio::join!(host.services([service.into()]).start(), look);

    assert_eq!(
        (probe, request.status()),
        (StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE)
    );
    assert_eq!(request.headers()["retry-after"], "1");
    assert_eq!(request.headers()["x-content-type-options"], "nosniff");
    assert!(request.headers().contains_key("x-request-id"));
    running.unwrap().stop().await;
}

#[tokio::test]
async fn a_misspelt_setting_stops_the_start() {
    let (_a, host_a) = host("[calendar]\ngreting = \"hi\"");
    let (_b, host_b) = host("[calender]\ngreeting = \"hi\"");

    let key = refused(host_a.services([calendar()])).await;
    let section = refused(host_b.services([calendar()])).await;

    assert_eq!(
        key.message(),
        "unknown setting calendar.greting; known are greeting, port"
    );
    assert!(section.message().starts_with("unknown section [calender]"), "{section}");
}

#[tokio::test]
async fn a_peer_answers_alike_in_process_and_over_a_socket() {
    let (_folder, host) = host("");
    let running: Running = host.services([calendar()]).start().await.unwrap();
    let address = format!("http://{}", running.addresses()["calendar"]);
    let peers = [
        running.peer("calendar").unwrap(),
        Peer::Remote(address.parse().unwrap(), client()),
    ];

    for peer in peers {
        let answer = peer
            .call(Request::get("/taken?a=b").body(Body::empty()).unwrap())
            .await
            .unwrap();

        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    running.stop().await;
}
