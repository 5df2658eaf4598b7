//! Who administrates people: those who may administrate as much as they, and nobody who may less.

use contracts::grpc::security::v1::{FilterResourcesRequest, Resource, security_service_client::SecurityServiceClient};
use serde_json::{Value, json};
use tonic::{Code, Request};

use crate::{
    grpc::{check, one},
    support::{HERE, Person, Security, data},
};

/// As `auth` asks: somebody is to be suspended.
fn about(person: &Person) -> Resource {
    Resource {
        r#type: "user".into(),
        id: person.id.to_string(),
        owner: person.id.to_string(),
        ..Resource::default()
    }
}

/// Whether a permission allows it to somebody.
async fn may(security: &Security, who: &Person, permission: &str, whom: &Person) -> bool {
    let service = security.issuer.service("auth", "security");
    let asked = one(security, &service, check(who, permission, Some(about(whom)))).await;
    asked.unwrap()
}

/// Somebody with a role everywhere.
async fn with(security: &Security, root: &Person, role: &str) -> Person {
    let person = security.person();
    root.grant(&person, role, json!({})).await;
    person
}

#[tokio::test]
async fn nobody_administrates_somebody_who_may_administrate_more() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let lesser = with(&security, &root, "economic/admin").await;
        let equal = with(&security, &root, "economic/admin").await;
        let above = with(&security, &root, "economic/super_admin").await;
        let elsewhere = with(&security, &root, "markets/admin").await;
        let (viewer, nothing) = (with(&security, &root, "economic/viewer").await, security.person());
        let mine = security.person();
        root.grant(&mine, "platform/workspace_owner", json!({ "workspace": HERE }))
            .await;
        let suspends = async |who: &Person, whom: &Person| may(&security, who, "users:suspend", whom).await;

        // Whom somebody owns a workspace with says nothing of the system, nor does what is not administrative.
        for below in [&equal, &viewer, &nothing, &mine] {
            assert!(suspends(&lesser, below).await);
        }
        for more in [&above, &elsewhere, &root] {
            assert!(!suspends(&lesser, more).await);
            assert!(!may(&security, &lesser, "sessions:end", more).await);
        }
        assert!(!suspends(&lesser, &lesser).await, "nobody suspends themselves");
        assert!(suspends(&above, &lesser).await && suspends(&root, &above).await);
        assert!(
            !suspends(&above, &elsewhere).await,
            "each may administrate what the other may not"
        );
        assert!(!suspends(&viewer, &nothing).await, "without the permission nobody does");
        // To look takes no more than the permission.
        assert!(may(&security, &lesser, "users:view", &root).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn what_somebody_may_administrate_is_looked_at_when_it_is_asked() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let lesser = with(&security, &root, "economic/admin").await;
        let person = security.person();
        let suspends = async || may(&security, &lesser, "users:suspend", &person).await;
        assert!(suspends().await);

        let granted = root.grant(&person, "contracting/admin", json!({})).await;
        let while_held = suspends().await;
        root.revoke(&granted).await;

        assert_eq!((while_held, suspends().await), (false, true));
        security.stop().await;
    }
}

#[tokio::test]
async fn a_role_that_was_made_by_hand_counts_as_those_that_are_shipped() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let lesser = with(&security, &root, "economic/admin").await;
        let role = root.make(None, "keyholder", &["keys:manage"]).await;
        let person = with(
            &security,
            &root,
            data(&role)["createAccessRole"]["key"].as_str().unwrap(),
        )
        .await;

        assert!(!may(&security, &lesser, "users:suspend", &person).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn who_asks_why_is_told_that_the_person_may_administrate_more() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let lesser = with(&security, &root, "economic/admin").await;
        let ask = "query($id: String!) { checkPermission(permission: \"users:suspend\", resource: { type: \"user\", id: $id }) {
            allowed reason explanation } }";
        let why = async |whom: &Person| -> Value {
            let answer = lesser.client.graphql_with(ask, json!({ "id": whom.id })).await;
            data(&answer)["checkPermission"].clone()
        };

        let (of_root, of_nobody) = (why(&root).await, why(&security.person()).await);

        assert_eq!(
            (&of_root["allowed"], &of_root["reason"]),
            (&json!(false), &json!("OUTRANKED"))
        );
        assert!(
            of_root["explanation"].as_str().unwrap().contains("may administrate"),
            "{of_root}"
        );
        assert_eq!(of_nobody["allowed"], true, "{of_nobody}");
        security.stop().await;
    }
}

#[tokio::test]
async fn people_are_asked_about_one_by_one_where_they_are_administrated() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let mut client = SecurityServiceClient::new(security.service.router());
        let token = format!("Bearer {}", security.issuer.service("auth", "security"));
        let mut list = async |permission: &str| {
            let mut request = Request::new(FilterResourcesRequest {
                subject: check(&root, permission, None).subject,
                permission: permission.into(),
                r#type: "user".into(),
            });
            request.metadata_mut().insert("authorization", token.parse().unwrap());
            client.filter_resources(request).await.map_err(|status| status.code())
        };

        assert_eq!(list("users:suspend").await.unwrap_err(), Code::InvalidArgument);
        assert_eq!(list("users:view").await.unwrap().into_inner().clauses.len(), 1);
        security.stop().await;
    }
}
