//! What people do to the data is in the audit log, and a role that is given or taken away acts at once: in one process,
//! and in one for each service.

use std::time::{Duration, Instant};

use platform_http::Method;
use serde_json::{Value, json};
use system_tests::sign_in;

use crate::scenario::system::System;

const PAUSE: Duration = Duration::from_millis(30);
/// Half of the time for which a decision would hold if nobody told of the change.
const SOON: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);
const GRANT: &str = "mutation ($input: GrantRoleInput!) { grantRole(input: $input) { id } }";
const REVOKE: &str = "mutation ($id: UUID!) { revokeGrant(id: $id) }";
const LOG: &str = "query ($filter: AuditFilter) { auditLog(filter: $filter, first: 100) {
    nodes { actor source action targetKind targetId outcome data } } }";

/// People at the doors of a system.
struct Doors<'s> {
    system: &'s System,
}

impl Doors<'_> {
    async fn post(&self, token: &str, (service, path): (&str, &str), body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.system.urls[service]);
        system_tests::send(Method::POST, &url, token, &body).await
    }

    async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let (_, answer) = self.post(token, ("security", "/graphql"), body).await;
        assert!(answer["errors"].is_null(), "{}: {answer}", self.system.name);
        answer["data"].clone()
    }

    async fn write(&self, token: &str) -> u16 {
        let rows = json!([{ "series_id": "rate", "date": "2026-01-01", "value": "7731.25" }]);
        let call = ("financial-data", "/api/v1/financial-data/bulk?source=mine");
        self.post(token, call, rows).await.0
    }

    /// Waits until writing is answered so.
    async fn written(&self, token: &str, status: u16, within: Duration) {
        let started = Instant::now();
        loop {
            let given = self.write(token).await;
            if given == status {
                return;
            }
            let waited = started.elapsed();
            assert!(waited < within, "{}: still {given} and not {status}", self.system.name);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What the log has of somebody's deeds at the data, once it has an action.
    async fn log(&self, token: &str, (subject, action): (&str, &str)) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let filter = json!({ "filter": { "actor": subject } });
            let found = self.ask(token, LOG, filter).await;
            let nodes = found["auditLog"]["nodes"].as_array().unwrap();
            let here = nodes.iter().filter(|entry| entry["source"] == "financial-data");
            let here: Vec<_> = here.cloned().collect();
            if here.iter().any(|entry| entry["action"] == action) {
                return here;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{}: no {action} in {found}",
                self.system.name
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn follow(system: &System) {
    let (doors, auth) = (Doors { system }, &system.urls["auth"]);
    let (admin, _) = sign_in(auth, "admin", "correct-horse-economic-1").await;
    let (viewer, subject) = sign_in(auth, "viewer", "correct-horse-economic-3").await;

    assert_eq!(doors.write(&viewer).await, 403);
    let input = json!({ "input": { "subject": subject, "role": "economic/admin" } });
    let granted = doors.ask(&admin, GRANT, input).await;
    doors.written(&viewer, 200, SOON).await;
    let delete = json!({ "query": "mutation { deleteFinancialSeries(id: \"mine:rate\") }" });
    let (_, deleted) = doors.post(&viewer, ("financial-data", "/graphql"), delete).await;
    assert_eq!(deleted["data"]["deleteFinancialSeries"], true, "{deleted}");
    doors
        .ask(&admin, REVOKE, json!({ "id": granted["grantRole"]["id"] }))
        .await;
    doors.written(&viewer, 403, SOON).await;

    let told = doors.log(&admin, (&subject, "series.deleted")).await;
    let of = |action: &str| told.iter().find(|entry| entry["action"] == action).unwrap();
    let (uploaded, deleted) = (of("points.uploaded"), of("series.deleted"));
    assert_eq!(
        (&uploaded["targetKind"], &uploaded["outcome"]),
        (&json!("series"), &json!("done"))
    );
    assert_eq!(uploaded["targetId"], deleted["targetId"]);
    let facts: Value = serde_json::from_str(uploaded["data"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&facts["series"], &facts["rows"]["stored"]),
        (&json!(["mine:rate"]), &json!(1))
    );
    assert!(facts["session"].is_string() && facts["request"].is_string(), "{facts}");
    assert!(
        !json!(told).to_string().contains("7731"),
        "a value is in the log: {told:?}"
    );
    let intact = doors
        .ask(&admin, "{ verifyAuditLog { intact fault } }", json!({}))
        .await;
    assert_eq!(intact["verifyAuditLog"]["intact"], true, "{intact}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_to_the_data_is_in_the_log_and_a_changed_role_acts_at_once() {
    follow(&System::embedded().await).await;
    if let Some(split) = System::split().await {
        follow(&split).await;
    }
}
