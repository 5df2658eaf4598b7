//! Entities of which some cannot be given.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object};
use axum::body::to_bytes;
use platform_error::{Code, Error};
use platform_graphql::{Entities, Result, Settings, federation_sdl, router, schema};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{NEW, post};

const EVERY: &str = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Series { id title units } } }";

struct Series(ID);

impl Series {
    fn unless<T>(&self, id: &str, given: T) -> Result<T> {
        match self.0 == id {
            true => Err(Error::new(Code::Forbidden, "not for you").into()),
            false => Ok(given),
        }
    }
}

#[Object]
impl Series {
    async fn id(&self) -> &ID {
        &self.0
    }

    async fn title(&self) -> Result<&str> {
        self.unless("untitled", "title")
    }

    async fn units(&self) -> Option<Result<&str>> {
        Some(self.unless("unitless", "units"))
    }
}

struct Query;

#[Object]
impl Query {
    #[graphql(entity)]
    async fn series(&self, id: ID) -> Result<Series> {
        Series(id.clone()).unless("broken", Series(id))
    }
}

async fn ask(query: &str, variables: Value) -> Value {
    let schema = schema(Entities(Query), EmptyMutation, EmptySubscription).finish();
    let request = post(NEW, &json!({ "query": query, "variables": variables }));
    let response = router(schema, Settings::default()).oneshot(request).await.unwrap();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn series(id: &str) -> Value {
    json!({ "__typename": "Series", "id": id })
}

/// The paths and codes of the errors, in the order of the paths.
fn told(answer: &Value) -> Vec<(Value, Value)> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = errors
        .iter()
        .map(|error| (error["path"].clone(), error["extensions"]["code"].clone()));
    let mut told: Vec<_> = told.collect();
    told.sort_by_key(|(path, _)| path.to_string());
    told
}

#[tokio::test]
async fn an_entity_that_cannot_be_given_is_null_alone_and_its_error_says_which_it_was() {
    let of = ["a", "broken", "unitless", "untitled", "b"].map(series);

    let answer = ask(EVERY, json!({ "of": of })).await;

    let entities = json!([
        { "id": "a", "title": "title", "units": "units" },
        null,
        { "id": "unitless", "title": "title", "units": null },
        null,
        { "id": "b", "title": "title", "units": "units" },
    ]);
    assert_eq!(answer["data"]["_entities"], entities, "{answer}");
    let forbidden = json!("FORBIDDEN");
    let expected = [
        (json!(["_entities", 1]), forbidden.clone()),
        (json!(["_entities", 2, "units"]), forbidden.clone()),
        (json!(["_entities", 3, "title"]), forbidden),
    ];
    assert_eq!(told(&answer), expected);
}

#[tokio::test]
async fn what_is_no_representation_takes_no_others_away() {
    let of = [
        json!({ "__typename": "Nobody", "id": 1 }),
        series("a"),
        json!({ "__typename": "Series" }),
        json!("Series"),
        json!({}),
    ];

    let answer = ask(EVERY, json!({ "of": of })).await;

    assert_eq!(answer["data"]["_entities"][1]["id"], "a", "{answer}");
    let paths: Vec<_> = told(&answer).into_iter().map(|(path, _)| path).collect();
    let expected = [
        json!(["_entities", 0]),
        json!(["_entities", 2]),
        json!(["_entities", 4]),
        // What is no object has no room for its number.
        json!(["_entities"]),
    ];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn many_entities_under_several_names_are_told_apart() {
    let query = "query($some: [_Any!]!, $more: [_Any!]!) {
        some: _entities(representations: $some) { ... on Series { id } }
        more: _entities(representations: $more) { ... on Series { id } }
    }";
    let mut some: Vec<_> = (0..100).map(|id| series(&id.to_string())).collect();
    let mut more = some.clone();
    (some[77], more[33]) = (series("broken"), series("broken"));

    let answer = ask(query, json!({ "some": some, "more": more })).await;

    let paths: Vec<_> = told(&answer).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, [json!(["more", 33]), json!(["some", 77])]);
    assert_eq!(
        (&answer["data"]["some"][78]["id"], &answer["data"]["more"][33]),
        (&json!("78"), &Value::Null)
    );
}

#[tokio::test]
async fn representations_in_the_text_of_a_query_fail_alone_too() {
    let query = "{ _entities(representations: [
        { __typename: \"Series\", id: \"broken\" }, { __typename: \"Series\", id: 2 }]) { ... on Series { id } } }";

    let answer = ask(query, json!({})).await;

    assert_eq!(answer["data"]["_entities"], json!([null, { "id": "2" }]), "{answer}");
    assert_eq!(told(&answer), [(json!(["_entities"]), json!("FORBIDDEN"))]);
}

#[test]
fn the_schema_is_the_same_as_without() {
    let with = schema(Entities(Query), EmptyMutation, EmptySubscription).finish();
    let without = schema(Query, EmptyMutation, EmptySubscription).finish();

    assert_eq!(federation_sdl(&with), federation_sdl(&without));
    assert!(federation_sdl(&with).contains("@key(fields: \"id\")"));
}
