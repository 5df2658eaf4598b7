//! What is known of a person, for themselves.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use contracts::privacy::{ExportPart, ExportRequested};
use futures::TryStreamExt;
use platform_events::LARGEST;
use serde_json::{Value, json};
use tonic::codegen::Service;
use uuid::Uuid;

use crate::support::{Person, Users};

/// The most of an answer that is in memory at once.
const MOST: usize = 700_000;

fn request(by: &Person, path: &str) -> Request<Body> {
    let request = Request::get(path).header("authorization", format!("Bearer {}", by.token));
    request.body("".into()).unwrap()
}

async fn fetch(users: &Users, by: &Person, path: &str) -> (StatusCode, Value) {
    let answer = users.send(request(by, path)).await;
    (answer.status, answer.json())
}

/// Where an export is that somebody asks for.
async fn asked(users: &Users, by: &Person) -> String {
    let asked = users
        .data(by, "mutation { requestDataExport { path } }", json!({}))
        .await;
    asked["requestDataExport"]["path"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_export_has_what_every_service_knows_and_is_for_its_person_alone() {
    for users in Users::everywhere().await {
        let (ada, eve) = (users.person("ada").await, users.person("eve").await);
        users.save_gdp(&ada).await;
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
async fn an_export_takes_no_more_memory_the_more_somebody_wrote() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let write = "mutation ($title: String!, $body: String!) { createAnnotation(input: { series: \"FRED:GDP\",
            firstDate: \"2020-01-01\", title: $title, body: $body }) { id } }";
        for title in 0..120 {
            let note = json!({ "title": title.to_string(), "body": "x".repeat(10_000) });
            users.data(&ada, write, note).await;
        }
        let list = "mutation ($name: String!) { createWatchlist(name: $name) { id } }";
        let watch = "mutation ($id: ID!, $s: String!) { addToWatchlist(watchlistId: $id, series: $s) { id } }";
        let draw = "mutation { createChart(input: { title: \"t\", spec: {} }) { id } }";
        let share = "mutation ($c: ID!, $u: ID!) { shareChart(chartId: $c, userId: $u, level: VIEW) { id } }";
        for name in 0..7 {
            let made = users.data(&ada, list, json!({ "name": name.to_string() })).await;
            let on = json!({ "id": made["createWatchlist"]["id"], "s": format!("TEST:{name}") });
            users.data(&ada, watch, on).await;
            let chart = users.data(&ada, draw, json!({})).await["createChart"]["id"].clone();
            users.data(&ada, share, json!({ "c": chart, "u": bob.id })).await;
        }
        let path = asked(&users, &ada).await;

        let answer = users.service.router().call(request(&ada, &path)).await.unwrap();
        let pieces: Vec<_> = answer.into_body().into_data_stream().try_collect().await.unwrap();

        let largest = pieces.iter().map(|piece| piece.len()).max().unwrap();
        assert!(largest < MOST, "{largest} bytes at once");
        let whole: Value = serde_json::from_slice(&pieces.concat()).unwrap();
        let known = &whole["services"]["users"];
        let of = |kind: &str, field: &str| {
            let all = known[kind].as_array().unwrap().iter();
            all.map(|one| one[field].clone()).collect::<Vec<_>>()
        };
        let numbers = |count: usize| (0..count).map(|number| json!(number.to_string())).collect::<Vec<_>>();
        assert_eq!(of("annotations", "title"), numbers(120));
        assert_eq!(of("watchlists", "name"), numbers(7));
        let watched = |name: usize| known["watchlists"][name]["series"][0]["series"].clone();
        assert_eq!(
            (0..7).map(watched).collect::<Vec<_>>(),
            (0..7).map(|name| json!(format!("TEST:{name}"))).collect::<Vec<_>>()
        );
        assert_eq!(of("charts", "id"), of("chartsSharedByMe", "chart"));
        assert_eq!(of("charts", "id").len(), 7);
    }
}

#[tokio::test]
async fn each_person_is_given_one_export_at_a_time() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let (of_ada, of_bob) = (asked(&users, &ada).await, asked(&users, &bob).await);

        let first = users.service.router().call(request(&ada, &of_ada)).await.unwrap();
        let second = fetch(&users, &ada, &of_ada).await;
        let of_another = fetch(&users, &bob, &of_bob).await;
        let is_first = first.status();
        drop(first);
        let third = fetch(&users, &ada, &of_ada).await;

        assert_eq!((is_first, second.0), (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS));
        assert_eq!((of_another.0, third.0), (StatusCode::OK, StatusCode::OK));
    }
}
