//! That what is known of a person is forgotten.

use std::time::Duration;

use contracts::{privacy::ExportPart, users::Deleted};
use platform_database::sql;
use platform_events::{Bus, EmbeddedBus, Position};
use serde_json::json;
use users::store::Store;

use crate::support::Users;

#[tokio::test]
async fn whoever_leaves_is_forgotten_by_the_bus_too() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let part = ExportPart {
            export: ada.id,
            user: ada.id,
            service: "elsewhere".into(),
            number: 0,
            data: json!({ "address": "192.0.2.7" }),
        };
        users.tell(&part).await;
        let bus = EmbeddedBus::shared(&users.service.context(), Duration::from_millis(20))
            .await
            .unwrap();
        let said = async || {
            let mut reader = bus.reader(&Position::default()).await.unwrap();
            let batch = reader.next(1_000, Duration::from_secs(1)).await.unwrap();
            json!(batch.events).to_string()
        };
        users
            .until("it is on the bus", async || said().await.contains("192.0.2.7"))
            .await;

        users.tell(&Deleted { user: ada.id }).await;

        let gone = async || {
            let said = said().await;
            !said.contains("ada@example.com") && !said.contains("192.0.2.7")
        };
        users.until("nothing of it is left", gone).await;
        let said = said().await;
        assert!(
            said.contains("users.deleted") && said.contains("bob@example.com") && said.contains(&bob.id.to_string())
        );
    }
}

#[tokio::test]
async fn whoever_leaves_is_forgotten_and_what_others_have_stays() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "VIEWER")]).await;
        let note = json!({ "input": { "series": "FRED:GDP", "firstDate": "2020-01-01", "title": "t", "body": "b",
            "visibility": "PUBLIC" } });
        let make = "mutation ($input: AnnotationInput!) { createAnnotation(input: $input) { id } }";
        let on = users.data(&bob, make, note).await["createAnnotation"]["id"].clone();
        let say = "mutation ($on: ID!) { addComment(annotationId: $on, body: \"mine\") { id } }";
        users.data(&ada, say, json!({ "on": on })).await;

        users.tell(&Deleted { user: ada.id }).await;

        let gone = async || {
            users
                .data(
                    &bob,
                    "query ($id: ID!) { user(id: $id) { name } }",
                    json!({ "id": ada.id }),
                )
                .await["user"]
                .is_null()
        };
        users.until("the profile is gone", gone).await;
        let read = "query ($on: ID!, $w: ID!) { annotation(id: $on) { comments { nodes { body author { name } } } } workspace(id: $w) { role members { role } } }";
        let left = users.data(&bob, read, json!({ "on": on, "w": workspace })).await;
        assert_eq!(
            left["annotation"]["comments"]["nodes"],
            json!([{ "body": null, "author": null }])
        );
        assert_eq!(
            left["workspace"],
            json!({ "role": "OWNER", "members": [{ "role": "OWNER" }] })
        );
        assert_eq!(users.refusal(&ada, "{ me { name } }", json!({})).await, "UNAVAILABLE");
    }
}

#[tokio::test]
async fn who_inherits_a_workspace_is_in_the_audit_log() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "ADMIN")]).await;
        let deeds = users.deeds();

        users.tell(&Deleted { user: ada.id }).await;

        let changed = "workspaces.role_changed";
        users.until("it is told", async || !deeds.of(changed).is_empty()).await;
        let deed = deeds.of(changed).remove(0);
        assert_eq!(json!(deed.target_id), workspace);
        assert_eq!(deed.data, json!({ "user": bob.id, "role": "owner" }));
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten_without_anybody_asking() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        users
            .data(&ada, "mutation { requestDataExport { id } }", json!({}))
            .await;
        let workspace = crate::workspaces::with(&users, &ada, &[]).await;
        let invite = "mutation ($w: ID!) {
            inviteToWorkspace(workspaceId: $w, email: \"x@example.com\", role: VIEWER) { secret } }";
        users.data(&ada, invite, json!({ "w": workspace })).await;
        let kept = async |users: &Users| {
            let store: Store = users.service.store();
            let all = "select id from data_export union all select id from invitation";
            sql::all(store.db.read(), all, []).await.unwrap().len()
        };
        // It is looked at whenever the service starts, and every ten minutes from then on.
        let users = users.restarted().await;
        assert_eq!(kept(&users).await, 2);

        users.service.clock().advance(chrono::TimeDelta::days(8));
        let users = users.restarted().await;

        users
            .until("nothing of it is left", async || kept(&users).await == 0)
            .await;
    }
}
