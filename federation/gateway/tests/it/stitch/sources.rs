//! Where the schema comes from, and what a description must fit.

use federation_gateway::{Peers, Settings, Source, SupergraphConfig};
use serde_json::{Value, json};

use super::{client, loaded, usual};
use crate::support::{
    TestGateway,
    monolith::{monolith, reviews, silent_monolith},
    serve,
    stand_in::StandIn,
};

/// Why a description is refused.
async fn refusal(description: Value) -> String {
    let url = format!("http://{}/graphql", serve(monolith().router).await);
    let refused = loaded(url, description).await.expect_err("it is refused");
    refused.message().to_owned()
}

#[tokio::test]
async fn a_service_that_does_not_tell_its_schema_is_joined_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monolith.graphql");
    std::fs::write(&file, monolith().sdl).unwrap();
    let url = format!("http://{}/graphql", serve(silent_monolith().router).await);

    let asked = loaded(url.clone(), usual()).await;
    let mut description = usual();
    description["schema"] = json!(file);
    let sdl = loaded(url, description).await.unwrap();
    let gateway = TestGateway::start(&sdl, Settings::default(), Peers::new()).await;

    let refused = asked.unwrap_err();
    let told = refused.message();
    assert!(
        told.contains("refuses introspection") && told.contains("stitch.monolith.schema"),
        "{told}"
    );
    assert_eq!(
        gateway.data("{ reviews(first: 1) { author { name } } }").await,
        json!({ "reviews": [{ "author": { "name": "Ada" } }] })
    );
}

#[tokio::test]
async fn what_its_server_says_against_introspection_is_told() {
    let said = json!({ "errors": [{ "message": "introspection is not allowed" }] });
    let url = format!("http://{}/graphql", serve(StandIn::json(said).router()).await);
    let other = format!("http://{}/nowhere", serve(monolith().router).await);

    let refused = loaded(url, usual()).await.unwrap_err();
    let no_graphql = loaded(other, usual()).await.unwrap_err();
    let away = loaded("http://127.0.0.1:1/graphql".into(), usual()).await;
    let away = away.unwrap_err();

    assert!(
        refused.message().contains("(introspection is not allowed)"),
        "{refused}"
    );
    assert!(no_graphql.message().contains("status 404"), "{no_graphql}");
    assert!(away.message().contains("cannot be reached, start it"), "{away}");
}

#[tokio::test]
async fn while_it_is_away_only_its_fields_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monolith.graphql");
    std::fs::write(&file, monolith().sdl).unwrap();
    let mut description = usual();
    description["schema"] = json!(file);

    let sdl = loaded("http://127.0.0.1:1/graphql".into(), description).await;
    let sdl = sdl.unwrap();
    let gateway = TestGateway::start(&sdl, Settings::default(), Peers::new()).await;
    let answer = gateway.run("{ reviews(first: 1) { text author { id name } } }").await;

    assert_eq!(answer["data"]["reviews"][0]["text"], "good", "{answer}");
    assert_eq!(
        answer["errors"][0]["message"], "subgraph monolith cannot be reached",
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE");
}

#[tokio::test]
async fn an_answer_that_is_not_graphql_is_told_as_such() {
    let broken = StandIn::new(|_| async { "<html>" });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monolith.graphql");
    std::fs::write(&file, monolith().sdl).unwrap();
    let mut description = usual();
    description["schema"] = json!(file);
    let url = format!("http://{}/graphql", serve(broken.router()).await);

    let sdl = loaded(url, description).await.unwrap();
    let gateway = TestGateway::start(&sdl, Settings::default(), Peers::new()).await;
    let answer = gateway.run("{ reviews(first: 1) { author { name } } }").await;

    assert_eq!(
        answer["errors"][0]["message"], "subgraph monolith answered something that is not a GraphQL response",
        "{answer}"
    );
}

#[tokio::test]
async fn a_list_of_subgraphs_describes_it_and_a_supergraph_carries_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/graphql", serve(monolith().router).await);
    let part = reviews();
    let reviews = serve(part.router).await;
    let list = format!(
        "subgraphs:\n  reviews:\n    schema: {{ subgraph_url: http://{reviews}/graphql }}\n  monolith:\n    routing_url: {url}\n    stitch:\n      entities:\n        User: {{ key: id, field: user, arguments: {{ id: id }} }}\n        Order: {{ key: id, field: order, arguments: {{ number: id }} }}\n      rename: {{ Query.me: viewer }}\n      hide: [Query.node]\n      shareable: [Query.version, Order]\n"
    );
    let file = folder.path().join("supergraph.yaml");
    std::fs::write(&file, list).unwrap();

    let sdl = Source::Config(file.clone())
        .load(&client(), &Peers::new())
        .await
        .unwrap();
    let saved = folder.path().join("supergraph.graphql");
    std::fs::write(&saved, &sdl).unwrap();
    let sdl = Source::File(saved).load(&client(), &Peers::new()).await.unwrap();
    let gateway = TestGateway::start(&sdl, Settings::default(), Peers::new()).await;

    let data = gateway
        .data("{ viewer { name } reviews(first: 1) { author { name } } }")
        .await;
    assert_eq!(
        data,
        json!({ "viewer": { "name": "Ada" }, "reviews": [{ "author": { "name": "Ada" } }] })
    );
    std::fs::write(
        &file,
        "subgraphs:\n  m: { routing_url: http://m, stitch: { url: http://other } }\n",
    )
    .unwrap();
    let config = SupergraphConfig::read(&file).await.unwrap();
    let twice = config.subgraphs(&client(), &Peers::new()).await.unwrap_err();
    assert!(twice.message().contains("routing_url"), "{twice}");
}

#[tokio::test]
async fn a_description_that_does_not_fit_is_refused_with_the_reason() {
    let user = |resolver: Value| json!({ "entities": { "User": resolver } });
    let cases = [
        (
            json!({ "entities": { "Nobody": { "key": "id", "field": "user" } } }),
            "entities.Nobody: the schema has no such object type",
        ),
        (
            user(json!({ "key": "id", "field": "person" })),
            "queries have no field person",
        ),
        (user(json!({ "key": "id {", "field": "user" })), "is not a key"),
        (
            user(json!({ "key": "id", "field": "order", "arguments": { "number": "id" } })),
            "the field order gives Order",
        ),
        (user(json!({ "key": "id", "field": "user" })), "needs the argument id"),
        (
            user(json!({ "key": "id", "field": "user", "arguments": { "id": "id", "at": 1 } })),
            "has no argument at",
        ),
        (
            user(json!({ "key": "id", "field": "user", "arguments": { "id": "name" } })),
            "name is not a field of the key",
        ),
        (
            user(json!({ "key": "id", "field": "users", "arguments": { "ids": "id" } })),
            "gives a list",
        ),
        (
            user(json!({ "key": "id", "field": "user", "arguments": { "id": ["id"] } })),
            "gives one entity",
        ),
        (
            json!({ "hide": ["Query.nothing"] }),
            "hide: the schema has no Query.nothing",
        ),
        (
            json!({ "rename": { "User.name": "title" } }),
            "only fields of Query, Mutation and Subscription",
        ),
        (
            json!({ "rename": { "Query.me": "user" } }),
            "there is a field of the new name",
        ),
        (json!({ "shareable": ["Query.nothing"] }), "shareable: Query.nothing"),
        (json!({}), "[INVALID_FIELD_SHARING]"),
    ];

    for (description, reason) in cases {
        let told = refusal(description.clone()).await;

        assert!(told.contains(reason), "{description}: {told}");
    }
}

#[tokio::test]
async fn a_subgraph_is_not_to_be_stitched_in() {
    let url = format!("http://{}/graphql", serve(reviews().router).await);

    let told = loaded(url, json!({})).await.unwrap_err();

    assert!(told.message().contains("it is a subgraph already"), "{told}");
}
