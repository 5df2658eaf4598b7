//! All that is known of a person, and that it is forgotten.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::{Request, StatusCode};
use contracts::{
    audit::Recorded,
    privacy::{ExportPart, ExportRequested},
    users::Deleted,
};
use platform_database::Tx;
use platform_error::Error;
use platform_events::{Bus, Consumers, EmbeddedBus, LARGEST, Position, Received};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, Users};

async fn fetch(users: &Users, by: &Person, path: &str) -> (StatusCode, Value) {
    let request = Request::get(path).header("authorization", format!("Bearer {}", by.token));
    let answer = users.send(request.body("".into()).unwrap()).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_export_has_what_every_service_knows_and_is_for_its_person_alone() {
    for users in Users::everywhere().await {
        let (ada, eve) = (users.person("ada").await, users.person("eve").await);
        users
            .data(
                &ada,
                "mutation { saveSeries(series: \"FRED:GDP\", note: \"output\") { note } }",
                json!({}),
            )
            .await;
        let asked = users
            .data(&ada, "mutation { requestDataExport { id path } }", json!({}))
            .await;
        let (id, path) = (
            &asked["requestDataExport"]["id"],
            asked["requestDataExport"]["path"].as_str().unwrap(),
        );
        let export: Uuid = id.as_str().unwrap().parse().unwrap();

        // Another service answers, and somebody else's answer is mixed up with it.
        let part = |user, data| ExportPart {
            export,
            user,
            service: "elsewhere".into(),
            number: 0,
            data,
        };
        users.tell(&part(eve.id, json!({ "wrong": true }))).await;
        users.tell(&part(ada.id, json!({ "sessions": 2 }))).await;

        let arrived = async || fetch(&users, &ada, path).await.1["services"]["elsewhere"].is_object();
        users.until("the part arrives", arrived).await;
        let (status, known) = fetch(&users, &ada, path).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(known["services"]["elsewhere"], json!({ "sessions": 2 }));
        let saved = &known["services"]["users"]["savedSeries"][0];
        assert_eq!(
            (&saved["series"], &saved["note"]),
            (&json!("FRED:GDP"), &json!("output"))
        );
        assert_eq!(known["services"]["users"]["profile"]["email"], "ada@example.com");
        assert_eq!(fetch(&users, &eve, path).await.0, StatusCode::NOT_FOUND);
        let mut claims = users.issuer.claims(ada.id);
        (claims.kind, claims.scope) = (platform_auth::Kind::Key, "users:read".into());
        let key = Person {
            id: ada.id,
            token: users.issuer.sign(&claims),
        };
        assert_eq!(fetch(&users, &key, path).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn what_a_service_knows_arrives_whole_however_much_it_is() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let asked = users
            .data(&ada, "mutation { requestDataExport { id path } }", json!({}))
            .await;
        let path = asked["requestDataExport"]["path"].as_str().unwrap();
        let asked = ExportRequested {
            export: asked["requestDataExport"]["id"].as_str().unwrap().parse().unwrap(),
            user: ada.id,
        };
        let actions: Vec<_> = (0..2_000).map(|number| format!("{number:0>200}")).collect();
        let known = json!({ "account": { "name": "ada" }, "actions": actions, "notes": [], "sessions": [1] });

        let parts = ExportPart::several(&asked, "elsewhere", known.clone());

        assert!(parts.len() > 1);
        for part in parts.iter().rev() {
            assert!(part.data.to_string().len() < LARGEST - 1_000);
            users.tell(part).await;
        }
        users
            .until("all of it is there", async || {
                fetch(&users, &ada, path).await.1["services"]["elsewhere"] == known
            })
            .await;
    }
}

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

/// What a test has heard of deeds.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Recorded>>>);

async fn recorded(heard: &Heard, _: &Tx, event: Received<Recorded>) -> Result<(), Error> {
    heard.0.lock().unwrap().push(event.event);
    Ok(())
}

#[tokio::test]
async fn who_inherits_a_workspace_is_in_the_audit_log() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "ADMIN")]).await;
        let (heard, events) = (
            Heard::default(),
            users.service.store::<users::store::Store>().events.clone(),
        );
        let listener = heard.clone();
        users.service.context().spawn("listener", async move {
            let consumers = Consumers::new().on("listener", recorded);
            consumers.run(&events, &listener).await.unwrap();
        });

        users.tell(&Deleted { user: ada.id }).await;

        let of_role = |deed: &Recorded| deed.action == "workspaces.role_changed";
        let is_told = async || heard.0.lock().unwrap().iter().any(of_role);
        users.until("it is told", is_told).await;
        let deeds = heard.0.lock().unwrap().clone();
        let deed = deeds.into_iter().find(of_role).unwrap();
        assert_eq!(json!(deed.target_id), workspace);
        assert_eq!(deed.data, json!({ "user": bob.id, "role": "owner" }));
    }
}

#[tokio::test]
async fn an_export_says_who_shared_what_with_somebody_and_who_invited_them() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let draw = "mutation { createChart(input: { title: \"t\", spec: {} }) { id } }";
        let chart = users.data(&ada, draw, json!({})).await["createChart"]["id"].clone();
        let share = "mutation ($c: ID!, $u: ID!) { shareChart(chartId: $c, userId: $u, level: EDIT) { id } }";
        users.data(&ada, share, json!({ "c": chart, "u": bob.id })).await;
        let say = "mutation ($c: ID!) { addChartComment(chartId: $c, body: \"mine\") { id } }";
        users.data(&bob, say, json!({ "c": chart })).await;
        let workspace = crate::workspaces::with(&users, &ada, &[]).await;
        let invite = "mutation ($w: ID!) {
            inviteToWorkspace(workspaceId: $w, email: \"bob@example.com\", role: VIEWER) { secret } }";
        users.data(&ada, invite, json!({ "w": workspace })).await;

        let known = async |person: &Person| {
            let asked = users
                .data(person, "mutation { requestDataExport { path } }", json!({}))
                .await;
            let path = asked["requestDataExport"]["path"].as_str().unwrap().to_owned();
            fetch(&users, person, &path).await.1["services"]["users"].clone()
        };
        let (of_ada, of_bob) = (known(&ada).await, known(&bob).await);

        assert_eq!(of_bob["chartsSharedWithMe"][0]["level"], "edit");
        assert_eq!(of_bob["comments"][0]["chart"], chart);
        let invitation = |known: &Value| known["invitations"][0].clone();
        assert_eq!(
            (&invitation(&of_bob)["byMe"], &invitation(&of_bob)["email"]),
            (&json!(false), &json!("bob@example.com"))
        );
        // Whom somebody invited is not theirs to be told of.
        assert_eq!(
            (&invitation(&of_ada)["byMe"], &invitation(&of_ada)["email"]),
            (&json!(true), &json!(null))
        );
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
        let store: users::store::Store = users.service.store();
        let before = store.clear_over().await.unwrap();

        users.service.clock().advance(chrono::TimeDelta::days(8));

        assert_eq!((before, store.clear_over().await.unwrap()), (0, 2));
    }
}
