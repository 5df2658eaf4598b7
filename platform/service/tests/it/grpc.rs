//! gRPC on a service's own port, called without a socket and by HTTP/2 with equal answers.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::{Request as HttpRequest, StatusCode},
};
use contracts::grpc::{
    DESCRIPTORS,
    users::v1::{
        GetProfileDataRequest, GetProfileDataResponse,
        user_service_client::UserServiceClient,
        user_service_server::{UserService, UserServiceServer},
    },
};
use futures::StreamExt;
use platform_error::{Code, Error};
use platform_service::{Context, Peer, Running, Service, error_of, status};
use serde_json::json;
use tonic::{Request, Response, Status, service::Routes};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{client, host};

struct Profiles;

#[tonic::async_trait]
impl UserService for Profiles {
    async fn get_profile_data(
        &self,
        request: Request<GetProfileDataRequest>,
    ) -> Result<Response<GetProfileDataResponse>, Status> {
        let id = request.into_inner().user_id;
        match id.as_str() {
            "missing" => {
                let error = Error::new(Code::NotFound, "no profile is called missing: 100 % sure, naïvely");
                Err(status(
                    error
                        .with_hint("look elsewhere")
                        .with_details(json!({ "tried": ["a", 2] })),
                ))
            }
            "fault" => Err(status(Error::internal("password of the database"))),
            "panic" => panic!("password of the database"),
            "slow" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Err(Status::cancelled("nobody waits so long"))
            }
            _ => Ok(Response::new(GetProfileDataResponse {
                id,
                ..GetProfileDataResponse::default()
            })),
        }
    }
}

pub(crate) fn profiles() -> Service {
    Service::new("profiles", 0)
        .open(async |_: Context| Ok::<_, Error>(()))
        .rest(|()| axum::Router::new().route("/hello", axum::routing::get(async || "hello")))
        .grpc(DESCRIPTORS, |()| Routes::new(UserServiceServer::new(Profiles)))
        .into()
}

async fn running(settings: &str) -> (tempfile::TempDir, Running, [Peer; 2]) {
    let (folder, host) = host(&format!("[profiles]\nport = 0\n{settings}"));
    let running = host.services([profiles()]).start().await.unwrap();
    let address = format!("http://{}", running.addresses()["profiles"]);
    let peers = [
        running.peer("profiles").unwrap(),
        Peer::Remote(address.parse().unwrap(), client()),
    ];
    (folder, running, peers)
}

async fn ask(peer: &Peer, id: &str) -> Result<String, Status> {
    let request = GetProfileDataRequest { user_id: id.into() };
    let answer = UserServiceClient::new(peer.clone()).get_profile_data(request).await?;
    Ok(answer.into_inner().id)
}

#[tokio::test]
async fn a_method_answers_beside_the_other_routes() {
    let (_folder, running, peers) = running("").await;

    for peer in &peers {
        let hello = HttpRequest::get("/hello").body(Body::empty()).unwrap();
        assert_eq!(ask(peer, "ada").await.unwrap(), "ada");
        assert_eq!(Peer::call(peer, hello).await.unwrap().status(), StatusCode::OK);
    }
    running.stop().await;
}

#[tokio::test]
async fn an_error_arrives_with_its_code_hint_and_details() {
    let (_folder, running, peers) = running("").await;

    for peer in &peers {
        let refused = ask(peer, "missing").await.unwrap_err();

        assert_eq!(refused.code(), tonic::Code::NotFound);
        let error = error_of(&refused);
        assert_eq!(error.code(), Code::NotFound);
        assert_eq!(error.message(), "no profile is called missing: 100 % sure, naïvely");
        assert_eq!(error.hint(), Some("look elsewhere"));
        assert_eq!(error.details(), Some(&json!({ "tried": ["a", 2] })));
    }
    running.stop().await;
}

#[tokio::test]
async fn what_went_wrong_inside_stays_inside() {
    let (_folder, running, peers) = running("").await;

    for peer in &peers {
        for id in ["fault", "panic"] {
            let refused = ask(peer, id).await.unwrap_err();

            assert_eq!(refused.code(), tonic::Code::Internal, "{id}: {refused:?}");
            assert!(!format!("{refused:?}").contains("password"), "{refused:?}");
            let details = String::from_utf8_lossy(refused.details()).into_owned();
            assert!(!details.contains("password"), "{details}");
            assert_eq!(error_of(&refused).code(), Code::Internal);
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn a_call_ends_when_its_caller_has_waited_long_enough() {
    let (_folder, running, peers) = running("").await;

    for peer in &peers {
        let started = Instant::now();
        let mut request = Request::new(GetProfileDataRequest { user_id: "slow".into() });
        request.set_timeout(Duration::from_millis(100));
        let refused = UserServiceClient::new(peer.clone())
            .get_profile_data(request)
            .await
            .unwrap_err();

        assert_eq!(refused.code(), tonic::Code::DeadlineExceeded, "{refused:?}");
        assert!(started.elapsed() < Duration::from_secs(20));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_service_that_is_too_slow_for_its_own_limit_says_so() {
    let (_folder, running, peers) = running("[http]\ntimeout = \"100ms\"").await;

    for peer in &peers {
        let refused = ask(peer, "slow").await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::DeadlineExceeded, "{refused:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let (_folder, running, peers) = running("[http]\nbody = \"100KB\"").await;

    for peer in &peers {
        let fits = ask(peer, &"x".repeat(90_000)).await.unwrap();
        let refused = ask(peer, &"x".repeat(200_000)).await.unwrap_err();

        assert_eq!(fits.len(), 90_000);
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().contains("100KB"), "{refused:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_method_that_nobody_has_is_unimplemented() {
    let (_folder, running, peers) = running("").await;

    for peer in &peers {
        let mut grpc = tonic::client::Grpc::new(peer.clone());
        let codec = tonic_prost::ProstCodec::<GetProfileDataRequest, GetProfileDataResponse>::default();
        let path = "/users.v1.UserService/DropProfiles".parse().unwrap();
        let refused = grpc
            .unary(Request::new(GetProfileDataRequest::default()), path, codec)
            .await
            .unwrap_err();

        assert_eq!(refused.code(), tonic::Code::Unimplemented, "{refused:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn health_is_what_readiness_is() {
    let (_folder, running, peers) = running("").await;
    let service = |name: &str| HealthCheckRequest { service: name.into() };

    for peer in &peers {
        let mut health = HealthClient::new(peer.clone());
        for name in ["", "users.v1.UserService"] {
            let answer = health.check(service(name)).await.unwrap().into_inner();
            assert_eq!(answer.status(), ServingStatus::Serving);
        }
        for name in ["users.v2.UserService", "security.v1.SecurityService"] {
            let unknown = health.check(service(name)).await.unwrap_err();
            assert_eq!(unknown.code(), tonic::Code::NotFound, "{name} is not served here");
        }
    }

    let mut watched = HealthClient::new(peers[1].clone())
        .watch(service(""))
        .await
        .unwrap()
        .into_inner();
    let first = watched.next().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let ((), last) = tokio::join!(running.stop(), watched.next());
    assert_eq!(last.unwrap().unwrap().status(), ServingStatus::NotServing);
}

#[tokio::test]
async fn tools_can_ask_which_methods_there_are_and_hear_of_none_that_are_served_elsewhere() {
    let (_folder, running, peers) = running("").await;

    for peer in &peers {
        let question = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut answers = ServerReflectionClient::new(peer.clone())
            .server_reflection_info(futures::stream::iter([question]))
            .await
            .unwrap()
            .into_inner();
        let Some(MessageResponse::ListServicesResponse(list)) = answers.next().await.unwrap().unwrap().message_response
        else {
            panic!("the answer is no list");
        };

        let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "users.v1.UserService",
            ]
        );
    }
    running.stop().await;
}
