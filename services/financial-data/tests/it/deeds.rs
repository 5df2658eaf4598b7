//! What is told to the audit log where not everybody may do everything, and nothing where everybody may.

mod upkeep;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{Method, Request},
};
use chrono::TimeDelta;
use contracts::audit::Recorded;
use futures::{StreamExt, channel::mpsc::unbounded};
use platform_database::{Database, Tx};
use platform_error::Error;
use platform_events::{Consumers, Events, Received};
use platform_testing::{Answer, TestClient, TestIssuer, TestService, eventually, on_each_database};
use serde_json::{Value, json};

const API: &str = "/api/v1/financial-data";
const USUAL: [(&str, &str); 4] = [
    ("financial-data.access", "closed"),
    ("database.min-connections", "0"),
    ("database.max-connections", "3"),
    ("events.poll", "20ms"),
];

/// The entries of the audit log, as `security` would hear them.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(String, Recorded)>>>);

impl Heard {
    /// All of them, the first first, once there are so many.
    async fn wait_for(&self, count: usize) -> Vec<(String, Recorded)> {
        let all = || self.0.lock().unwrap().clone();
        eventually("the audit log is told", async || all().len() >= count).await;
        all()
    }
}

async fn recorded(heard: &Heard, _: &Tx, event: Received<Recorded>) -> Result<(), Error> {
    let actor = event.envelope.actor.clone().unwrap_or_default();
    heard.0.lock().unwrap().push((actor, event.event));
    Ok(())
}

/// Listens to what the service tells, in a database of another service.
async fn listen(service: &TestService) -> Heard {
    let (context, heard) = (service.context().named("listener"), Heard::default());
    let db = Database::open(&context, &[platform_events::MIGRATIONS]).await.unwrap();
    let events = Events::open(&context, &db).await.unwrap();
    let store = heard.clone();
    context.spawn("listener", async move {
        let consumers = Consumers::new().on("listener", recorded);
        consumers.run(&events, &store).await.unwrap();
    });
    heard
}

/// The service where only those who may read and write.
async fn closed(issuer: &TestIssuer, url: Option<&str>) -> TestService {
    let url = url.map(|url| ("database.url", url));
    let settings: Vec<_> = USUAL.into_iter().chain(url).collect();
    TestService::believing(issuer, financial_data::service(), &settings).await
}

fn crawler(issuer: &TestIssuer, service: &TestService) -> TestClient {
    service.bearer(&issuer.service("crawler", "financial-data"))
}

async fn upload(client: &TestClient, query: &str, rows: &str) -> Answer {
    let body = format!("series_id,date,value,revision_date\n{rows}");
    let path = format!("{API}/bulk?source=S{query}");
    client.send(Method::POST, &path, "text/csv", body).await
}

fn facts(entry: &(String, Recorded)) -> (&str, &str, &str) {
    let Recorded {
        action, target_type, ..
    } = &entry.1;
    (&entry.0, action, target_type)
}

#[tokio::test]
async fn the_log_is_told_who_did_what_to_which_series_with_how_many_rows_and_no_value() {
    on_each_database(async |url| {
        let issuer = TestIssuer::default();
        let service = closed(&issuer, url).await;
        let (heard, crawler) = (listen(&service).await, crawler(&issuer, &service));
        let rows = "X,2024-01-01,7731.25,2024-02-01\nX,2024-01-02,7731.5,2024-02-01\nY,2024-01-01,7731.75,2024-02-01\n";

        let stored = upload(
            &crawler,
            "&batch_id=b1",
            &format!("{rows}Y,2024-13-01,7731.125,2024-02-01\n"),
        )
        .await;
        let described = json!({ "title": "Seven" });
        let described = crawler
            .send(
                Method::PUT,
                &format!("{API}/series/S:Z"),
                "application/json",
                described.to_string(),
            )
            .await;
        let delete = "mutation { deleteFinancialSeries(id: \"S:X\") }";
        let deleted = crawler.graphql(delete).await;
        let compacted = crawler.post("/api/v1/lake/compact?table=series", &json!(null)).await;

        assert_eq!((stored.status.as_u16(), described.status.as_u16()), (200, 201));
        assert_eq!(
            (&deleted["data"]["deleteFinancialSeries"], compacted.status.as_u16()),
            (&json!(true), 200)
        );
        let told = heard.wait_for(4).await;
        let by = "service:crawler";
        let mut acts: Vec<_> = told.iter().map(facts).collect();
        acts.sort_unstable();
        let expected = [
            (by, "lake.compacted", "lake"),
            (by, "points.uploaded", "series"),
            (by, "series.deleted", "series"),
            (by, "series.described", "series"),
        ];
        assert_eq!(acts, expected);
        let of = |action: &str| &told.iter().find(|(_, entry)| entry.action == action).unwrap().1;
        let uploaded = &of("points.uploaded").data;
        assert_eq!(uploaded["series"], json!(["S:X", "S:Y"]));
        let counts = json!({ "read": 4, "stored": 3, "refused": 1, "unchanged": 0, "withdrawn": 0 });
        assert_eq!((&uploaded["rows"], &uploaded["batch"]), (&counts, &json!("b1")));
        assert_eq!(uploaded["request"], stored.header("x-request-id"));
        let deleted = of("series.deleted");
        assert_eq!(
            (&deleted.data["series"], &deleted.data["rows"]),
            (&json!(["S:X"]), &json!(2))
        );
        assert_eq!(of("lake.compacted").target_id, "series");
        // With the point, because ids have any digits.
        let told = json!(told).to_string();
        assert!(!told.contains("7731."), "no value is told: {told}");
        service.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_as_a_whole_is_told_as_failed_and_what_nobody_may_is_not_begun() {
    let issuer = TestIssuer::default();
    let service = closed(&issuer, None).await;
    let (heard, crawler) = (listen(&service).await, crawler(&issuer, &service));

    let anonymous = upload(&service, "", "X,2024-01-01,1,2024-02-01\n").await;
    let refused = upload(
        &crawler,
        "&all_or_nothing=true",
        "X,2024-01-01,1,2024-02-01\nX,2024-13-01,1,2024-02-01\n",
    )
    .await;
    let stored = upload(&crawler, "", "X,2024-01-01,1,2024-02-01\n").await;

    assert_eq!(
        (
            anonymous.status.as_u16(),
            refused.status.as_u16(),
            stored.status.as_u16()
        ),
        (401, 422, 200)
    );
    let told = heard.wait_for(2).await;
    let ends: Vec<_> = told
        .iter()
        .map(|(_, entry)| (json!(entry.outcome), entry.data["code"].clone()))
        .collect();
    assert_eq!(ends.len(), 2);
    assert!(ends.contains(&(json!("failed"), json!("INVALID"))), "{ends:?}");
    assert!(ends.contains(&(json!("done"), Value::Null)), "{ends:?}");
    service.stop().await;
}

#[tokio::test]
async fn a_name_that_somebody_chose_makes_no_entry_too_large_to_be_told() {
    let issuer = TestIssuer::default();
    let service = closed(&issuer, None).await;
    let (heard, crawler) = (listen(&service).await, crawler(&issuer, &service));
    let upload = "mutation($key: String!) { bulkUploadFinancialData(batchId: $key, source: \"S\",
        data: [{ externalId: \"X\", date: \"2024-01-01\", value: \"1\" }]) { batchId successful } }";

    let stored = crawler.graphql_with(upload, json!({ "key": "k".repeat(255) })).await;

    assert_eq!(
        stored["data"]["bulkUploadFinancialData"]["successful"], 1,
        "{}",
        stored["errors"]
    );
    let told = &heard.wait_for(1).await[0].1;
    assert_eq!(told.data["batch"], "k".repeat(200));
    service.stop().await;
}

#[tokio::test]
async fn what_was_begun_when_a_process_stopped_is_told_as_of_unknown_end() {
    on_each_database(async |url| {
        let issuer = TestIssuer::default();
        let service = closed(&issuer, url).await;
        let begun = Arc::new(tokio::sync::Notify::new());
        let (sender, arriving) = unbounded::<Result<&str, Infallible>>();
        let seen = begun.clone();
        let body = Body::from_stream(arriving.inspect(move |_| seen.notify_one()));
        let request = Request::post(format!("{API}/bulk?source=S&batch_id=cut")).header("content-type", "text/csv");
        let (client, request) = (crawler(&issuer, &service), request.body(body).unwrap());
        sender.unbounded_send(Ok("series_id,date,value\n")).unwrap();
        tokio::select! {
            answer = client.request(request) => panic!("it was answered: {}", answer.text()),
            () = begun.notified() => {}
        }
        drop(sender);
        issuer.clock().advance(TimeDelta::minutes(70));

        let service = service.restart(financial_data::service()).await;

        let told = listen(&service).await.wait_for(1).await;
        let (actor, entry) = &told[0];
        assert_eq!(
            (actor.as_str(), entry.action.as_str()),
            ("service:crawler", "points.uploaded")
        );
        assert_eq!(json!(entry.outcome), "failed");
        assert_eq!(
            (&entry.data["end"], &entry.data["batch"]),
            (&json!("unknown"), &json!("cut"))
        );
        service.stop().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_written_while_it_cannot_be_written_down_and_everything_is_read() {
    let issuer = TestIssuer::default();
    let nowhere = "postgres://127.0.0.1:1/nowhere";
    let away = [
        ("database.services.financial-data", nowhere),
        ("database.acquire-timeout", "300ms"),
    ];
    let settings: Vec<_> = USUAL
        .into_iter()
        .filter(|(key, _)| !key.starts_with("events"))
        .chain(away)
        .collect();

    let service = TestService::believing(&issuer, financial_data::service(), &settings).await;

    let crawler = crawler(&issuer, &service);
    let refused = upload(&crawler, "", "X,2024-01-01,1,2024-02-01\n").await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(
        refused.text().contains("cannot be written down for the audit log"),
        "{}",
        refused.text()
    );
    let listed = crawler.get(&format!("{API}/series")).await;
    assert_eq!(
        (listed.status.as_u16(), listed.json()["total"].clone()),
        (200, json!(0))
    );
    service.stop().await;
}

#[tokio::test]
async fn where_everybody_may_do_everything_there_is_no_database_beside_the_lake() {
    let service = TestService::start(financial_data::service()).await;

    let stored = upload(&service, "", "X,2024-01-01,1,2024-02-01\n").await;

    assert_eq!(stored.status, 200, "{}", stored.text());
    let folder = service.stop().await;
    let files = std::fs::read_dir(folder.path()).unwrap().flatten();
    let names: Vec<_> = files.map(|file| file.file_name().into_string().unwrap()).collect();
    assert!(
        names
            .iter()
            .all(|name| name == "lake" || name.starts_with("catalog.db")),
        "{names:?}"
    );
}
