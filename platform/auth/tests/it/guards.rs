//! Guards of GraphQL fields and gRPC methods.

use contracts::grpc::users::v1::{GetProfileDataRequest, user_service_client::UserServiceClient};
use platform_service::Peer;
use platform_testing::{TestIssuer, TestService};
use serde_json::{Value, json};
use tonic::{Code, Request, metadata::MetadataValue};
use uuid::Uuid;

use crate::support::library;

const ADA: Uuid = Uuid::from_u128(0xada);

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn fields_are_for_whom_they_are_guarded_for() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let user = service.bearer(&issuer.user(ADA));
    let archive = service.bearer(&issuer.service("archive", "library"));

    let nobody = service.graphql("{ anybody }").await;
    let unknown = service.graphql("{ me }").await;
    let known = user.graphql("{ anybody me }").await;
    let no_service = user.graphql("{ internals }").await;
    let a_service = archive.graphql("{ internals }").await;

    assert_eq!(nobody["data"], json!({ "anybody": null }));
    assert_eq!(code(&unknown), "UNAUTHENTICATED");
    assert_eq!(known["data"], json!({ "anybody": ADA, "me": ADA }));
    assert_eq!(code(&no_service), "FORBIDDEN");
    assert_eq!(a_service["data"], json!({ "internals": "archive" }));
}

#[tokio::test]
async fn a_grpc_method_knows_who_asks_and_refuses_in_its_own_language() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let mut client = UserServiceClient::new(Peer::Local(service.router().into()));
    let mut ask = async |token: Option<&str>| {
        let mut request = Request::new(GetProfileDataRequest {
            user_id: ADA.to_string(),
        });
        if let Some(token) = token {
            let value: MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        client.get_profile_data(request).await
    };

    let told = ask(Some(&issuer.service("archive", "library")))
        .await
        .unwrap()
        .into_inner();
    let nobody = ask(None).await.unwrap_err();
    let user = ask(Some(&issuer.user(ADA))).await.unwrap_err();
    let forged = ask(Some("a.b.c")).await.unwrap_err();

    assert_eq!((told.display_name, told.id), ("archive".to_owned(), ADA.to_string()));
    assert_eq!(nobody.code(), Code::Unauthenticated);
    assert_eq!(user.code(), Code::PermissionDenied);
    assert_eq!(forged.code(), Code::Unauthenticated);
    assert!(forged.message().contains("cannot be read"), "{forged}");
}
