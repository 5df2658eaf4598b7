//! Upkeep of the lake by hand.

use axum::http::Method;
use platform_testing::TestService;
use serde_json::{Value, json};

use super::{API, csv, get, problem, rows, said, service};

/// A service that leaves all upkeep to us, with twenty commits.
async fn with_commits() -> TestService {
    let service = TestService::with(service(), &[("financial-data.maintenance", "false")]).await;
    for day in 1..=20 {
        let stored = rows(&service, "?source=S", &format!("X,2024-01-{day:02},{day},2024-02-01\n")).await;
        assert_eq!(stored.status, 200);
    }
    service
}

async fn post(service: &TestService, path: &str) -> Value {
    let answer = service.post(&format!("/api/v1/lake/{path}"), &json!(null)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()["tables"].clone()
}

async fn files(service: &TestService) -> u64 {
    let stats = service.get("/api/v1/lake/stats?table=data_points").await.json();
    stats["tables"][0]["files"].as_u64().unwrap()
}

#[tokio::test]
async fn compaction_merges_files_and_changes_no_answer() {
    let service = with_commits().await;
    let (before, known) = (files(&service).await, csv(&service, "/series/X/points").await);

    let compacted = post(&service, "compact?effort=full&table=data_points").await;

    assert_eq!((before, files(&service).await), (20, 1));
    assert_eq!(compacted[0]["compactions"][0]["filesBefore"], 20);
    assert_eq!(csv(&service, "/series/X/points").await, known);
    assert_eq!(
        post(&service, "compact?effort=full&table=data_points").await[0]["compactions"],
        json!([])
    );
}

#[tokio::test]
async fn compaction_stops_until_it_is_resumed() {
    let service = with_commits().await;

    let paused = post(&service, "pause").await;
    let refused = service.post("/api/v1/lake/compact?effort=full", &json!(null)).await;
    let resumed = post(&service, "resume").await;

    assert_eq!(paused[0], json!({ "table": "data_points", "paused": true }));
    assert_eq!(problem(&refused, 409)["hint"], "resume it first");
    assert_eq!(resumed[2], json!({ "table": "sources", "paused": false }));
    post(&service, "compact").await;
    assert!(files(&service).await < 20);
}

#[tokio::test]
async fn a_series_is_deleted_while_compaction_is_paused() {
    let service = with_commits().await;
    post(&service, "pause").await;

    let deleted = service.send(Method::DELETE, &format!("{API}/series/S:X"), "", "").await;

    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!(get(&service, "/series/S:X").await.status, 404);
}

#[tokio::test]
async fn snapshots_are_listed_and_expire_down_to_what_is_kept() {
    let service = with_commits().await;
    let listed = service.get("/api/v1/lake/snapshots").await.json();

    let expired = post(&service, "expire?keep=3&hourly=0s&daily=0s&table=data_points").await;

    let snapshots = listed["snapshots"].as_array().unwrap();
    assert_eq!((snapshots.len(), &snapshots[0]["operation"]), (20, &json!("append")));
    let newest = snapshots[0]["id"].as_str().unwrap();
    assert_eq!(
        csv(&service, &format!("/series/X/points?snapshot={newest}"))
            .await
            .lines()
            .count(),
        21
    );
    assert!(expired[0]["expired"].as_u64().unwrap() >= 16, "{expired}");
    let left = service.get("/api/v1/lake/snapshots?table=data_points").await.json();
    assert!(left["snapshots"].as_array().unwrap().len() <= 4);
    assert_eq!(
        csv(&service, "/series/X/points").await.lines().count(),
        21,
        "what is known now stays"
    );
}

#[tokio::test]
async fn a_sweep_spares_what_may_be_part_of_a_commit() {
    let service = with_commits().await;

    let refused = service.post("/api/v1/lake/sweep?older_than=64m", &json!(null)).await;
    let swept = post(&service, "sweep?older_than=30d").await;

    assert!(said(&refused, 400).starts_with("older_than expects at least 65m: an upload may go on for an hour"));
    assert_eq!(swept[0]["swept"]["filesRemoved"], 0);
    assert!(swept[0]["swept"]["filesSeen"].as_u64().unwrap() > 20);
}

#[tokio::test]
async fn an_unknown_table_or_effort_is_refused() {
    let service = with_commits().await;

    let table = service.get("/api/v1/lake/stats?table=users").await;
    let effort = service.post("/api/v1/lake/compact?effort=some", &json!(null)).await;

    assert_eq!(
        said(&table, 400),
        "table expects one of data_points, series, sources, not \"users\""
    );
    assert_eq!(said(&effort, 400), "effort expects one of due, full, not \"some\"");
}
