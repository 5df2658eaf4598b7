//! What clients run and read, counted and kept.

use std::{path::Path, time::Duration};

use federation_composition::diff::{Severity, diff_with_usage};
use federation_gateway::{Gateway, UsageReport};
use platform_config::Config;
use platform_service::{Clock, Context};
use serde_json::{Value, json};

use crate::support::{Part, TestGateway, in_process, local, serve, settings, shop, stand_in::StandIn};

#[tokio::test]
async fn operations_and_fields_are_counted() {
    let gateway = in_process(shop::parts(), settings(json!({}))).await;
    let admin = serve(gateway.gateway.admin_router()).await;
    for _ in 0..3 {
        gateway
            .data("query Top { topProducts(first: 1) { name ...F } } fragment F on Product { maker { name } }")
            .await;
    }
    gateway.data("{ warehouses }").await;

    let response = gateway
        .client
        .get(&format!("http://{admin}/usage"))
        .send()
        .await
        .expect("the gateway answers");
    let report: UsageReport = response.json().await.expect("the answer is a report");

    assert_eq!(report.operations[0].name.as_deref(), Some("Top"));
    assert_eq!((report.operations[0].count, report.operations[0].errors), (3, 0));
    assert_eq!(report.fields["Query.topProducts"], 3);
    assert_eq!(report.fields["Query.topProducts(first:)"], 3);
    assert_eq!(report.fields["Product.name"], 3);
    assert_eq!(report.fields["Company.name"], 3);
    assert_eq!(report.fields["Query.warehouses"], 1);
    assert!(!report.fields.contains_key("Product.price"));
}

#[tokio::test]
async fn an_operation_is_one_whether_or_not_its_name_is_sent() {
    let gateway = in_process(shop::parts(), settings(json!({}))).await;
    let query = "query Stores { warehouses }";
    gateway.data(query).await;
    gateway
        .post(&json!({ "query": query, "operationName": "Stores" }))
        .await;

    let report = gateway.gateway.usage_report();

    assert_eq!(report.operations.len(), 1);
    assert_eq!(report.operations[0].count, 2);
}

#[tokio::test]
async fn fields_of_forgotten_operations_stay_counted() {
    let gateway = in_process(shop::parts(), settings(json!({ "usage": { "operations": 5 } }))).await;
    for number in 0..50 {
        gateway.data(&format!("query Number{number} {{ warehouses }}")).await;
    }

    let report = gateway.gateway.usage_report();

    assert!(report.operations.len() <= 5);
    assert_eq!(report.fields["Query.warehouses"], 50);
}

fn open(folder: &Path, usage: Value) -> (Gateway, Context) {
    let context = Context::standalone("gateway", Config::default(), Clock::system(), folder);
    let (sdl, peers) = local(shop::parts());
    let gateway = Gateway::new(&sdl, settings(json!({ "usage": usage })), peers, &context);
    (gateway.expect("the supergraph can be served"), context)
}

async fn run(gateway: &Gateway, query: &str) {
    let request = serde_json::from_value(json!({ "query": query })).expect("it is a request");
    let outcome = gateway.execute(request, Default::default()).await;
    assert!(outcome.faults.is_empty());
}

#[tokio::test]
async fn counts_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (gateway, context) = open(folder.path(), json!({}));
    run(&gateway, "{ warehouses }").await;

    context.shutdown().cancel();
    let file = folder.path().join("usage.json");
    let written = tokio::time::timeout(Duration::from_secs(10), async {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    written.await.expect("the counts are written when the service stops");
    let (gateway, _context) = open(folder.path(), json!({}));
    run(&gateway, "{ warehouses }").await;

    let report = gateway.usage_report();
    assert_eq!(report.fields["Query.warehouses"], 2);
    assert_eq!(report.operations[0].count, 2);
}

#[test]
fn counts_survive_a_restart_that_tells_fewer_operations_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let operation = |number: u32| {
        json!({
            "name": null, "hash": format!("{number:064x}"), "kind": "query", "count": 1, "errors": 0, "lastSeen": 0,
            "fields": ["Query.warehouses"], "document": "{ warehouses }",
        })
    };
    let operations: Vec<_> = (0..500).map(operation).collect();
    let report = json!({ "since": 0, "operations": operations, "fields": { "Query.warehouses": 507 } });
    std::fs::write(folder.path().join("usage.json"), report.to_string()).expect("the folder can be written to");

    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let _inside = runtime.enter();
    let (gateway, _context) = open(folder.path(), json!({ "operations": 3 }));

    let report = gateway.usage_report();
    assert!(report.operations.len() <= 3);
    assert_eq!(report.fields["Query.warehouses"], 507);
}

/// A subgraph that answers at once, or never.
fn films() -> Part {
    let films = StandIn::new(|asked: Value| async move {
        if asked["query"].as_str().is_some_and(|query| query.contains("late")) {
            std::future::pending::<()>().await;
        }
        axum::Json(json!({ "data": { "film": { "__typename": "Film", "title": "Metropolis", "year": 1927 } } }))
    });
    films.part("films", FILMS)
}

const FILMS: &str = "type Query { film(id: Int): Film late: Film } type Film { title: String year: Int length: Int }";

/// Whether clients of the gateway miss something that is taken away.
fn is_missed(gateway: &TestGateway, gone: &str) -> bool {
    let recorded = gateway.gateway.usage_report().recorded();
    let report = diff_with_usage(FILMS, &FILMS.replace(gone, ""), &recorded).expect("both are schemas");
    assert_eq!(report.changes.len(), 1);
    report.changes[0].severity == Severity::Breaking
}

#[tokio::test]
async fn what_forgotten_operations_read_is_missed_when_it_is_taken_away() {
    let gateway = in_process(vec![films()], settings(json!({ "usage": { "operations": 1 } }))).await;
    gateway.data("{ film(id: 1) { title } }").await;
    let is_told = || {
        let operations = gateway.gateway.usage_report().operations;
        let mut texts = operations.into_iter().filter_map(|operation| operation.document);
        texts.any(|text| text.contains("title"))
    };
    for _ in 0..100 {
        gateway.data("{ film { year } }").await;
        if !is_told() {
            break;
        }
    }

    assert!(!is_told());
    assert!(is_missed(&gateway, "title: String"));
    assert!(is_missed(&gateway, "(id: Int)"));
    assert!(is_missed(&gateway, "year: Int"));
    assert!(!is_missed(&gateway, "length: Int"));
}

#[tokio::test]
async fn what_a_very_long_operation_reads_is_missed_when_it_is_taken_away() {
    let gateway = in_process(vec![films()], settings(json!({}))).await;
    let comment = "x".repeat(20 << 10);
    gateway
        .data(&format!("{{ film {{ title __typename }} }} # {comment}"))
        .await;

    let report = gateway.gateway.usage_report();

    assert_eq!(report.operations[0].document, None);
    assert_eq!(report.fields["Film.__typename"], 1);
    assert!(is_missed(&gateway, "title: String"));
    assert!(!is_missed(&gateway, "length: Int"));
}

#[tokio::test]
async fn what_an_operation_that_took_too_long_reads_is_missed_when_it_is_taken_away() {
    let gateway = in_process(vec![films()], settings(json!({ "http": { "timeout": "200ms" } }))).await;
    let answer = gateway.run("{ late { title } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");

    let report = gateway.gateway.usage_report();

    assert_eq!((report.operations[0].count, report.operations[0].errors), (1, 1));
    assert!(is_missed(&gateway, "title: String"));
    assert!(!is_missed(&gateway, "length: Int"));
}

#[tokio::test]
async fn what_nobody_reads_may_be_taken_away() {
    let gateway = in_process(shop::parts(), settings(json!({}))).await;
    gateway.data("{ topProducts { name } }").await;
    let old = "type Query { topProducts: [Product!]! } type Product { name: String! price: Int! }";
    let without_price = "type Query { topProducts: [Product!]! } type Product { name: String! }";
    let without_name = "type Query { topProducts: [Product!]! } type Product { price: Int! }";
    let recorded = gateway.gateway.usage_report().recorded();

    let unread = diff_with_usage(old, without_price, &recorded).expect("both are schemas");
    let read = diff_with_usage(old, without_name, &recorded).expect("both are schemas");

    let verdict = |report: &federation_composition::diff::UsageReport| {
        let changes = serde_json::to_value(&report.changes).expect("changes can be written");
        changes.to_string().to_lowercase().contains("breaking\"")
    };
    assert!(!verdict(&unread), "{unread:?}");
    assert!(verdict(&read), "{read:?}");
}

#[test]
fn what_was_read_stays_in_use_when_the_text_is_not_kept() {
    let operation = json!({
        "name": null, "hash": "", "kind": "query", "count": 2, "errors": 0, "lastSeen": 0,
        "fields": ["Query.topProducts", "Product.name"], "document": null,
    });
    let report = json!({
        "since": 0, "operations": [operation],
        "fields": { "Query.topProducts": 5, "Product.name": 2, "Product.price": 3 },
    });
    let report: UsageReport = serde_json::from_value(report).expect("it is a report");
    let old = "type Query { topProducts: [Product!]! } type Product { name: String! price: Int! maker: String }";

    let recorded = report.recorded();

    let reason = |gone: &str| {
        let report = diff_with_usage(old, &old.replace(gone, ""), &recorded).expect("both are schemas");
        report.changes[0].reason.clone().unwrap_or_default()
    };
    assert_eq!(reason("name: String!"), "recorded operations use it: 1, in requests: 2");
    assert_eq!(reason("price: Int!"), "recorded operations use it: 1, in requests: 3");
    assert_eq!(reason("maker: String"), "no recorded operation uses it");
}
