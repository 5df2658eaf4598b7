//! The GraphQL endpoint as clients and composition meet it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod entities;
mod events;
mod explorer;
mod size;

use std::net::SocketAddr;

use async_graphql::{EmptySubscription, Object};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
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
async fn a_string_is_what_the_specification_says() {
    for (written, said) in [
        (r#""\ud83d\ude00 \u{1F600}\b""#, "hello 😀 😀\u{8}"),
        ("\"\"\"\n  a \\\"\"\"\n    b\n\"\"\"", "hello a \"\"\"\n  b"),
    ] {
        let (_, told) = ask(&format!("{{ hello(name: {written}) }}")).await;
        assert_eq!(told, json!({ "data": { "hello": said } }), "{written}");
    }
    let (_, refused) = ask(r#"{ hello(name: "\ud83d") }"#).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID");
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

#[tokio::test]
async fn introspection_and_the_page_can_be_switched_off() {
    let closed = app(Settings {
        introspection: false,
        explorer: false,
        ..Settings::default()
    });
    let schema = post(NEW, &json!({ "query": "{ __schema { types { name } } }" }));
    let nearly = post(NEW, &json!({ "query": "{ helo }" }));

    let schema = closed.clone().oneshot(schema).await.unwrap();
    let nearly = closed.clone().oneshot(nearly).await.unwrap();
    let sdl = closed.clone().oneshot(get("/graphql/schema.graphql")).await.unwrap();
    let page = closed.oneshot(get("/graphql/explorer/explorer.js")).await.unwrap();

    let body = to_bytes(schema.into_body(), usize::MAX).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("Mutation"));
    let body = to_bytes(nearly.into_body(), usize::MAX).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("hello"));
    assert_eq!(
        (sdl.status(), page.status()),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
}

#[tokio::test]
async fn without_introspection_the_schema_is_told_to_a_gateway_of_this_process_alone_unless_set_otherwise() {
    const QUESTIONS: [&str; 3] = [
        "{ _service { sdl } }",
        "{ it: _service { sdl } }",
        "{ ... more } fragment more on Query { _service { sdl } }",
    ];
    let told = async |sdl: bool, is_elsewhere: bool, question: &str| {
        let settings = Settings {
            introspection: false,
            sdl,
            ..Settings::default()
        };
        let mut request = post(NEW, &json!({ "query": question }));
        if is_elsewhere {
            let peer: SocketAddr = "198.51.100.1:80".parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = app(settings).oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8_lossy(&body).into_owned()
    };
    for question in QUESTIONS {
        let refused = told(false, true, question).await;

        assert!(refused.contains("FORBIDDEN") && !refused.contains("hello"), "{refused}");
        assert!(told(false, false, question).await.contains("hello"));
        assert!(told(true, true, question).await.contains("hello"));
    }
}

#[test]
fn the_sdl_is_the_same_every_time_and_a_federation_subgraph() {
    let sdl = || federation_sdl(&schema(Query, Mutation, EmptySubscription).finish());

    assert_eq!(sdl(), sdl());
    assert!(sdl().contains("https://specs.apollo.dev/federation/v2"));
    assert!(sdl().contains("hello(name: String): String!"));
}
