//! The same by addresses.

use axum::http::Method;
use serde_json::json;

use crate::support::{HERE, Security};

#[tokio::test]
async fn roles_and_grants_are_administrated_by_addresses() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();

        let role = json!({ "workspace": HERE, "name": "Readers", "permissions": ["reports:view"] });
        let made = root.client.post("/api/v1/security/roles", &role).await;
        let key = made.json()["key"].as_str().unwrap().to_owned();
        let grant = json!({ "subject": ada.subject(), "role": key, "workspace": HERE });
        let granted = root.client.post("/api/v1/security/grants", &grant).await;

        assert_eq!((made.status.as_u16(), granted.status.as_u16()), (201, 201));
        let listed = ada
            .client
            .get(&format!("/api/v1/security/grants?workspace={HERE}"))
            .await
            .json();
        assert_eq!(
            (&listed["items"][0]["role"], &listed["next"]),
            (&json!(key), &json!(null))
        );
        let mine = ada
            .client
            .get(&format!("/api/v1/security/permissions/mine?workspace={HERE}"))
            .await
            .json();
        assert_eq!(mine, json!(["reports:view"]));
        let path = format!("/api/v1/security/roles/{key}");
        let patched = root
            .client
            .send(Method::PATCH, &path, "application/json", r#"{"name":"Lookers"}"#)
            .await;
        assert_eq!(patched.json()["name"], "Lookers");
        let id = granted.json()["id"].as_str().unwrap().to_owned();
        let revoked = root
            .client
            .send(Method::DELETE, &format!("/api/v1/security/grants/{id}"), "", "")
            .await;
        let deleted = root.client.send(Method::DELETE, &path, "", "").await;
        assert_eq!((revoked.status.as_u16(), deleted.status.as_u16()), (204, 204));
        assert_eq!(root.client.get(&path).await.status, 404);
        security.stop().await;
    }
}

#[tokio::test]
async fn questions_lists_and_the_log_are_asked_by_addresses() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.with(&root, "analytics/viewer", HERE).await;

        let question = json!({ "permission": "dashboard:view", "resource": { "workspace": HERE } });
        let decision = ada.client.post("/api/v1/security/check", &question).await.json();
        let list = json!({ "permission": "reports:view", "type": "report" });
        let filter = ada.client.post("/api/v1/security/filter", &list).await.json();
        let log = root
            .client
            .get("/api/v1/security/audit?action=grants.&first=1")
            .await
            .json();
        let verified = root.client.get("/api/v1/security/audit/verification").await.json();

        assert_eq!(
            (&decision["allowed"], &decision["reason"]),
            (&json!(true), &json!("ALLOWED"))
        );
        assert_eq!(decision["roles"][0]["role"], "analytics/viewer");
        assert_eq!(filter["clauses"][0]["workspaces"], json!({ "only": [HERE] }));
        assert_eq!(log["items"][0]["action"], "grants.granted");
        assert!(log["next"].is_string());
        assert_eq!((&verified["entries"], &verified["broken"]), (&json!(2), &json!(null)));
        security.stop().await;
    }
}

#[tokio::test]
async fn what_is_no_secret_is_shown_to_everybody_and_the_rest_to_nobody() {
    for security in Security::everywhere().await {
        let permissions = security
            .service
            .get("/api/v1/security/permissions?system=markets")
            .await;
        let mistyped = security.service.get("/api/v1/security/permissions?sytem=markets").await;

        assert_eq!(permissions.json().as_array().unwrap().len(), 12);
        assert_eq!(mistyped.status, 400);
        for path in ["roles", "policies", "grants", "audit", "audit/verification"] {
            let answer = security.service.get(&format!("/api/v1/security/{path}")).await;
            assert_eq!(answer.status, 401, "{path}: {}", answer.text());
        }
        security.stop().await;
    }
}
