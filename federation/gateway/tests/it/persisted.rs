//! Operations known by their hash.

mod listed;

use std::fs;

use federation_gateway::Gateway;
use platform_config::Config;
use platform_service::{Clock, Context};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{TestGateway, in_process, local, settings, shop};

const WAREHOUSES: &str = "query Warehouses { warehouses }";
const TOP: &str = "query Top { topProducts(first: 1) { name } }";

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn gateway(persisted: Value) -> TestGateway {
    in_process(shop::parts(), settings(json!({ "persisted": persisted }))).await
}

async fn sent(gateway: &TestGateway, query: Option<&str>, hash: Option<&str>) -> Value {
    let extensions = hash.map(|hash| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } }));
    let body = json!({ "query": query, "extensions": extensions });
    gateway.post(&body).await.json().await.expect("the answer is JSON")
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_client_registers_an_operation_by_sending_it_once() {
    let gateway = gateway(json!({})).await;
    let hash = hash(WAREHOUSES);

    let unknown = sent(&gateway, None, Some(&hash)).await;
    let registered = sent(&gateway, Some(WAREHOUSES), Some(&hash)).await;
    let known = sent(&gateway, None, Some(&hash)).await;

    assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(registered["data"]["warehouses"], json!(["north", "south"]));
    assert_eq!(known, registered);
}

#[tokio::test]
async fn a_hash_that_is_not_the_texts_registers_nothing() {
    let gateway = gateway(json!({})).await;

    let refused = sent(&gateway, Some(TOP), Some(&hash(WAREHOUSES))).await;
    let unknown = sent(&gateway, None, Some(&hash(WAREHOUSES))).await;

    assert_eq!(code(&refused), "INVALID");
    assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn clients_are_told_when_registering_is_switched_off() {
    let gateway = gateway(json!({ "automatic": false })).await;

    sent(&gateway, Some(WAREHOUSES), Some(&hash(WAREHOUSES))).await;
    let answer = sent(&gateway, None, Some(&hash(WAREHOUSES))).await;

    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_SUPPORTED");
}

#[tokio::test]
async fn only_what_is_listed_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let manifest = folder.path().join("manifest.json");
    let entry = json!({ "id": "warehouses-1", "name": "Warehouses", "type": "query", "body": WAREHOUSES });
    let text = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [entry] });
    fs::write(&manifest, text.to_string()).expect("the manifest can be written");
    fs::write(folder.path().join(format!("{}.graphql", hash(TOP))), TOP).expect("the operation can be written");
    let settings = json!({ "manifest": manifest, "directory": folder.path(), "allow": "known" });
    let gateway = gateway(settings).await;

    let by_id = sent(&gateway, None, Some("warehouses-1")).await;
    let by_text = sent(&gateway, Some(WAREHOUSES), None).await;
    let by_hash = sent(&gateway, None, Some(&hash(TOP))).await;
    let other = sent(&gateway, Some("{ warehouses }"), None).await;
    let registered = sent(&gateway, Some("{ warehouses }"), Some(&hash("{ warehouses }"))).await;

    assert_eq!(by_id["data"]["warehouses"], json!(["north", "south"]));
    assert_eq!(by_text, by_id);
    assert_eq!(by_hash["data"]["topProducts"][0]["name"], "Table");
    assert_eq!(code(&other), "FORBIDDEN");
    assert_eq!(code(&registered), "FORBIDDEN");
}

#[tokio::test]
async fn texts_are_refused_where_only_ids_are_taken() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join(format!("{}.graphql", hash(TOP))), TOP).expect("the operation can be written");
    let gateway = gateway(json!({ "directory": folder.path(), "allow": "known-by-id" })).await;

    let by_text = sent(&gateway, Some(TOP), None).await;
    let by_hash = sent(&gateway, None, Some(&hash(TOP))).await;

    assert_eq!(code(&by_text), "FORBIDDEN");
    assert_eq!(by_hash["data"]["topProducts"][0]["name"], "Table");
}

fn manifest(folder: &TempDir, entries: &[(&str, &str)]) -> String {
    let operations = entries
        .iter()
        .map(|(id, body)| json!({ "id": id, "name": "", "type": "query", "body": body }));
    let operations: Vec<_> = operations.collect();
    let text = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": operations });
    let file = folder.path().join("manifest.json");
    fs::write(&file, text.to_string()).expect("the manifest can be written");
    file.to_string_lossy().into_owned()
}

#[tokio::test]
async fn what_is_listed_under_another_id_is_known_by_its_hash_as_well() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let manifest = manifest(&folder, &[("warehouses-1", WAREHOUSES)]);
    for allow in ["any", "known", "known-by-id"] {
        let gateway = gateway(json!({ "manifest": manifest, "allow": allow })).await;

        let by_hash = sent(&gateway, None, Some(&hash(WAREHOUSES))).await;
        let in_capitals = sent(&gateway, None, Some(&hash(WAREHOUSES).to_uppercase())).await;

        assert_eq!(by_hash["data"]["warehouses"], json!(["north", "south"]), "{allow}");
        assert_eq!(in_capitals, by_hash, "{allow}");
    }
}

fn refusal(folder: &tempfile::TempDir, persisted: &Value) -> String {
    let (sdl, peers) = local(shop::parts());
    let context = Context::standalone("gateway", Config::default(), Clock::system(), folder.path());
    let settings = settings(json!({ "persisted": persisted }));
    let refused = Gateway::new(&sdl, settings, peers, &context).err();
    refused.expect("it is refused").to_string()
}

#[tokio::test]
async fn an_id_that_stands_for_two_operations_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let manifest = manifest(&folder, &[("one", WAREHOUSES), ("one", WAREHOUSES), ("one", TOP)]);

    let reason = refusal(&folder, &json!({ "manifest": manifest }));

    assert!(reason.ends_with("the id \"one\" stands for two operations"), "{reason}");
}

#[tokio::test]
async fn who_lets_only_listed_operations_run_has_to_name_a_list() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");

    for allow in ["known", "known-by-id"] {
        let reason = refusal(&folder, &json!({ "allow": allow }));
        assert!(reason.contains("persisted.manifest"), "{reason}");
    }
}
