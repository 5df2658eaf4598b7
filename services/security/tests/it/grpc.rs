//! What other services ask by gRPC, without a socket.

use contracts::grpc::security::v1::{
    CheckPermissionRequest, CheckPermissionsRequest, FilterResourcesRequest, Kind, Mode, Resource, Subject,
    security_service_client::SecurityServiceClient,
};
use serde_json::json;
use tonic::{Code, Request};
use uuid::Uuid;

use crate::support::{HERE, Person, Security, THERE};

pub(crate) fn check(person: &Person, permission: &str, resource: Option<Resource>) -> CheckPermissionRequest {
    CheckPermissionRequest {
        subject: Some(subject(person.id, Kind::User, &[])),
        permission: permission.into(),
        resource,
        explain: false,
    }
}

fn subject(id: Uuid, kind: Kind, scopes: &[&str]) -> Subject {
    Subject {
        kind: kind.into(),
        id: id.to_string(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        workspace: String::new(),
    }
}

fn estimate(workspace: Uuid, owner: Option<Uuid>) -> Resource {
    Resource {
        r#type: "estimate".into(),
        id: "7".into(),
        owner: owner.map(|id| id.to_string()).unwrap_or_default(),
        workspace: workspace.to_string(),
        ..Resource::default()
    }
}

pub(crate) async fn one(security: &Security, token: &str, check: CheckPermissionRequest) -> Result<bool, Code> {
    let mut client = SecurityServiceClient::new(security.service.router());
    let mut request = Request::new(check);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    let answer = client.check_permission(request).await;
    answer
        .map(|answer| answer.into_inner().allowed)
        .map_err(|status| status.code())
}

#[tokio::test]
async fn a_service_asks_for_the_person_whose_token_it_verified() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.with(&root, "contracting/user", HERE).await;
        let service = security.issuer.service("estimates", "security");
        let ask = async |resource| one(&security, &service, check(&ada, "view:estimates", resource)).await;

        assert_eq!(ask(Some(estimate(HERE, Some(ada.id)))).await, Ok(true));
        assert_eq!(ask(Some(estimate(HERE, Some(root.id)))).await, Ok(false));
        assert_eq!(ask(Some(estimate(THERE, Some(ada.id)))).await, Ok(false));
        assert_eq!(ask(None).await, Ok(false));
        assert_eq!(
            one(&security, &service, check(&ada, "view:own:*", None)).await,
            Ok(false)
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn only_services_ask_here_and_only_with_a_token_for_this_service() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let question = || check(&root, "data:read", None);

        let by_person = one(&security, &security.issuer.user(root.id), question()).await;
        let elsewhere = one(&security, &security.issuer.service("estimates", "users"), question()).await;
        let forged = one(&security, "not.a.token", question()).await;

        assert_eq!(
            (by_person, elsewhere),
            (Err(Code::PermissionDenied), Err(Code::Unauthenticated))
        );
        assert_eq!(forged, Err(Code::Unauthenticated));
        security.stop().await;
    }
}

#[tokio::test]
async fn who_is_meant_must_be_said_and_what_nobody_looks_at_is_refused() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let service = security.issuer.service("estimates", "security");
        let with = |subject: Option<Subject>| CheckPermissionRequest {
            subject,
            ..check(&root, "data:read", None)
        };

        let nobody = one(&security, &service, with(None)).await;
        let unsaid = one(
            &security,
            &service,
            with(Some(subject(root.id, Kind::Unspecified, &[]))),
        )
        .await;
        let key = one(
            &security,
            &service,
            with(Some(subject(root.id, Kind::Key, &["data:write"]))),
        )
        .await;
        let key_may = one(
            &security,
            &service,
            with(Some(subject(root.id, Kind::Key, &["data:read"]))),
        )
        .await;
        let mut resource = estimate(HERE, None);
        resource.attributes.insert("colour".into(), "red".into());
        let attributes = one(&security, &service, check(&root, "view:estimates", Some(resource))).await;

        assert_eq!((nobody, unsaid), (Ok(true), Err(Code::InvalidArgument)));
        assert_eq!(
            (key, key_may, attributes),
            (Ok(false), Ok(true), Err(Code::InvalidArgument))
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_with_reasons_and_has_a_limit() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.with(&root, "analytics/viewer", HERE).await;
        let workspace = |id: Uuid| Resource {
            workspace: id.to_string(),
            ..Resource::default()
        };
        let explained = |workspace_id| CheckPermissionRequest {
            explain: true,
            ..check(&ada, "dashboard:view", Some(workspace(workspace_id)))
        };
        let mut client = SecurityServiceClient::new(security.service.router());
        let token = format!("Bearer {}", security.issuer.service("analytics", "security"));
        let mut batch = async |checks: Vec<CheckPermissionRequest>| {
            let mut request = Request::new(CheckPermissionsRequest { checks });
            request.metadata_mut().insert("authorization", token.parse().unwrap());
            client.check_permissions(request).await
        };

        let results = batch(vec![explained(HERE), explained(THERE)])
            .await
            .unwrap()
            .into_inner()
            .results;
        let exceeds = batch(vec![explained(HERE); 101]).await.unwrap_err();

        assert_eq!(
            results.iter().map(|result| result.allowed).collect::<Vec<_>>(),
            [true, false]
        );
        assert!(
            results[0].reason.contains("analytics/viewer") && results[0].policies.contains(&"workspace".into()),
            "{results:?}"
        );
        assert!(results[1].reason.contains("not granted here"), "{results:?}");
        assert_eq!(exceeds.code(), Code::InvalidArgument);
        security.stop().await;
    }
}

#[tokio::test]
async fn a_service_learns_which_rows_of_a_list_somebody_sees() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.with(&root, "contracting/manager", HERE).await;
        root.grant(&ada, "contracting/user", json!({ "workspace": THERE }))
            .await;
        let mut client = SecurityServiceClient::new(security.service.router());
        let mut request = Request::new(FilterResourcesRequest {
            subject: Some(subject(ada.id, Kind::User, &[])),
            permission: "view:estimates".into(),
            r#type: "estimate".into(),
        });
        let token = security.issuer.service("estimates", "security");
        request
            .metadata_mut()
            .insert("authorization", format!("Bearer {token}").parse().unwrap());

        let clauses = client.filter_resources(request).await.unwrap().into_inner().clauses;

        let mut seen: Vec<_> = clauses
            .iter()
            .map(|clause| {
                let workspaces = clause.workspaces.clone().unwrap();
                assert_eq!(
                    (workspaces.mode(), clause.resources.as_ref().unwrap().mode()),
                    (Mode::Only, Mode::Any)
                );
                (workspaces.ids, clause.mine, clause.others, clause.unowned)
            })
            .collect();
        seen.sort();
        assert_eq!(
            seen,
            [
                (vec![HERE.to_string()], true, true, true),
                (vec![THERE.to_string()], true, false, false)
            ]
        );
        security.stop().await;
    }
}
