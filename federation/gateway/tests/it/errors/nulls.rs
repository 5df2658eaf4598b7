//! Values that are missing or of another type, and what goes with them.

use serde_json::{Value, json};

use super::{quick, users_of, with_users};
use crate::support::{in_process, stand_in::StandIn};

#[tokio::test]
async fn a_null_where_there_must_be_a_value_takes_its_parent_away() {
    let users = StandIn::new(|asked| async move {
        axum::Json(users_of(&asked, |id| {
            if id == "u2" {
                json!({ "name": null })
            } else {
                json!({ "name": "Ada" })
            }
        }))
    });
    let gateway = with_users(&users, quick()).await;

    let list = gateway
        .run("{ latest { id author { name } } topProducts(first: 1) { name } }")
        .await;
    let single = gateway
        .run("{ product(upc: \"1\") { name } topProducts(first: 1) { reviews { author { name } } } }")
        .await;

    // `latest: [Review!]!`, `author: User!`: nothing on the way may be null, so all of it is.
    assert_eq!(list["data"], Value::Null);
    assert_eq!(list["errors"][0]["path"], json!(["latest", 2, "author", "name"]));
    assert_eq!(list["errors"].as_array().unwrap().len(), 1);
    assert_eq!(single["data"], Value::Null);
}

#[tokio::test]
async fn fields_whose_answer_was_lost_by_the_error_of_another_are_not_blamed() {
    let error = json!({ "message": "no more", "path": ["second", "name"] });
    let users = StandIn::json(json!({ "data": null, "errors": [error] }));
    let gateway = with_users(&users, quick()).await;

    let answer = gateway.run("{ first: me { id } second: me { name } }").await;

    assert_eq!(answer["data"], Value::Null);
    let told = answer["errors"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{answer}");
    assert_eq!(told[0]["path"], json!(["second", "name"]));
}

#[tokio::test]
async fn a_null_stops_at_the_first_place_that_may_be_null() {
    let users = StandIn::json(json!({ "data": { "you": { "name": null, "email": "a" } } }));
    let gateway = with_users(&users, quick()).await;

    let answer = gateway
        .run("{ you { email name } topProducts(first: 1) { name } }")
        .await;

    assert_eq!(
        answer["data"],
        json!({ "you": null, "topProducts": [{ "name": "Table" }] })
    );
    assert_eq!(answer["errors"][0]["path"], json!(["you", "name"]));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_value_of_another_type_is_no_value() {
    let users = StandIn::json(json!({ "data": { "you": { "id": 7, "email": 3, "name": ["x"] } } }));
    let gateway = with_users(&users, quick()).await;

    let id = gateway.run("{ you { id } }").await;
    let email = gateway.run("{ you { email } }").await;
    let name = gateway.run("{ you { name } }").await;

    assert_eq!(id, json!({ "data": { "you": { "id": "7" } } }));
    assert_eq!(email["data"], json!({ "you": { "email": null } }));
    assert_eq!(
        email["errors"][0]["message"],
        "the subgraph's answer has no String here"
    );
    assert_eq!(name["data"], json!({ "you": null }));
}

#[tokio::test]
async fn a_value_that_clients_do_not_see_is_null() {
    let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@inaccessible\"])
        type Query { mood: Mood moods: [Mood!] } enum Mood { GOOD BAD @inaccessible }";
    let answers = StandIn::json(json!({ "data": { "mood": "BAD", "moods": ["GOOD", "BAD"] } }));
    let gateway = in_process(vec![answers.part("a", sdl)], quick()).await;

    let single = gateway.run("{ mood }").await;
    let list = gateway.run("{ moods }").await;

    assert_eq!(single, json!({ "data": { "mood": null } }));
    assert_eq!(list["data"], json!({ "moods": null }));
    assert_eq!(list["errors"][0]["path"], json!(["moods", 1]));
}

#[tokio::test]
async fn what_no_subgraph_was_asked_for_is_told() {
    let sdl = |only: &str| {
        format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\", \"@shareable\"])
            type Query {{ shelf{only}: Shelf }} type Shelf @key(fields: \"id\") {{ id: ID! box: Box @shareable }}
            type Box @shareable {{ things: [Thing!]! }} union Thing = Pen | {only}
            type Pen @shareable {{ color: String }} type {only} {{ length: Int }}"
        )
    };
    // What only one knows should not come from a field that both answer.
    let things = json!([{ "__typename": "Pen", "color": "red" }, { "__typename": "Ruler" }]);
    let ruler = StandIn::json(json!({ "data": { "shelfRuler": { "box": { "things": things } } } }));
    let eraser = StandIn::json(json!({}));
    let parts = vec![ruler.part("a", &sdl("Ruler")), eraser.part("b", &sdl("Eraser"))];
    let gateway = in_process(parts, quick()).await;

    let answer = gateway
        .run("{ shelfRuler { box { things { ... on Pen { color } ... on Ruler { length } } } } }")
        .await;

    let things = json!([{ "color": "red" }, { "length": null }]);
    assert_eq!(answer["data"], json!({ "shelfRuler": { "box": { "things": things } } }));
    let path = json!(["shelfRuler", "box", "things", 1, "length"]);
    assert_eq!(answer["errors"][0]["path"], path, "{answer}");
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn half_a_character_makes_an_answer_none_and_a_whole_one_is_passed_on() {
    let said = |email: &'static str| {
        StandIn::new(move |_| async move { format!(r#"{{"data":{{"you":{{"email":"{email}"}}}}}}"#) })
    };
    let mut answers = Vec::new();
    for email in [r"\ud83d\ude00", r"\ud83d!", r"\ude00", r"\ud83d\u0041"] {
        answers.push(with_users(&said(email), quick()).await.run("{ you { email } }").await);
    }

    assert_eq!(answers[0], json!({ "data": { "you": { "email": "😀" } } }));
    for broken in &answers[1..] {
        assert_eq!(broken["data"], json!({ "you": null }));
        assert_eq!(broken["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    }
}

#[tokio::test]
async fn an_object_of_a_type_that_nobody_knows_or_of_none_is_no_object() {
    let found = json!([{ "__typename": "Vase", "id": "1" }, { "id": "2" }, { "__typename": "Bowl", "id": "3" }]);
    let shelf = StandIn::json(json!({ "data": { "found": found } }));
    let sdl = "type Query { found: [Thing] } interface Thing { id: ID! } type Bowl implements Thing { id: ID! } \
               type Cup implements Thing { id: ID! }";
    let gateway = in_process(vec![shelf.part("shelf", sdl)], quick()).await;

    let named = gateway.run("{ found { __typename id } }").await;
    let split = gateway.run("{ found { ... on Bowl { id } ... on Cup { id } } }").await;

    assert_eq!(
        named["data"],
        json!({ "found": [null, null, { "__typename": "Bowl", "id": "3" }] })
    );
    assert_eq!(named["errors"][0]["path"], json!(["found", 0]));
    assert_eq!(named["errors"].as_array().unwrap().len(), 2);
    assert_eq!(split["data"]["found"][0], Value::Null);
    assert_eq!(split["data"]["found"][2], json!({ "id": "3" }));
}

#[tokio::test]
async fn a_subgraph_that_answers_fewer_entities_than_asked_for_leaves_the_rest_empty() {
    let users = StandIn::json(json!({ "data": { "_entities": [{ "email": "first" }] } }));
    let gateway = with_users(&users, quick()).await;

    let answer = gateway.run("{ latest { author { email } } }").await;

    let emails: Vec<&Value> = answer["data"]["latest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["author"]["email"])
        .collect();
    assert_eq!(emails, [&json!("first"), &json!("first"), &Value::Null, &Value::Null]);
}

/// What a client is told of a subgraph's answer to `{ name }`.
async fn told_of(answer: Value) -> Value {
    let names = StandIn::json(answer);
    let parts = vec![names.part("names", "type Query { name: String! }")];
    in_process(parts, quick()).await.run("{ name }").await
}

#[tokio::test]
async fn an_empty_list_of_errors_is_no_reason_for_what_is_missing() {
    let nothing = told_of(json!({ "errors": [] })).await;
    let null = told_of(json!({ "data": null, "errors": [] })).await;
    let whole = told_of(json!({ "data": { "name": "Ada" }, "errors": [] })).await;

    let message = |answer: &Value| answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message(&nothing).contains("is not a GraphQL response"), "{nothing}");
    assert!(message(&null).contains("there must be one"), "{null}");
    assert_eq!(whole, json!({ "data": { "name": "Ada" } }));
}

#[tokio::test]
async fn an_error_outside_of_a_list_is_one() {
    let answer = told_of(json!({ "data": { "name": "Ada" }, "errors": { "message": "half of it" } })).await;
    let text = told_of(json!({ "data": { "name": "Ada" }, "errors": "half of it" })).await;

    assert_eq!(answer["data"]["name"], "Ada");
    assert_eq!(answer["errors"][0]["message"], "half of it", "{answer}");
    assert_eq!(text["errors"].as_array().map(Vec::len), Some(1), "{text}");
}
