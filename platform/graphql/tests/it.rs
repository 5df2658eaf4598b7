//! The GraphQL endpoint as clients and composition meet it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use platform_error::{Code, Error};
use platform_graphql::{Result, Settings, federation_sdl, router, schema};
use serde_json::{Value, json};
use tower::ServiceExt;

const NEW: &str = "application/graphql-response+json";

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.unwrap_or_default())
    }

    async fn missing(&self) -> Option<Result<i32>> {
        let error = Error::new(Code::NotFound, "no such series").with_hint("list them");
        Some(Err(error.with_details(json!({ "id": 7 })).into()))
    }

    async fn broken(&self) -> Result<i32> {
        Err(Error::internal("secret text"))?
    }

    async fn foreign(&self) -> async_graphql::Result<i32> {
        Ok("secret text"
            .parse::<i32>()
            .map_err(|_| std::io::Error::other("secret text"))?)
    }

    async fn again(&self) -> Query {
        Query
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn write(&self) -> bool {
        true
    }
}

fn app(settings: Settings) -> Router {
    router(schema(Query, Mutation, EmptySubscription).finish(), settings)
}

async fn answer(request: Request<Body>) -> (StatusCode, String, Value) {
    let response = app(Settings::default()).oneshot(request).await.unwrap();
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, content_type, serde_json::from_slice(&body).unwrap_or_default())
}

fn post(accept: &str, body: &Value) -> Request<Body> {
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
    request
        .header(header::ACCEPT, accept)
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn ask(query: &str) -> (StatusCode, Value) {
    let (status, _, body) = answer(post(NEW, &json!({ "query": query }))).await;
    (status, body)
}

#[tokio::test]
async fn the_media_type_is_the_one_that_was_asked_for() {
    let query = json!({ "query": "query($n: String) { hello(name: $n) }", "variables": { "n": "you" } });

    let (status, new, body) = answer(post(
        "application/graphql-response+json, application/json;q=0.9",
        &query,
    ))
    .await;
    let (_, old, _) = answer(post("*/*", &query)).await;
    let (refused, _, _) = answer(post("text/csv", &query)).await;

    assert_eq!(
        (status, body),
        (StatusCode::OK, json!({ "data": { "hello": "hello you" } }))
    );
    assert_eq!((new.as_str(), old.as_str()), (NEW, "application/json"));
    assert_eq!(refused, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn an_error_of_ours_carries_its_code_hint_and_details() {
    let (status, body) = ask("{ missing }").await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["data"], json!({ "missing": null }));
    assert_eq!(body["errors"][0]["message"], "no such series");
    assert_eq!(
        body["errors"][0]["extensions"],
        json!({ "code": "NOT_FOUND", "hint": "list them", "details": { "id": 7 } })
    );
}

#[tokio::test]
async fn internal_text_stays_inside() {
    for query in ["{ broken }", "{ foreign }"] {
        let (status, body) = ask(query).await;

        assert_eq!(status, StatusCode::OK);
        assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
        assert!(!body.to_string().contains("secret"), "{body}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_executed_is_400_without_data() {
    let (status, body) = ask("{ nothing }").await;
    let (old, _, _) = answer(post("application/json", &json!({ "query": "{ nothing }" }))).await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["errors"][0]["extensions"]["code"], "INVALID");
    assert!(body.get("data").is_none());
    assert_eq!(old, StatusCode::OK);
}

#[tokio::test]
async fn batches_other_types_and_bodies_without_a_query_are_refused() {
    let form = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from("{}"))
        .unwrap();

    assert_eq!(
        answer(post(NEW, &json!([{ "query": "{ hello }" }]))).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        answer(post(NEW, &json!({ "operationName": "A" }))).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(answer(form).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn get_reads_and_never_writes() {
    let (status, _, body) =
        answer(get("/graphql?query=query%20A(%24n%3AString)%7Bhello(name%3A%24n)%7D&variables=%7B%22n%22%3A%22x%22%7D&operationName=A")).await;
    let (refused, _, _) = answer(get("/graphql?query=mutation%7Bwrite%7D")).await;

    assert_eq!((status, &body["data"]["hello"]), (StatusCode::OK, &json!("hello x")));
    assert_eq!(refused, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_query_that_is_too_deep_or_too_wide_is_refused() {
    let deep = format!("{{ {} hello {} }}", "again {".repeat(20), "}".repeat(20));
    let wide = format!(
        "{{ {} }}",
        (0..3000).map(|n| format!("a{n}: hello ")).collect::<String>()
    );

    assert_eq!(ask(&deep).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&wide).await.0, StatusCode::BAD_REQUEST);
}

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
    assert!(
        entities(twice, series(3)).await.get("errors").is_none(),
        "one field is counted once"
    );
}

#[tokio::test]
async fn introspection_and_the_page_can_be_switched_off() {
    let closed = app(Settings {
        introspection: false,
        explorer: false,
        ..Settings::default()
    });
    let schema = post(NEW, &json!({ "query": "{ __schema { types { name } } }" }));

    let schema = closed.clone().oneshot(schema).await.unwrap();
    let sdl = closed.clone().oneshot(get("/graphql/schema.graphql")).await.unwrap();
    let page = closed.oneshot(get("/graphql/explorer/explorer.js")).await.unwrap();

    let body = to_bytes(schema.into_body(), usize::MAX).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("Mutation"));
    assert_eq!(
        (sdl.status(), page.status()),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
}

#[tokio::test]
async fn a_browser_gets_a_page_that_needs_no_network() {
    let request = Request::get("/graphql")
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .body(Body::empty())
        .unwrap();

    let response = app(Settings::default()).oneshot(request).await.unwrap();

    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-eval") && !policy.contains('*'));
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let page = String::from_utf8_lossy(&body);
    assert!(page.contains("id=\"explorer\"") && !page.contains("http"), "{page}");
    let named: Vec<_> = page.split('"').filter(|text| text.starts_with("graphql/")).collect();
    assert_eq!(named, ["graphql/explorer/style.css", "graphql/explorer/explorer.js"]);
    for file in named {
        let asset = app(Settings::default())
            .oneshot(get(&format!("/{file}")))
            .await
            .unwrap();
        assert_eq!(asset.status(), StatusCode::OK, "{file}");
    }
}

#[tokio::test]
async fn a_browser_keeps_the_explorer_and_takes_it_compressed() {
    let file = |name: header::HeaderName, value: &str| {
        let request = Request::get("/graphql/explorer/style.css").header(name, value);
        app(Settings::default()).oneshot(request.body(Body::empty()).unwrap())
    };

    let plain = file(header::ACCEPT, "*/*").await.unwrap();
    let packed = file(header::ACCEPT_ENCODING, "gzip, deflate").await.unwrap();
    let tag = plain.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = file(header::IF_NONE_MATCH, &tag).await.unwrap();

    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    let packed = to_bytes(packed.into_body(), usize::MAX).await.unwrap();
    let plain = to_bytes(plain.into_body(), usize::MAX).await.unwrap();
    assert!(plain.len() > 3 * packed.len(), "{} and {}", plain.len(), packed.len());
    assert!(String::from_utf8_lossy(&plain).contains(".graphiql-container"));
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[test]
fn the_sdl_is_the_same_every_time_and_a_federation_subgraph() {
    let sdl = || federation_sdl(&schema(Query, Mutation, EmptySubscription).finish());

    assert_eq!(sdl(), sdl());
    assert!(sdl().contains("https://specs.apollo.dev/federation/v2"));
    assert!(sdl().contains("hello(name: String): String!"));
}
