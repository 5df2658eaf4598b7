//! What somebody might try, and what becomes of it.

use serde_json::json;
use uuid::Uuid;

use crate::support::{HERE, Security, THERE, code, data, until};

#[tokio::test]
async fn a_role_is_not_edited_to_hold_more_than_its_editor() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let admin = security.with(&root, "analytics/admin", HERE).await;
        let made = admin.make(Some(HERE), "Mine", &["grants:manage", "reports:view"]).await;
        let key = &data(&made)["createAccessRole"]["key"];
        admin
            .grant(&admin, key.as_str().unwrap(), json!({ "workspace": HERE }))
            .await;

        let more = admin
            .change(key, json!({ "permissions": ["grants:manage", "credits:manage"] }))
            .await;
        let by_implication = admin.change(key, json!({ "permissions": ["security:manage"] })).await;
        let anew = admin.make(Some(HERE), "More", &["system:manage"]).await;

        for refused in [&more, &by_implication, &anew] {
            assert_eq!(code(refused), "FORBIDDEN", "{refused:#}");
        }
        assert_eq!(
            more["errors"][0]["extensions"]["details"]["permissions"],
            json!(["credits:manage"])
        );
        assert!(!admin.may("credits:manage", Some(HERE)).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn a_stronger_role_is_neither_granted_nor_changed_nor_taken_away() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let admin = security.with(&root, "analytics/admin", HERE).await;
        let owner = security.person();
        let owned = root
            .grant(&owner, "analytics/owner", json!({ "workspace": HERE }))
            .await;
        let strong = root
            .make(Some(HERE), "Strong", &["credits:manage", "reports:view"])
            .await;
        let strong = &data(&strong)["createAccessRole"]["key"];

        let attempts = [
            admin
                .try_grant(&admin, "analytics/owner", json!({ "workspace": HERE }))
                .await,
            admin
                .try_grant(&admin, "platform/super_admin", json!({ "workspace": HERE }))
                .await,
            admin
                .try_grant(&admin, strong.as_str().unwrap(), json!({ "workspace": HERE }))
                .await,
            admin.change(strong, json!({ "permissions": ["reports:view"] })).await,
            admin.delete(strong).await,
            admin.revoke(&owned).await,
        ];

        for refused in &attempts {
            assert_eq!(code(refused), "FORBIDDEN", "{refused:#}");
        }
        security.stop().await;
    }
}

#[tokio::test]
async fn an_attempt_is_written_down_and_a_hundred_of_them_once() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let eve = security.person();

        for _ in 0..100 {
            eve.try_grant(&eve, "platform/super_admin", json!({})).await;
        }

        let refused = "query($actor: String) { auditLog(filter: { outcome: \"refused\", actor: $actor }) { nodes { action data } } }";
        let found = root
            .client
            .graphql_with(refused, json!({ "actor": eve.subject() }))
            .await;
        let found = data(&found)["auditLog"]["nodes"].as_array().unwrap();
        assert_eq!((found.len(), &found[0]["action"]), (1, &json!("grants.granted")));
        assert!(
            found[0]["data"].as_str().unwrap().contains("grants:manage"),
            "{found:?}"
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn who_administrates_one_workspace_does_nothing_in_another_or_everywhere() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let owner = security.with(&root, "analytics/owner", HERE).await;
        let made = owner.make(Some(HERE), "Mine", &["reports:view"]).await;
        let mine = data(&made)["createAccessRole"]["key"].as_str().unwrap();

        let attempts = [
            owner
                .try_grant(&owner, "analytics/viewer", json!({ "workspace": THERE }))
                .await,
            owner.try_grant(&owner, "analytics/viewer", json!({})).await,
            owner
                .try_grant(
                    &owner,
                    "analytics/viewer",
                    json!({ "resourceType": "report", "resourceId": "1" }),
                )
                .await,
            owner.make(Some(THERE), "Theirs", &["reports:view"]).await,
            owner.make(None, "Everywhere", &["reports:view"]).await,
        ];

        for refused in &attempts {
            assert_eq!(code(refused), "FORBIDDEN", "{refused:#}");
        }
        // Not even the administrator of everything takes a workspace's role elsewhere: its owner would change it there.
        for place in [
            json!({ "workspace": THERE }),
            json!({}),
            json!({ "resourceType": "report", "resourceId": "1" }),
        ] {
            assert_eq!(code(&root.try_grant(&owner, mine, place).await), "INVALID");
        }
        let workspace = json!({ "resourceType": "workspace", "resourceId": THERE });
        assert_eq!(
            code(&owner.try_grant(&owner, "analytics/viewer", workspace).await),
            "FORBIDDEN"
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn a_key_of_an_administrator_administrates_nothing_and_asks_only_for_itself() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let key = security.key_of(
            &root,
            "grants:manage roles:manage audit:view data:read decisions:explain",
        );
        let key = crate::support::Person {
            id: root.id,
            client: key,
        };
        let mine = root.client.graphql("{ accessGrants { nodes { id } } }").await;
        let mine = data(&mine)["accessGrants"]["nodes"][0].clone();

        assert_eq!(
            code(&key.try_grant(&key, "markets/member", json!({})).await),
            "FORBIDDEN"
        );
        assert_eq!(code(&key.make(None, "Mine", &["data:read"]).await), "FORBIDDEN");
        assert_eq!(code(&key.revoke(&mine).await), "FORBIDDEN");
        assert!(key.may("data:read", None).await);
        assert!(!key.may("data:write", None).await);
        let as_its_owner = "query($s: String) { checkPermission(permission: \"data:write\", subject: $s) { allowed } }";
        let answer = key
            .client
            .graphql_with(as_its_owner, json!({ "s": root.subject() }))
            .await;
        assert_eq!(data(&answer)["checkPermission"]["allowed"], false, "{answer:#}");
        security.stop().await;
    }
}

#[tokio::test]
async fn nobody_fills_the_list_of_somebody_else() {
    for security in Security::everywhere_with(&[("security.grants-per-subject", "2")]).await {
        let root = security.root().await;
        let eve = security.with(&root, "platform/workspace_owner", THERE).await;
        let ada = security.person();
        let there = json!({ "workspace": THERE });
        for role in ["platform/workspace_viewer", "platform/workspace_member"] {
            eve.grant(&ada, role, there.clone()).await;
        }

        let third = eve.try_grant(&ada, "platform/workspace_admin", there).await;

        assert_eq!(code(&third), "CONFLICT");
        root.grant(&ada, "analytics/viewer", json!({ "workspace": HERE })).await;
        assert!(ada.may("dashboard:view", Some(HERE)).await && ada.may("workspace:view", Some(THERE)).await);
        let welcome = contracts::users::Registered {
            user: ada.id,
            email: "ada@example.com".into(),
            name: None,
            locale: None,
        };
        security.tell(&welcome, &Default::default()).await;
        until("the roles of everybody arrive", async || {
            ada.may("search:use", None).await
        })
        .await;
        security.stop().await;
    }
}

#[tokio::test]
async fn an_unknown_role_is_granted_to_nobody() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();

        for role in [
            "markets/root",
            "custom/00000000-0000-0000-0000-000000000009",
            "nothing/at_all",
        ] {
            assert_eq!(
                code(&root.try_grant(&ada, role, json!({})).await),
                "NOT_FOUND",
                "{role}"
            );
        }
        for role in [
            "",
            "markets",
            "markets/*",
            "*/*",
            "markets/member/x",
            "Markets/member",
            "custom/../markets",
        ] {
            assert_eq!(code(&root.try_grant(&ada, role, json!({})).await), "INVALID", "{role}");
        }
        security.stop().await;
    }
}

#[tokio::test]
async fn a_variable_that_is_left_out_of_a_batch_means_that_nothing_is_said() {
    for security in Security::everywhere().await {
        let ada = security.person();
        let check = "query($of: String) { checkPermissions(checks: [{ permission: \"data:read\", subject: $of }]) { allowed } }";

        let left_out = ada.client.graphql_with(check, json!({})).await;

        let said = ada.client.graphql_with(check, json!({ "of": null })).await;
        assert_eq!(left_out, said);
        assert!(data(&said)["checkPermissions"][0]["allowed"].is_boolean(), "{said:#}");
        security.stop().await;
    }
}

#[tokio::test]
async fn an_oversized_batch_is_refused() {
    for security in Security::everywhere().await {
        let ada = security.person();
        let check = "query($checks: [AccessCheckInput!]!) { checkPermissions(checks: $checks) { allowed } }";
        let batch = |size: usize| json!({ "checks": vec![json!({ "permission": "data:read" }); size] });

        let fits = ada.client.graphql_with(check, batch(100)).await;
        let exceeds = ada.client.graphql_with(check, batch(101)).await;

        assert_eq!(
            data(&fits)["checkPermissions"].as_array().unwrap().len(),
            100,
            "{fits:#}"
        );
        assert_eq!(code(&exceeds), "INVALID");
        let by_rest = vec![json!({ "permission": "data:read" }); 101];
        assert_eq!(
            ada.client.post("/api/v1/security/checks", &json!(by_rest)).await.status,
            400
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn fields_that_nobody_may_set_cannot_be_set() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let grant = json!({ "subject": root.subject(), "role": "markets/member", "grantedBy": "user:somebody" });
        let role =
            json!({ "name": "Mine", "permissions": ["data:read"], "createdBy": "nobody", "id": Uuid::from_u128(1) });

        for (path, body) in [("/api/v1/security/grants", grant), ("/api/v1/security/roles", role)] {
            let answer = root.client.post(path, &body).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.text());
        }
        security.stop().await;
    }
}
