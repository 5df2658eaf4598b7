//! Services that call each other by mutual TLS, for HTTP and gRPC.

use std::{fs, path::Path};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use platform_config::Config;
use platform_error::Error;
use platform_service::{Clock, Context, Host, Running, Service};
use platform_testing::certificates;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

async fn start(folder: &Path, name: &'static str, more: &str) -> Result<Running, Error> {
    let at = |file: &str| folder.join(file).display().to_string();
    let text = format!(
        "[host]\ndata = {:?}\n[{name}]\nport = 0\n[tls]\ncertificate = {:?}\nkey = {:?}\nca = {:?}\nclient-ca = {:?}\n{more}",
        at(name),
        at("own.pem"),
        at("own.key"),
        at("ca.pem"),
        at("ca.pem"),
    );
    let service = Service::new(name, 0).open(async |context: Context| Ok::<_, Error>(context));
    let host = Host::new(Config::parse(&text).unwrap(), Clock::system());
    host.services([service.into()]).start().await
}

#[tokio::test]
async fn services_know_each_other_by_their_certificates() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let called = start(folder.path(), "called", "").await.unwrap();
    let port = called.addresses()["called"].port();
    let peers = format!("[peers]\ncalled = \"https://localhost:{port}\"");
    let calling = start(folder.path(), "calling", &peers).await.unwrap();
    let peer = calling.context("calling").unwrap().peers().get("called").unwrap();

    let by_http = peer
        .call(Request::get("/livez").body(Body::empty()).unwrap())
        .await
        .unwrap();
    let by_grpc = HealthClient::new(peer).check(HealthCheckRequest::default()).await;

    assert_eq!(by_http.status(), StatusCode::OK);
    assert_eq!(by_http.headers()["strict-transport-security"], "max-age=31536000");
    assert!(by_grpc.is_ok(), "{by_grpc:?}");
    calling.stop().await;
    called.stop().await;
}

#[tokio::test]
async fn certificates_that_cannot_be_used_stop_the_start_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    fs::write(folder.path().join("own.key"), "no key").unwrap();

    let refused = match start(folder.path(), "called", "").await {
        Ok(_) => panic!("the host started"),
        Err(error) => error.to_string(),
    };

    assert!(refused.contains("tls.key") && refused.contains("own.key"), "{refused}");
}
