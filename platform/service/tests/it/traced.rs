//! A trace goes on through gRPC: from who asks into a method, and from there to the service that it asks in turn.

use std::{net::TcpListener, process::Command};

use contracts::grpc::{
    DESCRIPTORS,
    users::v1::{
        GetProfileDataRequest, GetProfileDataResponse,
        user_service_client::UserServiceClient,
        user_service_server::{UserService, UserServiceServer},
    },
};
use platform_error::Error;
use platform_service::{Context, Peer, Running, Service};
use platform_telemetry::Settings;
use tonic::{Request, Response, Status, service::Routes};

use crate::{client, host};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Answers with the place in a trace that the request names; the one that has a peer asks it instead.
struct Asked(Option<Peer>);

#[tonic::async_trait]
impl UserService for Asked {
    async fn get_profile_data(
        &self,
        request: Request<GetProfileDataRequest>,
    ) -> Result<Response<GetProfileDataResponse>, Status> {
        if let Some(peer) = &self.0 {
            return UserServiceClient::new(peer.clone())
                .get_profile_data(request.into_inner())
                .await;
        }
        let place = request
            .metadata()
            .get("traceparent")
            .map(|place| place.to_str().unwrap());
        Ok(Response::new(GetProfileDataResponse {
            display_name: place.unwrap_or_default().into(),
            ..GetProfileDataResponse::default()
        }))
    }
}

/// A service that asks the peer called `far`, unless it is that itself.
fn service(name: &'static str) -> Service {
    Service::new(name, 0)
        .open(async |context: Context| Ok::<_, Error>(context.peers().get("far")))
        .grpc(DESCRIPTORS, |far: &Option<Peer>| {
            Routes::new(UserServiceServer::new(Asked(far.clone())))
        })
        .into()
}

/// `near`, which asks `far`: in one process, or each in a process of its own.
async fn pairs() -> ([Running; 3], [Peer; 2]) {
    let ports = "[far]\nport = 0\n[near]\nport = 0\n";
    let (_both, both) = host(ports);
    let both = both.services([service("far"), service("near")]).start().await.unwrap();
    let (_far, far) = host("[far]\nport = 0");
    let far = far.services([service("far")]).start().await.unwrap();
    let peers = format!("[near]\nport = 0\n[peers]\nfar = \"http://{}\"", far.addresses()["far"]);
    let (_near, near) = host(&peers);
    let near = near.services([service("near")]).start().await.unwrap();
    let address = format!("http://{}", near.addresses()["near"]);
    let remote = Peer::Remote(address.parse().unwrap(), client());
    let local = both.peer("near").unwrap();
    ([both, far, near], [local, remote])
}

/// The place in the trace that `far` is told, when `near` is asked within [`PARENT`].
async fn told(peer: &Peer) -> String {
    let mut request = Request::new(GetProfileDataRequest::default());
    request.metadata_mut().insert("traceparent", PARENT.parse().unwrap());
    let answer = UserServiceClient::new(peer.clone()).get_profile_data(request).await;
    answer.unwrap().into_inner().display_name
}

#[tokio::test]
async fn a_trace_is_handed_on_where_nothing_is_exported() {
    let (running, peers) = pairs().await;

    for peer in &peers {
        assert_eq!(told(peer).await, PARENT);
    }
    for running in running {
        running.stop().await;
    }
}

#[test]
fn a_method_is_a_step_of_the_trace_it_was_called_in() {
    let here = std::env::current_exe().unwrap();
    let arguments = [
        "traced::a_method_is_called_where_spans_are_exported",
        "--exact",
        "--ignored",
    ];

    let output = Command::new(here).args(arguments).output().unwrap();

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the test before, because telemetry is set up once"]
async fn a_method_is_called_where_spans_are_exported() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        otlp_endpoint: format!("http://{}", collector.local_addr().unwrap()),
        ..Settings::default()
    };
    platform_telemetry::init(&settings).unwrap();
    let (_running, peers) = pairs().await;

    for peer in &peers {
        let told = told(peer).await;

        assert_eq!(told[..36], PARENT[..36], "it is the same trace");
        assert_ne!(told[36..52], PARENT[36..52], "the step is between them");
        assert_eq!(&told[52..], "-01", "and it is exported too");
    }
}
