//! What belongs to another workspace, or to somebody else, is as if it were not there.

use axum::http::Method;
use platform_testing::{Isolation, addresses};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{HERE, Security, THERE, code, data};

const REACHED: &[(&str, &str)] = &[
    (
        "checkPermission",
        "query ($ada: String!, $here: UUID!) { checkPermission(permission: \"chart:view\",
        subject: $ada, resource: { workspace: $here }) { __typename roles { __typename } } }",
    ),
    (
        "checkPermissions",
        "query ($ada: String!, $here: UUID!) { checkPermissions(checks: [{ permission: \"chart:view\",
        subject: $ada, resource: { workspace: $here } }]) { __typename } }",
    ),
    (
        "myPermissions",
        "query ($here: UUID!) { myPermissions(resource: { workspace: $here }) }",
    ),
    (
        "accessRoles",
        "query ($here: UUID!) { accessRoles(workspace: $here) { __typename key } }",
    ),
    (
        "accessRole",
        "query ($role: String!) { accessRole(key: $role) { __typename name } }",
    ),
    (
        "accessGrants",
        "query ($ada: String!) { accessGrants(filter: { subject: $ada }) {
        nodes { __typename id user { __typename id } } } }",
    ),
    (
        "auditLog",
        "query ($here: UUID!) { auditLog(filter: { workspace: $here }) { nodes { __typename id } } }",
    ),
    ("verifyAuditLog", "{ verifyAuditLog { __typename } }"),
    (
        "createAccessRole",
        "mutation ($here: UUID!) { createAccessRole(input: { workspace: $here, name: \"Mine\",
        permissions: [\"chart:view\"] }) { __typename } }",
    ),
    (
        "updateAccessRole",
        "mutation ($role: String!) { updateAccessRole(key: $role, input: { name: \"Mine too\" }) { __typename } }",
    ),
    (
        "grantRole",
        "mutation ($ada: String!, $here: UUID!) { grantRole(input: { subject: $ada, workspace: $here,
        role: \"platform/workspace_viewer\" }) { __typename } }",
    ),
    ("revokeGrant", "mutation ($grant: UUID!) { revokeGrant(id: $grant) }"),
    (
        "deleteAccessRole",
        "mutation ($role: String!) { deleteAccessRole(key: $role) }",
    ),
];
const OPEN: &[(&str, &str)] = &[
    ("permissions", "{ permissions { __typename } }"),
    ("accessPolicies", "{ accessPolicies { __typename } }"),
];
const ROLE: &str = "/roles/{system}/{name}";
const GRANT: &str = "/grants/{id}";

#[tokio::test]
async fn nothing_of_another_workspace_is_reached_by_its_id() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let eve = security.with(&root, "platform/workspace_owner", THERE).await;
        let ada = security.person();
        let made = root.make(Some(HERE), "Secret plans", &["chart:view"]).await;
        let role = data(&made)["createAccessRole"]["key"].as_str().unwrap();
        let grant = root.grant(&ada, role, json!({ "workspace": HERE })).await;
        let things = json!({ "here": HERE, "ada": ada.subject(), "role": role, "grant": grant["id"] });
        let (elsewhere, nobody) = (Uuid::from_u128(9), security.person());
        let unknown = format!("custom/{}", Uuid::from_u128(10));
        let nothing = json!({ "here": elsewhere, "ada": nobody.subject(), "role": unknown, "grant": elsewhere });

        for (method, address) in [
            (Method::GET, ROLE),
            (Method::PATCH, ROLE),
            (Method::DELETE, ROLE),
            (Method::DELETE, GRANT),
        ] {
            for (role, grant) in [(role, &things["grant"]), (&unknown, &nothing["grant"])] {
                let path = address
                    .replace("{system}/{name}", role)
                    .replace("{id}", grant.as_str().unwrap());
                let path = format!("/api/v1/security{path}");
                let answer = eve.client.send(method.clone(), &path, "application/json", "{}").await;
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            }
        }
        assert_eq!(addresses(include_str!("../../src/rest.rs")), [ROLE, GRANT].into());
        let isolation = Isolation {
            reached: REACHED,
            own: &[],
            open: OPEN,
            others: &[],
        };
        isolation.check(&root.client, &eve.client, (&things, &nothing)).await;
        security.stop().await;
    }
}

#[tokio::test]
async fn rows_of_another_workspace_are_as_if_they_were_not_there() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let eve = security.with(&root, "analytics/owner", THERE).await;
        let made = root.make(Some(HERE), "Secret plans", &["reports:view"]).await;
        let role = &data(&made)["createAccessRole"]["key"];
        let ada = security.person();
        let grant = root.grant(&ada, "analytics/viewer", json!({ "workspace": HERE })).await;

        let nothing = json!({ "id": Uuid::from_u128(9) });
        let known = [
            code(&eve.revoke(&grant).await),
            code(&eve.change(role, json!({ "name": "Mine" })).await),
            code(&eve.delete(role).await),
            code(
                &eve.try_grant(&eve, role.as_str().unwrap(), json!({ "workspace": THERE }))
                    .await,
            ),
        ];
        let unknown = [
            code(&eve.revoke(&nothing).await),
            code(
                &eve.change(&json!(format!("custom/{}", Uuid::from_u128(9))), json!({}))
                    .await,
            ),
        ];
        let about_ada = eve.client.graphql_with(
            "query($filter: AccessGrantFilter) { accessGrants(filter: $filter) { nodes { id } } }",
            json!({ "filter": { "subject": ada.subject() } }),
        );

        assert!(
            known.iter().chain(&unknown).all(|code| code == "NOT_FOUND"),
            "{known:?} {unknown:?}"
        );
        assert_eq!(data(&about_ada.await)["accessGrants"]["nodes"], json!([]));
        assert!(ada.may("dashboard:view", Some(HERE)).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn audit_rows_of_another_workspace_are_not_shown() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let here = security.with(&root, "platform/workspace_owner", HERE).await;
        let there = security.with(&root, "platform/workspace_owner", THERE).await;
        here.make(Some(HERE), "Secret plans", &["chart:view"]).await;

        let all = "{ auditLog { nodes { workspace action data } } }";
        let asked = "{ auditLog(filter: { workspace: \"00000000-0000-0000-0000-000000000001\", text: \"secret\" }) { nodes { seq } } }";
        let (seen, searched) = (there.client.graphql(all).await, there.client.graphql(asked).await);
        let own = here.client.graphql(asked).await;

        let workspaces = data(&seen)["auditLog"]["nodes"].as_array().unwrap();
        assert!(
            !workspaces.is_empty() && workspaces.iter().all(|entry| entry["workspace"] == THERE.to_string()),
            "{seen:#}"
        );
        assert_eq!(data(&searched)["auditLog"]["nodes"], json!([]));
        assert_eq!(data(&own)["auditLog"]["nodes"].as_array().unwrap().len(), 1);
        assert_eq!(code(&security.person().client.graphql(all).await), "FORBIDDEN");
        assert_eq!(code(&security.service.graphql(all).await), "UNAUTHENTICATED");
        security.stop().await;
    }
}

#[tokio::test]
async fn nobody_is_asked_about_by_who_has_no_business_with_them() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let (ada, eve) = (security.with(&root, "analytics/viewer", HERE).await, security.person());
        let check = "query($subject: String, $resource: AccessResourceInput) {
            checkPermission(permission: \"dashboard:view\", subject: $subject, resource: $resource) { allowed reason } }";
        let about_ada = json!({ "subject": ada.subject(), "resource": { "workspace": HERE } });

        let by_eve = eve.client.graphql_with(check, about_ada.clone()).await;
        let by_nobody = security.service.graphql_with(check, about_ada.clone()).await;
        let by_root = root.client.graphql_with(check, about_ada.clone()).await;
        let by_service = security.service_client("reports").graphql_with(check, about_ada).await;

        assert_eq!(
            (code(&by_eve), code(&by_nobody)),
            ("FORBIDDEN".into(), "UNAUTHENTICATED".into())
        );
        assert_eq!(data(&by_root)["checkPermission"]["allowed"], true);
        assert_eq!(data(&by_service)["checkPermission"]["allowed"], true);
        security.stop().await;
    }
}

#[tokio::test]
async fn who_explains_decisions_in_a_workspace_learns_nothing_of_what_is_held_elsewhere() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let eve = security.with(&root, "platform/workspace_owner", THERE).await;
        let (ada, unknown) = (security.root().await, security.person());
        for place in [
            json!({ "workspace": HERE }),
            json!({ "resourceType": "chart", "resourceId": "7" }),
        ] {
            root.grant(&ada, "platform/chart_admin", place).await;
        }
        let check = "query($permission: String!, $subject: String, $resource: AccessResourceInput) {
            checkPermission(permission: $permission, subject: $subject, resource: $resource) {
            allowed reason explanation policies roles { role place grant } } }";
        let ask = async |about: &crate::support::Person, permission: &str, resource: Value| {
            let mut asked = json!({ "permission": permission, "subject": about.subject(), "resource": resource });
            if resource["owner"] == "them" {
                asked["resource"]["owner"] = json!(about.id);
            }
            eve.client.graphql_with(check, asked).await
        };
        let things = [
            json!({ "workspace": THERE }),
            json!({ "workspace": THERE, "owner": "them" }),
            json!({ "workspace": THERE, "type": "chart", "id": "7" }),
            json!({ "workspace": THERE, "type": "chart", "id": "7", "owner": "them" }),
        ];

        for permission in ["chart:admin", "grants:manage", "view:own:estimates", "users:delete"] {
            for thing in &things {
                let of_ada = ask(&ada, permission, thing.clone()).await;
                let of_nobody = ask(&unknown, permission, thing.clone()).await;
                assert_eq!(of_ada["errors"], Value::Null, "{of_ada:#}");
                assert_eq!(of_ada, of_nobody, "{permission} {thing}");
            }
        }
        for elsewhere in [
            json!({}),
            json!({ "workspace": HERE }),
            json!({ "type": "chart", "id": "7" }),
        ] {
            assert_eq!(code(&ask(&ada, "chart:admin", elsewhere).await), "FORBIDDEN");
        }
        let there = eve
            .grant(&ada, "platform/chart_editor", json!({ "workspace": THERE }))
            .await;
        let told = ask(&ada, "chart:edit", things[2].clone()).await;
        let roles = json!([{ "role": "platform/chart_editor", "place": there["place"], "grant": there["id"] }]);
        assert_eq!(data(&told)["checkPermission"]["roles"], roles, "{told:#}");
        let full = json!({ "permission": "chart:edit", "subject": ada.subject(), "resource": things[2] });
        let by_root = root.client.graphql_with(check, full).await;
        assert_eq!(
            data(&by_root)["checkPermission"]["roles"].as_array().unwrap().len(),
            3,
            "{by_root:#}"
        );
        security.stop().await;
    }
}
