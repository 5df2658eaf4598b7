//! Fields under one name: one field, or a document that is refused.

use federation_gateway::Settings;
use serde_json::{Value, json};

use crate::support::{TestGateway, in_process, settings, stand_in::StandIn};

const SDL: &str = "
    type Query { node: Node all(ids: [Int], by: Filter): [Node!]! }
    input Filter { a: Int b: [Int] }
    interface Node { id: ID! next: Node count: Int }
    type A implements Node { id: ID! next: Node count: Int size: Int maybe: Int must: Int! list: [Int] other: A }
    type B implements Node { id: ID! next: Node count: Int size: String maybe: Int must: Int! list: [Int!] other: A }";

async fn gateway(settings: Settings) -> TestGateway {
    let nothing = StandIn::json(json!({ "data": { "node": null, "all": [] } }));
    in_process(vec![nothing.part("nodes", SDL)], settings).await
}

/// Settings under which a document may be as large as it likes.
fn boundless() -> Settings {
    let many = 10_000_000;
    settings(json!({
        "http": { "body": "50MB" },
        "limits": { "tokens": many, "height": many, "aliases": many, "root-fields": many, "depth": 100 },
    }))
}

/// What is said about the only thing that is wrong with an operation.
async fn wrong(gateway: &TestGateway, query: &str) -> String {
    let answer = gateway.run(query).await;
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    assert_eq!(errors.len(), 1, "{answer}");
    let extensions = json!({ "code": "INVALID", "rule": "OverlappingFieldsCanBeMerged" });
    assert_eq!(errors[0]["extensions"], extensions, "{answer}");
    errors[0]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn fields_of_one_name_may_be_one_field_or_belong_to_different_objects() {
    let gateway = gateway(Settings::default()).await;

    for query in [
        "{ node { id id next { id } next { count } } node { count } }",
        "{ all(ids: [1, 2], by: { a: 1, b: [1] }) { id } all(by: { b: [1], a: 1 }, ids: [1, 2]) { count } }",
        "query($n: Int) { all(ids: [$n]) { id } all(ids: [$n]) { count } }",
        "{ node { ... on A { x: maybe } ... on B { x: count } } }",
        "{ node { ... on A { x: next { id } } ... on B { x: other { count } } } }",
        "{ node { ... on A { next { x: id } } ... on B { next { x: id } } next { x: id } } }",
        "{ node { ... on A { x: next { y: count } } ... on B { x: other { y: maybe } } } }",
        "{ node { x: id @skip(if: true) x: id @include(if: true) } }",
        "{ node { ...F ...G } } fragment F on Node { next { id ...H } } fragment G on Node { next { ...H } } fragment H on Node { count }",
    ] {
        let answer = gateway.run(query).await;
        assert_eq!(answer["errors"], Value::Null, "{query}: {answer}");
    }
}

#[tokio::test]
async fn fields_of_one_name_that_cannot_be_one_are_refused_with_the_place_and_the_reason() {
    let gateway = gateway(Settings::default()).await;

    for (query, reason) in [
        (
            "{ node { x: id x: count } }",
            "node.x is the field id and the field count",
        ),
        (
            "{ node { x: count ... on A { x: maybe } } }",
            "node.x is the field count and the field maybe",
        ),
        (
            "{ node { ... on A { x: id } ... on A { x: count } } }",
            "node.x is the field id and the field count",
        ),
        (
            "{ node { ... on A { x: size } ... on B { x: size } } }",
            "node.x is of type Int and of type String",
        ),
        (
            "{ node { ... on A { x: maybe } ... on B { x: must } } }",
            "node.x is of type Int and of type Int!",
        ),
        (
            "{ node { ... on A { list } ... on B { list } } }",
            "node.list is of type [Int] and of type [Int!]",
        ),
        (
            "{ node { ... on A { x: maybe } ... on B { x: other { id } } } }",
            "node.x is of type Int and of type A",
        ),
        (
            "{ node { ... on A { x: count } ... on B { x: __typename } } }",
            "node.x is of type Int and of type String!",
        ),
        (
            "{ all(ids: [1]) { id } all(ids: [1, 2]) { id } }",
            "all is the field all with different arguments",
        ),
        (
            "{ all(by: { a: 1 }) { id } all(by: { a: 2 }) { id } }",
            "all is the field all with different arguments",
        ),
        (
            "{ all(ids: 1) { id } all { id } }",
            "all is the field all with different arguments",
        ),
        (
            "{ node { next { x: id } ... on A { next { x: count } } } }",
            "node.next.x is the field id and the field count",
        ),
        (
            "{ node { ... on A { x: next { y: id } } ... on B { x: other { y: count } } } }",
            "node.x.y is of type ID! and of type Int",
        ),
        (
            "{ node { ...F ...G } } fragment F on Node { next { ...H } } fragment G on Node { next { x: count } } fragment H on Node { id ...I } fragment I on Node { x: id }",
            "node.next.x is the field id and the field count",
        ),
    ] {
        let said = wrong(&gateway, query).await;
        assert_eq!(said, format!("{reason}; give one of them another alias"), "{query}");
    }
}

#[tokio::test]
async fn another_operation_of_the_document_is_looked_at_as_well() {
    let gateway = gateway(Settings::default()).await;
    let body = json!({ "query": "query A { node { id } } query B { node { x: id x: count } }", "operationName": "A" });

    let answer: Value = gateway.post(&body).await.json().await.expect("the answer is JSON");

    let rule = &answer["errors"][0]["extensions"]["rule"];
    assert_eq!(rule, "OverlappingFieldsCanBeMerged", "{answer}");
    assert_eq!(
        answer["errors"][0]["locations"],
        json!([{ "line": 1, "column": 42 }, { "line": 1, "column": 48 }])
    );
}

/// Pair by pair each of these would take a quarter of an hour.
#[tokio::test]
async fn a_name_may_come_up_as_often_as_it_likes() {
    let gateway = gateway(boundless()).await;
    let conflict = "x: id x: count";
    let fragments: String = (0..300)
        .map(|number| format!(" fragment F{number} on Node {{ {} }}", "id ".repeat(100)))
        .collect();
    let spreads: String = (0..300).map(|number| format!("...F{number} ")).collect();

    for query in [
        format!("{{ node {{ {} {conflict} }} }}", "id ".repeat(50_000)),
        format!("{{ node {{ {} {conflict} }} }}", "next { id } ".repeat(20_000)),
        format!("{{ node {{ {spreads} {conflict} }} }} {fragments}"),
    ] {
        let said = wrong(&gateway, &query).await;
        assert!(said.starts_with("node.x is the field id and the field count"), "{said}");
    }
}

/// Each level has two objects whose fields go on below next to those of any object: the ways down double.
fn doubling(levels: usize) -> String {
    let (mut query, mut chains) = ("... on A { x: maybe } ... on B { x: count }".to_owned(), String::new());
    for level in 0..levels {
        query =
            format!("next {{ {query} }} ... on A {{ next {{ ...A{level} }} }} ... on B {{ next {{ ...B{level} }} }}");
        let chain = (0..level).fold("id".to_owned(), |inside, _| format!("next {{ {inside} }}"));
        chains.push_str(&format!(
            " fragment A{level} on Node {{ {chain} }} fragment B{level} on Node {{ {chain} }}"
        ));
    }
    format!("{{ node {{ {query} }} }} {chains}")
}

#[tokio::test]
async fn what_nobody_can_tell_apart_is_refused_before_anybody_tries() {
    let gateway = gateway(Settings::default()).await;

    let few = gateway.run(&doubling(4)).await;
    let many = wrong(&gateway, &doubling(25)).await;

    assert_eq!(few, json!({ "data": { "node": null } }));
    assert!(
        many.starts_with("the fields of one name cannot be told apart"),
        "{many}"
    );
}
