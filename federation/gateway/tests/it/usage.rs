//! What clients run and read, counted and kept.

use std::{net::SocketAddr, path::Path, time::Duration};

use federation_composition::diff::diff_with_usage;
use federation_gateway::{Gateway, UsageReport};
use platform_config::Config;
use platform_service::{Clock, Context};
use serde_json::json;

use crate::support::{in_process, serve, settings, shop, supergraph};

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
async fn fields_of_forgotten_operations_stay_counted() {
    let gateway = in_process(shop::parts(), settings(json!({ "usage": { "operations": 5 } }))).await;
    for number in 0..50 {
        gateway.data(&format!("query Number{number} {{ warehouses }}")).await;
    }

    let report = gateway.gateway.usage_report();

    assert!(report.operations.len() <= 5);
    assert_eq!(report.fields["Query.warehouses"], 50);
}

fn open(folder: &Path, sdl: &str) -> (Gateway, Context) {
    let context = Context::standalone("gateway", Config::default(), Clock::system(), folder);
    let locals = shop::parts()
        .into_iter()
        .map(|part| (part.name.to_owned(), part.router))
        .collect();
    let gateway = Gateway::new(sdl, settings(json!({})), locals, &context);
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
    let parts = shop::parts();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let named: Vec<_> = parts
        .iter()
        .map(|part| (part.name, part.sdl.as_str(), nowhere))
        .collect();
    let sdl = supergraph(&named);
    let (gateway, context) = open(folder.path(), &sdl);
    run(&gateway, "{ warehouses }").await;

    context.shutdown().cancel();
    let file = folder.path().join("usage.json");
    let written = tokio::time::timeout(Duration::from_secs(10), async {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    written.await.expect("the counts are written when the service stops");
    let (gateway, _context) = open(folder.path(), &sdl);
    run(&gateway, "{ warehouses }").await;

    let report = gateway.usage_report();
    assert_eq!(report.fields["Query.warehouses"], 2);
    assert_eq!(report.operations[0].count, 2);
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
