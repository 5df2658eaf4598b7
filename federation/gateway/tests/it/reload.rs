//! Another supergraph while requests run, and where supergraphs come from.

use std::time::Duration;

use federation_gateway::{Peers, Settings, Source};
use platform_http::{Client, ClientSettings};
use serde_json::json;

use crate::support::{TestGateway, over_sockets, serve, settings, shop, stand_in::StandIn, supergraph};

fn client() -> Client {
    Client::new(&ClientSettings::default()).expect("a client can be made")
}

#[tokio::test]
async fn requests_never_fail_while_supergraphs_are_swapped() {
    let a = StandIn::json(json!({ "data": { "you": "here" } }));
    let address = serve(a.router()).await;
    let one = supergraph(&[("a", "type Query { you: String }", address)]);
    let two = supergraph(&[("a", "type Query { you: String me: String }", address)]);
    let gateway = TestGateway::start(&one, Settings::default(), Peers::new()).await;

    let asking = async {
        for _ in 0..100 {
            assert_eq!(gateway.run("{ you }").await, json!({ "data": { "you": "here" } }));
        }
    };
    let swapping = async {
        for round in 0..10 {
            let next = if round % 2 == 0 { &two } else { &one };
            gateway.gateway.reload(next).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(asking, swapping);

    gateway.gateway.reload(&two).await.unwrap();
    assert!(gateway.run("{ me }").await["errors"].is_null());
}

#[tokio::test]
async fn what_clients_ask_is_planned_before_another_supergraph_is_served() {
    let address = serve(StandIn::json(json!({ "data": { "you": "here", "me": "here" } })).router()).await;
    let one = supergraph(&[("a", "type Query { you: String me: String }", address)]);
    let two = supergraph(&[("a", "type Query { you: String }", address)]);
    for (most, expected) in [(200, 1), (0, 0)] {
        let settings = settings(json!({ "planning": { "warm": most } }));
        let gateway = TestGateway::start(&one, settings, Peers::new()).await;
        for query in ["{ you }", "{ you }", "{ me }"] {
            gateway.data(query).await;
        }

        let planned = gateway.gateway.reload(&two).await.unwrap();

        // What the new one cannot answer is not.
        assert_eq!(planned, expected);
    }
}

#[tokio::test]
async fn a_supergraph_that_is_broken_never_replaces_one_that_works() {
    let gateway = over_sockets(shop::parts(), Settings::default()).await;
    let broken = [
        "type Query {",
        "type Query { a: String }",
        "enum join__Graph { A @join__graph(name: \"a\", url: \"http://127.0.0.1:1\") }",
        "schema @link(url: \"https://specs.apollo.dev/join/v0.5\", for: EXECUTION) { query: Nothing } enum join__Graph { A @join__graph(name: \"a\", url: \"x\") } type Query { a: Missing }",
    ];

    for sdl in broken {
        assert!(gateway.gateway.reload(sdl).await.is_err(), "{sdl}");
    }

    assert_eq!(
        gateway.data("{ me { name } }").await,
        json!({ "me": { "name": "Ada" } })
    );
}

#[tokio::test]
async fn a_supergraph_is_composed_from_a_list_of_files_addresses_and_texts() {
    let folder = tempfile::tempdir().unwrap();
    let (products, users) = (shop::products(), shop::users());
    let products_at = serve(products.router).await;
    let users_at = serve(users.router).await;
    std::fs::write(folder.path().join("users.graphql"), &users.sdl).unwrap();
    let list = format!(
        "federation_version: =2.9.0\nsubgraphs:\n  products:\n    schema:\n      subgraph_url: http://{products_at}/graphql\n  users:\n    routing_url: http://{users_at}/graphql\n    schema:\n      file: ./users.graphql\n  extra:\n    routing_url: http://{users_at}/nowhere\n    schema:\n      sdl: \"type Query {{ extra: Int }}\"\n"
    );
    let file = folder.path().join("supergraph.yaml");
    std::fs::write(&file, list).unwrap();

    let sdl = Source::Config(file).load(&client(), &Peers::new()).await.unwrap();

    let gateway = TestGateway::start(&sdl, Settings::default(), Peers::new()).await;
    let data = gateway.data("{ me { name } topProducts(first: 1) { name } }").await;
    assert_eq!(
        data,
        json!({ "me": { "name": "Ada" }, "topProducts": [{ "name": "Table" }] })
    );
    assert!(gateway.gateway.supergraph().unwrap().endpoints.contains_key("extra"));
}

#[tokio::test]
async fn subgraphs_that_do_not_compose_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.yaml");
    let list = "subgraphs:\n  a: { routing_url: http://a, schema: { sdl: 'type Query { x: Int }' } }\n  b: { routing_url: http://b, schema: { sdl: 'extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: []) type Query { x: String }' } }\n";
    std::fs::write(&file, list).unwrap();

    let error = Source::Config(file.clone())
        .load(&client(), &Peers::new())
        .await
        .unwrap_err();
    std::fs::write(&file, "subgraphs:\n  a: { schema: { file: x, sdl: y } }\n").unwrap();
    let ambiguous = Source::Config(file).load(&client(), &Peers::new()).await.unwrap_err();

    assert!(error.message().contains("[FIELD_TYPE_MISMATCH]"), "{error}");
    assert!(
        ambiguous.message().contains("exactly one of schema.file"),
        "{ambiguous}"
    );
}

#[tokio::test]
async fn a_file_that_changes_is_served_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    let address = serve(StandIn::json(json!({ "data": { "you": "here", "me": "too" } })).router()).await;
    let one = supergraph(&[("a", "type Query { you: String }", address)]);
    let two = supergraph(&[("a", "type Query { you: String me: String }", address)]);
    std::fs::write(&file, "type Query {").unwrap();
    let gateway = TestGateway::start(&one, Settings::default(), Peers::new()).await;

    gateway
        .gateway
        .watch(Source::File(file.clone()), client(), Duration::from_millis(5));
    std::fs::write(&file, &two).unwrap();
    let served = tokio::time::timeout(Duration::from_secs(10), async {
        while !gateway.run("{ me }").await["errors"].is_null() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });

    assert!(served.await.is_ok(), "the new supergraph is served");
}
