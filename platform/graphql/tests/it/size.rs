//! How much one request may ask for.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use axum::body::to_bytes;
use platform_graphql::{Settings, router, schema};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{NEW, post};

#[derive(SimpleObject)]
struct Series {
    id: ID,
}

struct Entities;

#[Object]
impl Entities {
    #[graphql(entity)]
    async fn series(&self, id: ID) -> Series {
        Series { id }
    }
}

/// Asks an endpoint that answers at most three entities a request.
async fn entities(query: &str, representations: Value) -> Value {
    let settings = Settings {
        entities: 3,
        ..Settings::default()
    };
    let app = router(schema(Entities, EmptyMutation, EmptySubscription).finish(), settings);
    let request = post(NEW, &json!({ "query": query, "variables": { "of": representations } }));
    let response = app.oneshot(request).await.unwrap();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// Representations of so many entities.
fn series(count: usize) -> Value {
    (0..count)
        .map(|id| json!({ "__typename": "Series", "id": id.to_string() }))
        .collect()
}

#[tokio::test]
async fn as_many_entities_as_set_are_answered_in_one_request() {
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Series { id } } }";

    let answered = entities(query, series(3)).await;
    let refused = entities(query, series(4)).await;

    assert_eq!(
        answered["data"]["_entities"].as_array().map(Vec::len),
        Some(3),
        "{answered}"
    );
    assert_eq!(answered["data"]["_entities"][2]["id"], "2");
    let error = &refused["errors"][0];
    assert_eq!(error["extensions"]["code"], "INVALID");
    assert_eq!(error["extensions"]["details"], json!({ "entities": 4, "limit": 3 }));
    assert!(error["message"].as_str().unwrap().contains("at most 3"), "{error}");
    assert!(refused.get("data").is_none());
}

#[tokio::test]
async fn entities_are_counted_wherever_the_request_names_them() {
    let inline = "{ _entities(representations: [
        { __typename: \"Series\", id: 0 }, { __typename: \"Series\", id: 1 },
        { __typename: \"Series\", id: 2 }, { __typename: \"Series\", id: 3 }]) { __typename } }";
    let aliases = "query($of: [_Any!]!) {
        a: _entities(representations: $of) { __typename } b: _entities(representations: $of) { __typename } }";
    let fragments =
        "query($of: [_Any!]!) { ... on Entities { a: _entities(representations: $of) { __typename } } ...More }
        fragment More on Entities { b: _entities(representations: $of) { __typename } }";
    let default =
        "query($more: [_Any!]! = [\"a\", \"b\", \"c\", \"d\"]) { _entities(representations: $more) { __typename } }";
    for query in [inline, aliases, fragments, default] {
        let refused = entities(query, series(2)).await;

        assert_eq!(
            refused["errors"][0]["extensions"]["details"]["entities"], 4,
            "{query}: {refused}"
        );
    }
    let twice = "query($of: [_Any!]!) { ...More ...More }
        fragment More on Entities { _entities(representations: $of) { __typename } }";
    let refused = entities(twice, series(2)).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["details"]["entities"], 4,
        "the library resolves it twice: {refused}"
    );
}

#[tokio::test]
async fn fragments_that_stand_for_more_than_can_be_looked_through_are_refused_at_once() {
    let fragments: String = (0..8)
        .map(|level| {
            let spreads = format!("...f{} ", level + 1).repeat(20);
            format!("fragment f{level} on Entities {{ {spreads} }} ")
        })
        .collect();
    let query = format!("{{ ...f0 }} {fragments} fragment f8 on Entities {{ __typename }}");

    let refused = entities(&query, series(0)).await;

    let error = &refused["errors"][0];
    assert_eq!(error["extensions"]["code"], "INVALID");
    assert!(
        error["message"].as_str().unwrap().contains("more than 20000 fields"),
        "{error}"
    );
}

#[tokio::test]
async fn arguments_directives_and_variables_are_counted_as_fields_are() {
    let many = |one: &dyn Fn(usize) -> String| (0..20_001).map(one).collect::<String>();
    let arguments = format!("{{ __typename @include({}) }}", many(&|n| format!("a{n}: 1 ")));
    let directives = format!("query {} {{ __typename }}", many(&|n| format!("@a{n} ")));
    let definitions = format!("query({}) {{ __typename }}", many(&|n| format!("$a{n}: Int ")));
    let uses = format!("{{ __typename @include(if: [{}]) }}", "$of ".repeat(20_001));
    let unused = format!(
        "{{ __typename }} fragment f on Entities {{ {} }}",
        "__typename ".repeat(20_001)
    );
    let deep = format!("{{ __typename @include(if: {}1{}) }}", "[".repeat(200), "]".repeat(200));
    for query in [arguments, directives, definitions, uses, unused, deep] {
        let refused = entities(&query, json!(1)).await;

        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains("more than 20000 fields"),
            "{}: {message}",
            &query[..80]
        );
    }
}

#[tokio::test]
async fn a_long_variable_in_many_places_is_refused_before_it_is_copied_into_each() {
    let long = json!("x".repeat(100_000));
    let given = format!(
        "query($of: String) {{ __typename @include(if: [{}]) }}",
        "$of ".repeat(1_000)
    );
    let default = format!(
        "query($more: String = {long}) {{ __typename @include(if: [{}]) }}",
        "$more ".repeat(1_000)
    );
    for query in [given, default] {
        let refused = entities(&query, long.clone()).await;

        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message, "the request names long variables in too many places");
    }
}

#[tokio::test]
async fn a_text_of_too_many_words_is_not_parsed_and_a_long_string_is_one_word() {
    let many = format!("{{ {} }}", "a ".repeat(250_000));
    let escaped = r#" \" a \\"#.repeat(40_000);
    let strings = format!("{{ __typename @include(if: [\"{escaped}\" \"\"\"{escaped} \"\"\"]) }} # {escaped}");

    let refused = entities(&many, json!(1)).await;
    let parsed = entities(&strings, json!(1)).await;

    let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("more than 250000 words"), "{refused}");
    assert!(parsed["data"].is_object() && parsed["errors"].is_null());
}
