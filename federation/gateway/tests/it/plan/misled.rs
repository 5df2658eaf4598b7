//! Supergraphs that were not composed, with fields that no subgraph can be asked for.

use federation_gateway::Settings;
use platform_service::Peer;
use serde_json::json;

use crate::support::{TestGateway, stand_in::StandIn};

#[tokio::test]
async fn what_no_subgraph_answers_from_where_it_is_asked_for_is_refused_and_nothing_else_is() {
    let join = "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") @link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION) { query: Query }
        directive @join__type(graph: join__Graph!, key: join__FieldSet, resolvable: Boolean! = true) repeatable on OBJECT
        directive @join__field(graph: join__Graph, requires: join__FieldSet, external: Boolean) repeatable on FIELD_DEFINITION
        directive @join__graph(name: String!, url: String!) on ENUM_VALUE
        scalar join__FieldSet
        enum join__Graph { A @join__graph(name: \"a\", url: \"http://a.test\") B @join__graph(name: \"b\", url: \"http://b.test\") }
        type Query @join__type(graph: A) { product: Product other: Int }
        type Product @join__type(graph: A, key: \"id\")";
    let misled = [
        "@join__type(graph: B) { id: ID! stars: Int @join__field(graph: B) }",
        "@join__type(graph: B, key: \"id\", resolvable: false) { id: ID! stars: Int @join__field(graph: B) }",
        "@join__type(graph: B, key: \"id\") { id: ID! stars: Int @join__field(graph: B, requires: \"stars\") }",
        "@join__type(graph: B, key: \"id\") { id: ID! size: Int @join__field(graph: B, external: true) stars: Int @join__field(graph: B, requires: \"size\") }",
    ];
    let answers = StandIn::json(json!({ "data": { "other": 1 } }));
    for product in misled {
        let peers = ["a", "b"]
            .map(|name| (name.to_owned(), Peer::Local(answers.router().into())))
            .into();
        let gateway = TestGateway::start(&format!("{join} {product}"), Settings::default(), peers).await;

        let refused = gateway.run("{ product { stars } other }").await;
        let other = gateway.run("{ other }").await;

        let error = &refused["errors"][0];
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("no subgraph answers stars"), "{product}: {refused}");
        assert_eq!(error["extensions"]["code"], "INVALID", "{refused}");
        assert_eq!(other, json!({ "data": { "other": 1 } }));
    }
}
