//! The list of operations beside the schema and beside its files, while the gateway runs.

use std::fs;

use federation_gateway::{Peers, Source};
use platform_testing::{Log, eventually};
use serde_json::json;
use tracing::Level;

use super::manifest;
use crate::support::{TestGateway, process::Process, serve, settings, stand_in::StandIn, supergraph};

const MISFITS: &str = "listed operations do not fit the schema";
const YOU: &str = "query You { you }";
const ME: &str = "query Me { me }";

/// A supergraph in which `you` is answered, and one in which `me` is as well.
async fn supergraphs() -> [String; 2] {
    let address = serve(StandIn::json(json!({ "data": { "you": "here", "me": "too" } })).router()).await;
    ["you: String", "you: String me: String"]
        .map(|fields| supergraph(&[("a", &format!("type Query {{ {fields} }}"), address)]))
}

#[tokio::test]
async fn what_is_listed_and_does_not_fit_the_schema_is_told_at_the_start() {
    let log = Log::listen(Level::WARN);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, &supergraphs().await[0]).unwrap();
    let two = "query One { you } query Two { you }";
    let entries = [("you-1", YOU), ("two", two), ("me-1", ME), ("torn", "query {")];
    let list = manifest(&folder, &entries);

    let settings = format!("[gateway.persisted]\nmanifest = {list:?}\nallow = \"known\"");
    let process = Process::start(Some(Source::File(file)), &settings).await.unwrap();

    assert_eq!(process.served(YOU).await, json!({ "you": "here" }));
    let told = log.text();
    assert_eq!(log.count(MISFITS), 1, "{told}");
    for words in [
        "operations=2",
        "me-1 (Me): Cannot query field",
        "torn",
        "cannot be parsed",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("you-1") && !told.contains("two"), "{told}");
    process.running.stop().await;
}

#[tokio::test]
async fn another_supergraph_that_listed_operations_do_not_fit_is_served_and_tells_them() {
    let log = Log::listen(Level::WARN);
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = supergraphs().await;
    let entries: Vec<_> = (1..=7)
        .map(|at| (format!("me-{at}"), format!("query Me{at} {{ me }}")))
        .collect();
    let entries: Vec<_> = entries.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let settings = settings(json!({ "persisted": { "manifest": manifest(&folder, &entries) } }));
    let gateway = TestGateway::start(&two, settings, Peers::new()).await;

    gateway.gateway.watch_listed().await;
    let before = log.count(MISFITS);
    gateway.gateway.reload(&one).await.unwrap();

    assert_eq!((before, log.count(MISFITS)), (0, 1), "{}", log.text());
    assert!(log.text().contains("operations=7"), "{}", log.text());
    assert!(
        log.text().contains("me-5 ") && !log.text().contains("me-6 "),
        "{}",
        log.text()
    );
    assert_eq!(gateway.data(YOU).await, json!({ "you": "here" }));
}

#[tokio::test]
async fn a_list_that_changes_is_used_without_a_restart_and_a_broken_one_never() {
    let log = Log::listen(Level::INFO);
    let folder = tempfile::tempdir().unwrap();
    let [_, both] = supergraphs().await;
    let list = manifest(&folder, &[("you-1", YOU)]);
    let settings = settings(json!({ "poll": "5ms", "persisted": { "manifest": list, "allow": "known" } }));
    let gateway = TestGateway::start(&both, settings, Peers::new()).await;
    gateway.gateway.watch_listed().await;
    let refused = "the new list of operations is not used";
    let beside = tempfile::tempdir().unwrap();

    let torn = beside.path().join("torn.json");
    fs::write(&torn, "{ \"format\": \"apollo-persist").unwrap();
    fs::rename(torn, &list).unwrap();
    eventually("the list is refused", async || log.count(refused) > 0).await;
    let kept = gateway.data(YOU).await;
    let other = manifest(&beside, &[("me-1", ME), ("us-1", "query Us { us }")]);
    fs::rename(other, &list).unwrap();
    eventually("the list is used", async || log.count(MISFITS) > 0).await;

    assert_eq!(kept, json!({ "you": "here" }));
    assert_eq!(log.count(refused), 1, "it is told once: {}", log.text());
    assert!(log.text().contains("us-1 (Us): "), "{}", log.text());
    assert_eq!(gateway.data(ME).await, json!({ "me": "too" }));
    let gone = gateway.run(YOU).await;
    assert_eq!(gone["errors"][0]["extensions"]["code"], "FORBIDDEN", "{gone}");
}
