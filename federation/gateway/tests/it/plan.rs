//! The order of steps, and the operations that cannot be planned.

mod alike;
mod misled;
mod mutations;
mod repeated;
mod shared;
mod strict;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use federation_composition::diff::diff;
use federation_gateway::{Settings, Supergraph};
use serde_json::{Value, json};

use crate::support::{
    Part, composed,
    corpus::{self, Case},
    over_sockets,
    random::{self, Operations},
    settings,
    stand_in::StandIn,
};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.8\", import: [\"@key\", \"@requires\", \"@external\", \"@context\", \"@fromContext\"])";

#[tokio::test]
async fn root_fields_of_a_mutation_run_one_after_the_other_with_all_their_joins() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let stand_in = |name: &'static str| {
        let log = log.clone();
        StandIn::new(move |asked: Value| {
            let query = asked["query"].as_str().unwrap().to_owned();
            log.lock().unwrap().push(format!("{name}: {query}"));
            let mut data = json!({});
            for (field, value) in [
                ("create", json!({ "__typename": "Product", "id": "1" })),
                ("count", json!(1)),
                ("_entities", json!([{ "__typename": "Product", "price": 7 }])),
            ] {
                if query.contains(field) {
                    data[field] = value;
                }
            }
            async move { axum::Json(json!({ "data": data })) }
        })
    };
    let a = stand_in("a").part("a", &format!("{LINK} type Query {{ q: Int }} type Mutation {{ create: Product count: Int }} type Product @key(fields: \"id\") {{ id: ID! }}"));
    let b = stand_in("b").part(
        "b",
        &format!("{LINK} type Product @key(fields: \"id\") {{ id: ID! price: Int }}"),
    );
    let gateway = over_sockets(vec![a, b], Settings::default()).await;

    let joined = gateway.run("mutation { create { price } count }").await;
    let asked: Vec<String> = std::mem::take(&mut *log.lock().unwrap());
    let plain = gateway.run("mutation { create { id } count }").await;

    assert_eq!(joined, json!({ "data": { "create": { "price": 7 }, "count": 1 } }));
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(
        asked[0].starts_with("a: mutation") && asked[0].contains("create"),
        "{asked:?}"
    );
    assert!(
        asked[1].starts_with("b:") && asked[1].contains("_entities"),
        "{asked:?}"
    );
    assert!(
        asked[2].starts_with("a: mutation") && asked[2].contains("count"),
        "{asked:?}"
    );
    assert_eq!(plain, json!({ "data": { "create": { "id": "1" }, "count": 1 } }));
    assert_eq!(log.lock().unwrap().len(), 1, "one subgraph keeps the order by itself");
}

#[tokio::test]
async fn a_field_that_takes_its_argument_from_a_context_is_refused_and_others_are_not() {
    let answers = StandIn::json(json!({ "data": { "other": { "id": "1" } } }));
    let parts = vec![
        answers.part("a", &format!("{LINK} type Query {{ other: Other parent: Parent }} type Other @key(fields: \"id\") {{ id: ID! }} type Parent @key(fields: \"id\") @context(name: \"parent\") {{ id: ID! locale: String child: Child }} type Child @key(fields: \"id\") {{ id: ID! text(l: String @fromContext(field: \"$parent {{ locale }}\")): String }}")),
        answers.part("b", &format!("{LINK} type Child @key(fields: \"id\") {{ id: ID! more: Int }}")),
    ];
    let gateway = over_sockets(parts, Settings::default()).await;

    let refused = gateway.run("{ parent { child { ... on Child { text } } } }").await;
    let other = gateway.run("{ other { id } }").await;

    assert!(
        refused["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("Child.text takes arguments from @fromContext"),
        "{refused}"
    );
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID");
    assert_eq!(other, json!({ "data": { "other": { "id": "1" } } }));
}

#[tokio::test]
async fn planning_has_a_budget() {
    let part = StandIn::json(json!({})).part("a", "type Query { you: String }");
    let gateway = over_sockets(vec![part], settings(json!({ "planning": { "budget": "0s" } }))).await;

    let answer = gateway.run("{ you }").await;

    assert_eq!(
        answer["errors"][0]["message"],
        "planning this operation takes longer than 0s; ask for less at once"
    );
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID");
}

#[test]
fn a_supergraph_that_hides_fields_by_another_name_is_refused() {
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8",
        import: [{ name: "@inaccessible", as: "@hidden" }])"#;
    let composed = composed(format!("{link} type Query {{ x: Int y: Int @hidden }}"));

    let refused = Supergraph::parse(&composed.supergraph_sdl).err().unwrap();

    assert!(refused.to_string().contains("@inaccessible"), "{refused}");
}

#[test]
fn clients_see_nothing_of_what_composition_adds_for_gateways() {
    let link = LINK
        .replace("v2.8", "v2.9")
        .replace("\"@context\"", "\"@context\", \"@policy\"");
    let sdl = format!(
        "{link} type Query {{ shop: Shop }}
         type Shop @key(fields: \"id\") @context(name: \"shop\") {{
             id: ID! currency: String item: Item @policy(policies: [[\"owner\"]])
         }}
         type Item @key(fields: \"id\") {{ id: ID! price(in: String @fromContext(field: \"$shop {{ currency }}\")): Int }}"
    );
    let composed = composed(sdl);

    let supergraph = Supergraph::parse(&composed.supergraph_sdl).unwrap();

    assert_eq!(diff(&supergraph.api_sdl(), &composed.api_sdl).unwrap(), []);
}

/// Objects behind one interface, each with a field that only the other subgraph answers.
fn nodes(count: usize) -> Vec<Part> {
    let asked = StandIn::json(json!({ "data": { "node": null } }));
    let interfaces = "interface Node { id: ID! next: Node name: String } interface Named { name: String }";
    let objects = |fields: &str| {
        let object = |at| format!("type T{at} implements Node & Named @key(fields: \"id\") {{ id: ID! {fields} }} ");
        (0..count).map(object).collect::<String>()
    };
    let (a, b) = (
        objects("next: Node name: String @external"),
        objects("next: Node @external name: String"),
    );
    vec![
        asked.part("a", &format!("{LINK} type Query {{ node: Node }} {interfaces} {a}")),
        asked.part("b", &format!("{LINK} {interfaces} {b}")),
    ]
}

#[tokio::test]
async fn a_small_text_that_stands_for_millions_of_fields_is_refused_at_once() {
    let gateway = over_sockets(nodes(10), Settings::default()).await;
    let nested = |opening: &str, closing: &str| {
        let inside = (0..12).fold("name".to_owned(), |inside, _| format!("{opening} {inside} {closing}"));
        format!("{{ node {{ {inside} }} }}")
    };
    let started = Instant::now();

    let fields = gateway.run(&nested("next {", "}")).await;
    let fragments = gateway
        .run(&nested("... on Named { ... on Node { next {", "} } }"))
        .await;
    let took = started.elapsed();
    let small = gateway.run("{ node { next { name } } }").await;

    for refused in [fields, fragments] {
        let error = &refused["errors"][0];
        assert_eq!(
            error["message"],
            "the operation expands to more than 50000 fields; ask for less at once"
        );
        assert_eq!(error["extensions"]["code"], "INVALID");
    }
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(small, json!({ "data": { "node": null } }));
}

#[test]
fn a_supergraph_with_connectors_is_refused_and_other_directives_handed_on_are_not() {
    let join = |on_field: &str| {
        format!(
            "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") @link(url: \"https://specs.apollo.dev/join/v0.5\", for: EXECUTION)
                 @join__directive(graphs: [A], name: \"link\", args: {{url: \"https://specs.apollo.dev/connect/v0.1\"}}) {{ query: Query }}
             directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
             directive @join__graph(name: String!, url: String!) on ENUM_VALUE
             directive @join__type(graph: join__Graph!) repeatable on OBJECT
             scalar join__DirectiveArguments
             enum join__Graph {{ A @join__graph(name: \"a\", url: \"http://a.test\") }}
             type Query @join__type(graph: A) {{ posts: [Int] @join__directive(graphs: [A], name: \"{on_field}\", args: {{}}) }}"
        )
    };

    let connected = Supergraph::parse(&join("connect")).err().unwrap().to_string();
    let tagged = Supergraph::parse(&join("federation__cacheTag"));

    assert!(
        connected.contains("Query.posts is answered by a connector"),
        "{connected}"
    );
    assert!(tagged.is_ok(), "{:?}", tagged.err());
}

#[tokio::test]
async fn a_field_that_only_looks_like_introspection_is_unknown_like_any_other() {
    let part = StandIn::json(json!({})).part("a", "type Query { you: User } type User { id: ID }");
    let gateway = over_sockets(vec![part], Settings::default()).await;

    let misspelt = gateway.run("{ you { __typname } }").await;
    let misplaced = gateway.run("{ you { __schema { queryType { name } } } }").await;
    let fine = gateway
        .run("{ ...F } fragment F on Query { __type(name: \"User\") { name } }")
        .await;

    for refused in [misspelt, misplaced] {
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
        assert_eq!(
            refused["errors"][0]["extensions"]["rule"], "FieldsOnCorrectType",
            "{refused}"
        );
    }
    assert_eq!(fine, json!({ "data": { "__type": { "name": "User" } } }));
}

#[test]
fn every_operation_over_the_corpus_is_planned_or_refused_for_a_reason_that_has_a_name() {
    let budget = platform_config::Duration::from_secs(20);
    let (mut planned, mut nameless) = (0, Vec::new());
    for Case {
        name,
        api_sdl,
        supergraph,
        ..
    } in corpus::cases()
    {
        let schema = random::schema(&api_sdl);
        for seed in 0..10 {
            let query = Operations::new(&schema, seed).query();
            let Err(faults) = supergraph.plan(&query, None, budget) else {
                planned += 1;
                continue;
            };
            for fault in faults {
                assert_eq!(fault.code, "INVALID", "{name}: {query}: {}", fault.message);
                if fault.message.starts_with("no plan is known") {
                    nameless.push(format!("{name}: {query}: {}", fault.message));
                }
            }
        }
    }

    assert!(nameless.is_empty(), "{}", nameless.join("\n"));
    assert!(planned > 1_000, "only {planned} were planned");
}
