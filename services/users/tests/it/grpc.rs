//! What other services ask by gRPC.

use axum::{body::Body, http::Request};
use contracts::grpc::users::v1::{GetProfileDataRequest, user_service_client::UserServiceClient};
use tonic::Code;

use crate::support::{Person, Users};

pub(crate) async fn profile(users: &Users, token: &str, id: &str) -> Result<(String, String), Code> {
    let mut client = UserServiceClient::new(users.service.router());
    let mut request = tonic::Request::new(GetProfileDataRequest { user_id: id.into() });
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    let answer = client
        .get_profile_data(request)
        .await
        .map_err(|status| status.code())?
        .into_inner();
    Ok((answer.email, answer.display_name))
}

#[tokio::test]
async fn a_service_reads_a_profile_and_a_person_does_not() {
    for users in Users::everywhere().await {
        let Person { id, token } = users.person("ada").await;
        let service = users.issuer.service("reports", "users");
        let elsewhere = users.issuer.service("reports", "security");

        let found = profile(&users, &service, &id.to_string()).await;

        assert_eq!(found, Ok(("ada@example.com".into(), "ada".into())));
        assert_eq!(
            profile(&users, &token, &id.to_string()).await,
            Err(Code::PermissionDenied)
        );
        assert_eq!(
            profile(&users, &elsewhere, &id.to_string()).await,
            Err(Code::Unauthenticated)
        );
        let nobody = users.service.context().ids().v7().to_string();
        assert_eq!(profile(&users, &service, &nobody).await, Err(Code::NotFound));
        assert_eq!(profile(&users, &service, "x").await, Err(Code::InvalidArgument));
    }
}

#[tokio::test]
async fn a_call_without_a_token_is_refused() {
    let users = Users::everywhere().await.remove(0);

    let request = Request::post("/users.v1.UserService/GetProfileData")
        .header("content-type", "application/grpc")
        .body(Body::from(vec![0, 0, 0, 0, 0]))
        .unwrap();
    let answer = users.send(request).await;

    assert_eq!(answer.header("grpc-status"), (Code::Unauthenticated as i32).to_string());
}
