//! What is asked of the service, and what becomes of its answers.

use axum::{
    body::to_bytes,
    middleware::map_response,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{served, usual};
use crate::support::{Part, monolith::monolith, socket::Socket};

#[tokio::test]
async fn its_entities_are_completed_by_a_subgraph_and_complete_those_of_a_subgraph() {
    let (gateway, asked) = served(monolith(), usual()).await;

    let from_it = gateway.data("{ me { name reviews { text } } }").await;
    let before = asked.queries().len();
    let to_it = gateway
        .data("{ reviews { text author { name } order { total } } }")
        .await;

    assert_eq!(
        from_it,
        json!({ "me": { "name": "Ada", "reviews": [{ "text": "good" }, { "text": "again" }] } })
    );
    let review =
        |text: &str, name: Value, total: i32| json!({ "text": text, "author": name, "order": { "total": total } });
    assert_eq!(
        to_it,
        json!({ "reviews": [
            review("good", json!({ "name": "Ada" }), 300),
            review("fine", json!({ "name": "Grace" }), 600),
            review("lost", json!({ "name": null }), 900),
        ] })
    );
    assert!(asked.queries().len() - before <= 2, "{:?}", asked.queries());
    assert!(!asked.queries().concat().contains("_entities"), "{:?}", asked.queries());
}

#[tokio::test]
async fn everything_else_is_passed_through() {
    let (gateway, _) = served(monolith(), usual()).await;

    let variables = json!({ "id": "2", "first": 1 });
    let query = "query($id: ID!, $first: Int!) { user(id: $id) { ... on User { name orders(first: $first) { id } } } }";
    let read = gateway.run_with(query, variables).await;
    let changed = gateway
        .data("mutation { callGrace(name: \"Hopper\") { name reviews { text } } }")
        .await;

    assert_eq!(
        read["data"],
        json!({ "user": { "name": "Grace", "orders": [{ "id": "100" }] } }),
        "{read}"
    );
    assert_eq!(
        changed,
        json!({ "callGrace": { "name": "Hopper", "reviews": [{ "text": "fine" }] } })
    );
}

#[tokio::test]
async fn variables_of_the_client_reach_fields_of_entities() {
    let (gateway, _) = served(monolith(), usual()).await;

    let query = "query($n: Int!, $with: Boolean!) { reviews(first: 1) { author { orders(first: $n) { id } email @include(if: $with) } } }";
    let answer = gateway.run_with(query, json!({ "n": 1, "with": true })).await;

    assert_eq!(
        answer,
        json!({ "data": { "reviews": [{ "author": { "orders": [{ "id": "100" }], "email": "1@monolith.test" } }] } })
    );
}

#[tokio::test]
async fn a_variable_called_as_the_gateways_own_chooses_no_entities() {
    let (gateway, _) = served(monolith(), usual()).await;

    let query = "query($representations: Int!) { reviews(first: 1) { author { name orders(first: $representations) { id } } } }";
    let answer = gateway.run_with(query, json!({ "representations": 1 })).await;

    assert_eq!(
        answer,
        json!({ "data": { "reviews": [{ "author": { "name": "Ada", "orders": [{ "id": "100" }] } }] } })
    );
}

#[tokio::test]
async fn errors_of_entities_carry_the_clients_path() {
    let (gateway, _) = served(monolith(), usual()).await;

    let inner = gateway.run("{ reviews(first: 2) { author { email } } }").await;
    let whole = gateway.run("{ latest(of: [0, 3]) { author { name } } }").await;

    assert_eq!(
        inner,
        json!({
            "data": { "reviews": [{ "author": { "email": "1@monolith.test" } }, { "author": { "email": null } }] },
            "errors": [{
                "message": "the address of 2 is secret",
                "path": ["reviews", 1, "author", "email"],
                "extensions": { "code": "UNAVAILABLE", "service": "monolith" },
            }],
        })
    );
    assert_eq!(
        whole["data"]["latest"][0],
        json!({ "author": { "name": "Ada" } }),
        "{whole}"
    );
    assert_eq!(whole["errors"][0]["message"], "this user is closed", "{whole}");
    assert_eq!(whole["errors"][0]["path"], json!(["latest", 1, "author"]), "{whole}");
}

async fn with_null_for_no_errors(response: Response) -> Response {
    let body = to_bytes(response.into_body(), 1 << 20).await;
    let mut answer: Value = serde_json::from_slice(&body.expect("it is whole")).expect("it is JSON");
    if answer["errors"].is_null() {
        answer["errors"] = Value::Null;
    }
    axum::Json(answer).into_response()
}

#[tokio::test]
async fn errors_that_are_null_are_none() {
    let service = monolith();
    let router = service.router.layer(map_response(with_null_for_no_errors));
    let (gateway, _) = served(Part { router, ..service }, usual()).await;

    let data = gateway.data("{ reviews(first: 1) { author { name } } }").await;

    assert_eq!(data, json!({ "reviews": [{ "author": { "name": "Ada" } }] }));
}

#[tokio::test]
async fn one_entity_that_must_be_there_and_is_not_does_not_take_the_others_with_it() {
    let (gateway, asked) = served(monolith(), usual()).await;

    let answer = gateway.run("{ latest(of: [0, 1, 3]) { order { total } } }").await;

    let latest = &answer["data"]["latest"];
    assert_eq!(latest[0]["order"]["total"], 300, "{answer}");
    assert_eq!(latest[1]["order"]["total"], 600, "{answer}");
    assert_eq!(answer["errors"][0]["message"], "there is no order 404", "{answer}");
    assert_eq!(
        asked.queries().len(),
        4 + 1,
        "all at once, then each alone, and the schema"
    );
}

#[tokio::test]
async fn a_root_field_with_a_list_finds_all_entities_at_once() {
    let mut description = usual();
    description["entities"]["User"] = json!({ "key": "id", "field": "users", "arguments": { "ids": ["id"] } });
    let (gateway, asked) = served(monolith(), description).await;

    let data = gateway.data("{ latest(of: [1, 2, 0, 4]) { author { name } } }").await;
    let failed = gateway.run("{ latest(of: [0, 3]) { author { name } } }").await;

    let author = |name: &str| json!({ "author": { "name": name } });
    assert_eq!(
        data,
        json!({ "latest": [author("Grace"), { "author": { "name": null } }, author("Ada"), author("Ada")] })
    );
    let bodies = asked.bodies();
    let variables = &bodies[bodies.len() - 2]["variables"];
    assert_eq!(
        variables.as_object().unwrap().values().collect::<Vec<_>>(),
        [&json!(["2", "3", "1"])]
    );
    assert_eq!(failed["errors"][0]["message"], "this user is closed", "{failed}");
    assert_eq!(failed["errors"][0]["extensions"]["service"], "monolith");
}

#[tokio::test]
async fn a_request_asks_for_so_many_entities_and_not_for_more() {
    let mut description = usual();
    description["batch"] = json!(1);
    let (gateway, asked) = served(monolith(), description).await;

    let data = gateway.data("{ reviews(first: 2) { author { name } } }").await;

    assert_eq!(
        data,
        json!({ "reviews": [{ "author": { "name": "Ada" } }, { "author": { "name": "Grace" } }] })
    );
    assert_eq!(asked.queries().len(), 1 + 2, "{:?}", asked.queries());
}

#[tokio::test]
async fn a_root_field_that_gives_several_types_finds_only_the_one_that_was_asked_for() {
    let mut description = usual();
    description["entities"]["User"] = json!({ "key": "id", "field": "node", "arguments": { "id": "id" } });
    description["entities"]["Order"] = json!({ "key": "id", "field": "node", "arguments": { "id": "id" } });
    let (gateway, _) = served(monolith(), description).await;

    let data = gateway
        .data("{ reviews(first: 2) { author { name } order { total } } }")
        .await;

    assert_eq!(
        data,
        json!({ "reviews": [
            { "author": { "name": "Ada" }, "order": { "total": 300 } },
            { "author": { "name": "Grace" }, "order": { "total": 600 } },
        ] })
    );
}

#[tokio::test]
async fn what_is_hidden_is_not_there_and_what_is_renamed_has_the_new_name_alone() {
    let mut description = usual();
    description["rename"] =
        json!({ "Query.me": "viewer", "Mutation.callGrace": "rename", "Subscription.renamed": "heard" });
    description["hide"] = json!(["Query.version", "Query.node", "Node", "User.password"]);
    let (gateway, _) = served(monolith(), description).await;

    let data = gateway.data("{ viewer { name } again: viewer { id } }").await;
    let changed = gateway.data("mutation { rename(name: \"G\") { name } }").await;
    let old = gateway.run("{ me { name } }").await;
    let schema = gateway.gateway.supergraph().unwrap().api_sdl();

    assert_eq!(data, json!({ "viewer": { "name": "Ada" }, "again": { "id": "1" } }));
    assert_eq!(changed, json!({ "rename": { "name": "G" } }));
    assert_eq!(old["errors"][0]["extensions"]["rule"], "FieldsOnCorrectType", "{old}");
    for gone in [
        "password",
        "version",
        "Node",
        "node",
        "stitch",
        "callGrace",
        "_entities",
    ] {
        assert!(!schema.contains(gone), "{gone} in {schema}");
    }
    assert!(schema.contains("What others call them."), "descriptions stay: {schema}");
}

#[tokio::test]
async fn its_subscriptions_are_heard_and_completed() {
    let mut description = usual();
    description["rename"] = json!({ "Subscription.renamed": "heard" });
    let (gateway, _) = served(monolith(), description).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    socket
        .subscribe("a", "subscription { heard { name reviews { text } } }")
        .await;
    let events = [socket.next().await, socket.next().await];

    let event = |name: &str, texts: &[&str]| {
        let reviews: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        json!({ "data": { "heard": { "name": name, "reviews": reviews } } })
    };
    assert_eq!(
        events,
        [event("Ada", &["good", "again"]), event("Amazing Grace", &["fine"])]
    );
}

#[tokio::test]
async fn variables_of_a_client_are_never_taken_for_our_own() {
    let (gateway, _) = served(monolith(), usual()).await;

    let query =
        "query($_stitch_0_0_0: Int!) { reviews(first: 1) { author { name orders(first: $_stitch_0_0_0) { id } } } }";
    let answer = gateway.run_with(query, json!({ "_stitch_0_0_0": 2 })).await;

    let author = json!({ "name": "Ada", "orders": [{ "id": "100" }, { "id": "200" }] });
    assert_eq!(answer, json!({ "data": { "reviews": [{ "author": author }] } }));
}
