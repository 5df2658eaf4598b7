//! What an operation costs before it runs.

use axum::{Router, routing::post};
use serde_json::{Value, json};

use crate::support::{Part, TestGateway, in_process, settings, staff, stand_in::StandIn};

async fn gateway(cost: Value) -> TestGateway {
    in_process(vec![staff::staff()], settings(json!({ "cost": cost }))).await
}

async fn estimate(gateway: &TestGateway, query: &str, variables: Value) -> Value {
    let answer = gateway.run_with(query, variables).await;
    assert_eq!(answer["errors"], Value::Null, "{query}: {answer}");
    answer["extensions"]["cost"]["estimated"].clone()
}

#[tokio::test]
async fn weights_and_list_sizes_add_up() {
    let gateway = gateway(json!({ "report": "extension", "list-size": 7 })).await;

    for (query, expected) in [
        ("{ now }", 0),
        ("{ heavy }", 25),
        ("{ me { name } }", 1),
        ("{ me { friend { name } } }", 2),
        ("{ everybody(first: 4) { name } }", 4),
        ("{ everybody(first: 4) { friend { name } } }", 8),
        ("{ pages(size: 5) { users { friend { id } } total } }", 11),
        ("{ found { __typename } }", 7),
        (
            "{ me { ...F ... on User { friend { id } } } } fragment F on User { friend { id } }",
            3,
        ),
        ("{ a: heavy heavy @skip(if: true) }", 25),
    ] {
        assert_eq!(estimate(&gateway, query, json!({})).await, expected, "{query}");
    }
}

#[tokio::test]
async fn variables_count_as_they_are() {
    let gateway = gateway(json!({ "report": "extension" })).await;
    let query = "query($n: Int = 3, $not: Boolean!) { everybody(first: $n) { name } heavy @skip(if: $not) }";

    assert_eq!(estimate(&gateway, query, json!({ "n": 9, "not": true })).await, 9);
    assert_eq!(estimate(&gateway, query, json!({ "not": false })).await, 28);
}

#[tokio::test]
async fn a_large_variable_counts_for_each_of_many_fields_and_is_read_once() {
    let stand_in = StandIn::json(json!({ "data": { "here": { "find": 1 } } }));
    let sdl = "type Query { here: Here } type Here { find(by: [By!]): Int } input By { n: Int }";
    let settings = settings(json!({ "cost": { "report": "extension" } }));
    let gateway = in_process(vec![stand_in.part("finder", sdl)], settings).await;
    let by = vec![json!({ "n": 1 }); 20_000];
    let query = format!("query($by: [By!]) {{ here {{ {} }} }}", "find(by: $by) ".repeat(1_000));

    let alone = estimate(
        &gateway,
        "query($by: [By!]) { here { find(by: $by) } }",
        json!({ "by": by }),
    )
    .await;
    let often = estimate(&gateway, &query, json!({ "by": by })).await;

    assert_eq!((alone, often), (json!(20_001), json!(20_000_001)));
}

#[tokio::test]
async fn an_input_costs_the_same_however_much_of_it_is_a_variable() {
    let stand_in = StandIn::json(json!({ "data": { "find": 1 } }));
    let sdl = "type Query { find(by: [By!]): Int } input By { n: Int and: [By!] }";
    let settings = settings(json!({ "cost": { "report": "extension" } }));
    let gateway = in_process(vec![stand_in.part("finder", sdl)], settings).await;
    let some = json!([{ "n": 2 }, { "n": 3 }]);
    let variables = json!({ "all": [{ "n": 1, "and": some }], "some": some, "n": 1 });

    for query in [
        "query($all: [By!]) { find(by: $all) }",
        "query($some: [By!], $n: Int) { find(by: [{ n: $n, and: $some }]) }",
        "query($some: [By!] = []) { find(by: { n: null, and: $some }) }",
        "{ find(by: [{ n: 1, and: [{ n: 2 }, { n: 3 }] }]) }",
    ] {
        assert_eq!(estimate(&gateway, query, variables.clone()).await, 3, "{query}");
    }
    let absent = "query($some: [By!]) { find(by: [{ and: $some }]) }";
    assert_eq!(estimate(&gateway, absent, json!({})).await, 1);
}

#[tokio::test]
async fn a_large_number_does_not_hide_what_is_beside_it() {
    let part = Part {
        name: "finder",
        sdl: "type Query { find(by: By): Int } input By { any: Any and: [By!] } scalar Any".into(),
        router: Router::new().route("/graphql", post(axum::Json(json!({ "data": { "find": 1 } })))),
    };
    let settings = settings(json!({ "cost": { "report": "extension" } }));
    let gateway = in_process(vec![part], settings).await;

    for any in ["1", "1e400", "[{\"a\":-1e400}]"] {
        let variables = format!(r#"{{"by":{{"any":{any},"and":[{{}},{{"and":[{{}}]}}]}}}}"#);
        let answer = gateway
            .run_written("query($by: By) { find(by: $by) }", &variables)
            .await;
        assert_eq!(answer["data"], json!({ "find": 1 }), "{any}: {answer}");
        assert_eq!(answer["extensions"]["cost"]["estimated"], 4, "{any}: {answer}");
    }
}

#[tokio::test]
async fn a_length_costs_the_same_however_it_is_written() {
    let gateway = gateway(json!({ "report": "extension" })).await;
    let query = "query($n: Int!) { everybody(first: $n) { name } }";

    assert_eq!(estimate(&gateway, query, json!({ "n": 9.0 })).await, 9);
    assert_eq!(estimate(&gateway, query, json!({ "n": 9 })).await, 9);
}

#[tokio::test]
async fn a_length_that_means_nothing_counts_as_unknown() {
    let gateway = gateway(json!({ "budget": 5, "list-size": 7 })).await;

    let answer = gateway.run("{ everybody(first: -1) { name } }").await;

    let details = &answer["errors"][0]["extensions"]["details"];
    assert_eq!(*details, json!({ "estimated": 7, "budget": 5 }), "{answer}");
}

#[tokio::test]
async fn what_costs_more_than_the_budget_is_not_run() {
    let gateway = gateway(json!({ "budget": 10, "report": "header" })).await;

    let within = gateway
        .post(&json!({ "query": "{ everybody(first: 10) { name } }" }))
        .await;
    let beyond = gateway.run("{ everybody(first: 11) { name } }").await;

    assert_eq!(within.headers()["x-cost-estimated"], "10");
    assert_eq!(within.headers()["x-cost-budget"], "10");
    assert_eq!(beyond["data"], Value::Null);
    assert_eq!(beyond["errors"][0]["extensions"]["code"], "INVALID");
    assert_eq!(
        beyond["errors"][0]["extensions"]["details"],
        json!({ "estimated": 11, "budget": 10 })
    );
}

#[tokio::test]
async fn a_list_whose_length_must_be_given_is_refused_without() {
    let gateway = gateway(json!({ "budget": 1000 })).await;

    let answer = gateway.run("{ everybody { name } }").await;

    let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("Query.everybody") && message.contains("first"),
        "{message}"
    );
}

#[tokio::test]
async fn a_subgraph_has_a_budget_of_its_own() {
    let gateway = gateway(json!({ "subgraphs": { "staff": 3 } })).await;

    let within = gateway.run("{ everybody(first: 3) { name } }").await;
    let beyond = gateway.run("{ everybody(first: 4) { name } }").await;

    assert_eq!(within["errors"], Value::Null, "{within}");
    assert_eq!(beyond["errors"][0]["extensions"]["details"]["subgraph"], "staff");
}

#[tokio::test]
async fn a_request_that_nests_too_deep_to_be_read_is_beyond_every_budget() {
    let stand_in = StandIn::json(json!({ "data": { "node": null } }));
    let sdl = "type Query { node: Node } type Node { next: Node id: ID }";
    let limits = json!({ "limits": { "depth": 60 }, "cost": { "subgraphs": { "nodes": 1_000 } } });
    let gateway = in_process(vec![stand_in.part("nodes", sdl)], settings(limits)).await;
    let nested = |depth: usize| {
        let (open, close) = ("next { ".repeat(depth), " }".repeat(depth));
        format!(
            "{{ node {{ ...F }} }} fragment F on Node {{ {open} ...G {close} }} fragment G on Node {{ {open} id {close} }}"
        )
    };

    let within = gateway.run(&nested(20)).await;
    let beyond = gateway.run(&nested(27)).await;

    assert_eq!(within, json!({ "data": { "node": null } }));
    let details = &beyond["errors"][0]["extensions"]["details"];
    assert_eq!(details["subgraph"], "nodes", "{beyond}");
    assert_eq!(stand_in.asked().len(), 1);
}

#[tokio::test]
async fn a_list_that_another_subgraph_requires_counts_as_an_unknown_one() {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@external\", \"@requires\", \"@listSize\"])";
    let stand_in = StandIn::json(json!({ "data": { "item": null } }));
    let items = format!(
        "{link} type Query {{ item: Item }} type Mark {{ stars: Int! }}
        type Item @key(fields: \"id\") {{ id: ID! marks(first: Int): [Mark!]! @listSize(slicingArguments: [\"first\"]) }}"
    );
    let ratings = format!(
        "{link} type Mark {{ stars: Int! @external }}
        type Item @key(fields: \"id\") {{ id: ID! marks(first: Int): [Mark!]! @external rating: Int @requires(fields: \"marks {{ stars }}\") }}"
    );
    let parts = || vec![stand_in.part("items", &items), stand_in.part("ratings", &ratings)];
    let cost = |budget| settings(json!({ "cost": { "subgraphs": { "items": budget }, "list-size": 7 } }));

    let beyond = in_process(parts(), cost(7)).await.run("{ item { rating } }").await;
    let within = in_process(parts(), cost(8)).await.run("{ item { rating } }").await;

    let details = &beyond["errors"][0]["extensions"]["details"];
    assert_eq!(
        *details,
        json!({ "subgraph": "items", "estimated": 8, "budget": 7 }),
        "{beyond}"
    );
    assert_eq!(within, json!({ "data": { "item": null } }));
}
