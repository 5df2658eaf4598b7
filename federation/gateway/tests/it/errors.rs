//! What clients see when subgraphs answer late, wrongly, partly, never, or die while they answer.

mod places;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::IntoResponse,
};
use federation_gateway::Settings;
use futures::stream;
use serde_json::{Value, json};

use crate::support::{Part, TestGateway, over_sockets, shop, stand_in::StandIn};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])";

/// The shop, with a stand-in where the users were.
async fn with_users(users: &StandIn, settings: Settings) -> TestGateway {
    let mut parts = shop::parts();
    parts.pop();
    let sdl = format!(
        "{LINK} type Query {{ me: User! you: User }} type User @key(fields: \"id\") {{ id: ID! name: String! email: String }}"
    );
    parts.push(users.part("users", &sdl));
    over_sockets(parts, settings).await
}

fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.traffic.timeout = platform_config::Duration::from_millis(200);
    settings.traffic.retries = 0;
    settings
}

/// An entity `{ __typename: "User", id }` for each one asked for.
fn users_of(asked: &Value, fields: impl Fn(&str) -> Value) -> Value {
    let asked = asked["variables"]["representations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let entities: Vec<Value> = asked
        .iter()
        .map(|user| fields(user["id"].as_str().unwrap_or_default()))
        .collect();
    json!({ "data": { "_entities": entities } })
}

#[tokio::test]
async fn a_subgraph_that_is_away_leaves_the_others_fields() {
    let mut parts = shop::parts();
    parts.pop();
    let nobody: Part = StandIn::json(json!({})).part(
        "users",
        &format!("{LINK} type Query {{ you: User }} type User @key(fields: \"id\") {{ id: ID! email: String }}"),
    );
    let mut served = Vec::new();
    for part in parts {
        served.push((part.name, part.sdl, crate::support::serve(part.router).await));
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    served.push((nobody.name, nobody.sdl, free.local_addr().unwrap()));
    drop(free);
    let named: Vec<_> = served
        .iter()
        .map(|(name, sdl, at)| (*name, sdl.as_str(), *at))
        .collect();
    let gateway = TestGateway::start(&crate::support::supergraph(&named), quick(), Default::default()).await;

    let answer = gateway
        .run("{ topProducts(first: 1) { name reviews { body author { id email } } } }")
        .await;

    let reviews = json!([
        { "body": "Love it!", "author": { "id": "u1", "email": null } },
        { "body": "Could be better.", "author": { "id": "u2", "email": null } },
    ]);
    assert_eq!(
        answer["data"],
        json!({ "topProducts": [{ "name": "Table", "reviews": reviews }] })
    );
    let error = json!({
        "message": "subgraph users cannot be reached",
        "path": ["topProducts"],
        "extensions": { "code": "UNAVAILABLE", "service": "users" },
    });
    assert_eq!(answer["errors"], json!([error]));
}

#[tokio::test]
async fn a_subgraph_that_never_answers_is_waited_for_as_long_as_allowed() {
    let users = StandIn::new(|_| std::future::pending::<StatusCode>());
    let gateway = with_users(&users, quick()).await;

    let answer = gateway.run("{ you { email } topProducts(first: 1) { name } }").await;

    assert_eq!(
        answer["data"],
        json!({ "you": null, "topProducts": [{ "name": "Table" }] })
    );
    assert_eq!(
        answer["errors"][0]["message"],
        "subgraph users did not answer within 200ms"
    );
    assert_eq!(
        answer["errors"][0]["extensions"],
        json!({ "code": "TIMEOUT", "service": "users" })
    );
    assert_eq!(answer["errors"][0]["path"], json!(["you"]));
}

#[tokio::test]
async fn a_subgraph_that_dies_in_the_middle_of_its_answer_gives_none() {
    let users = StandIn::new(|_| async {
        let half = stream::iter([
            Ok(Bytes::from_static(b"{\"data\":{\"you\":{\"email\":\"x\"")),
            Err(std::io::Error::other("gone")),
        ]);
        Body::from_stream(half).into_response()
    });
    let gateway = with_users(&users, quick()).await;

    let answer = gateway.run("{ you { email } }").await;

    assert_eq!(answer["data"], json!({ "you": null }));
    assert_eq!(answer["errors"][0]["message"], "subgraph users broke off its answer");
}

#[tokio::test]
async fn what_is_not_graphql_is_said_to_be_none_and_not_shown() {
    let cases = [
        (
            "secret stack trace at /srv/users.js",
            200,
            "subgraph users answered something that is not a GraphQL response",
        ),
        (
            "{\"data\":",
            200,
            "subgraph users answered something that is not a GraphQL response",
        ),
        (
            "{}",
            200,
            "subgraph users answered something that is not a GraphQL response",
        ),
        (
            "[1]",
            200,
            "subgraph users answered something that is not a GraphQL response",
        ),
        (
            "{\"data\":{\"you\":null}} and more",
            200,
            "subgraph users answered something that is not a GraphQL response",
        ),
        (
            "secret: database users_prod is down",
            500,
            "subgraph users answered with status 500",
        ),
        ("", 404, "subgraph users answered with status 404"),
    ];
    for (body, status, message) in cases {
        let users = StandIn::new(move |_| async move { (StatusCode::from_u16(status).unwrap(), body) });
        let gateway = with_users(&users, quick()).await;

        let answer = gateway.run("{ you { email } }").await;

        assert_eq!(answer["errors"][0]["message"], message, "{body}");
        assert!(!answer.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn bytes_that_are_not_text_are_not_handed_on() {
    let users = StandIn::new(|_| async { &b"{\"data\":{\"you\":{\"email\":\"\xff\"}}}"[..] });
    let gateway = with_users(&users, quick()).await;

    let answer = gateway.run("{ you { email } }").await;

    assert_eq!(
        answer["errors"][0]["message"],
        "subgraph users answered something that is not a GraphQL response"
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let users =
        StandIn::new(|_| async { format!("{{\"data\":{{\"you\":{{\"email\":\"{}\"}}}}}}", "x".repeat(10_000)) });
    let mut settings = quick();
    settings.traffic.answer = platform_config::ByteSize(5_000);
    let gateway = with_users(&users, settings).await;

    let answer = gateway.run("{ you { email } }").await;

    assert_eq!(answer["errors"][0]["message"], "subgraph users answered more than 5KB");
}

#[tokio::test]
async fn an_error_of_an_entity_stands_at_the_entitys_place() {
    let users = StandIn::new(|asked| async move {
        let mut answer = users_of(&asked, |id| {
            if id == "u2" {
                Value::Null
            } else {
                json!({ "email": "a@b" })
            }
        });
        answer["errors"] = json!([{
            "message": "no such user",
            "path": ["_entities", 1, "email"],
            "extensions": { "code": "NOT_FOUND", "hint": "look again", "stacktrace": ["secret"] },
        }]);
        axum::Json(answer)
    });
    let gateway = with_users(&users, quick()).await;

    let answer = gateway
        .run("{ topProducts(first: 1) { reviews { author { email } } } }")
        .await;

    let authors = json!([{ "author": { "email": "a@b" } }, { "author": { "email": null } }]);
    assert_eq!(answer["data"], json!({ "topProducts": [{ "reviews": authors }] }));
    let error = json!({
        "message": "no such user",
        "path": ["topProducts", 0, "reviews", 1, "author", "email"],
        "extensions": { "code": "NOT_FOUND", "service": "users", "hint": "look again" },
    });
    assert_eq!(answer["errors"], json!([error]));
}

#[tokio::test]
async fn errors_of_subgraphs_can_be_kept_from_clients() {
    let users = StandIn::json(json!({ "data": { "you": null }, "errors": [{ "message": "secret", "path": ["you"] }] }));
    let mut settings = quick();
    settings.execution.subgraph_errors = federation_gateway::SubgraphErrors::Redact;
    let gateway = with_users(&users, settings).await;

    let answer = gateway.run("{ you { email } }").await;

    let error = json!({
        "message": "subgraph users reported an error",
        "path": ["you"],
        "extensions": { "code": "UNAVAILABLE", "service": "users" },
    });
    assert_eq!(answer["errors"], json!([error]));
}

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

#[tokio::test]
async fn a_query_is_tried_again_and_a_mutation_is_not() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let flaky = StandIn::new(move |asked: Value| {
        let is_first = counted.fetch_add(1, Relaxed) == 0;
        let is_write = asked["query"].as_str().unwrap().starts_with("mutation");
        async move {
            match is_first || is_write {
                true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                false => axum::Json(json!({ "data": { "you": "here" } })).into_response(),
            }
        }
    });
    let part = flaky.part("flaky", "type Query { you: String } type Mutation { write: String }");
    let mut settings = quick();
    settings.traffic.retries = 2;
    let gateway = over_sockets(vec![part], settings).await;

    let read = gateway.run("{ you }").await;
    let write = gateway.run("mutation { write }").await;

    assert_eq!(read, json!({ "data": { "you": "here" } }));
    assert_eq!(write["errors"][0]["message"], "subgraph flaky answered with status 503");
    assert_eq!(tries.load(Relaxed), 3);
}

#[tokio::test]
async fn a_subgraph_that_fails_all_the_time_is_left_alone_until_it_is_back() {
    let works = Arc::new(AtomicUsize::new(0));
    let state = works.clone();
    let broken = StandIn::new(move |_| {
        let works = state.load(Relaxed) == 1;
        async move {
            match works {
                true => axum::Json(json!({ "data": { "you": "back" } })).into_response(),
                false => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    });
    let mut settings = quick();
    settings.traffic.breaker_failures = 3;
    settings.traffic.breaker_pause = platform_config::Duration::from_millis(50);
    let gateway = over_sockets(vec![broken.part("broken", "type Query { you: String }")], settings).await;

    for _ in 0..3 {
        gateway.run("{ you }").await;
    }
    let refused = gateway.run("{ you }").await;
    let asked_while_open = broken.asked().len();
    works.store(1, Relaxed);
    let back = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let answer = gateway.run("{ you }").await;
            if answer["data"]["you"] == "back" {
                return;
            }
            tokio::task::yield_now().await;
        }
    });

    assert_eq!(
        refused["errors"][0]["message"],
        "subgraph broken failed too often and is left alone for a while"
    );
    assert_eq!(asked_while_open, 3);
    assert!(back.await.is_ok(), "the circuit closes again");
}

#[tokio::test]
async fn equal_queries_in_flight_are_asked_once_and_others_are_not() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = gate.clone();
    let slow = StandIn::new(move |_| {
        let gate = held.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            axum::Json(json!({ "data": { "you": "here" } }))
        }
    });
    let mut settings = Settings::default();
    settings.headers.all = vec![federation_gateway::HeaderRule {
        forward: Some("x-tenant".into()),
        ..Default::default()
    }];
    let gateway = over_sockets(vec![slow.part("slow", "type Query { you: String }")], settings).await;
    let ask = |tenant: &'static str| {
        let request = gateway
            .client
            .post(&gateway.url)
            .header("x-tenant", tenant)
            .json(&json!({ "query": "{ you }" }));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };

    let answers = futures::future::join_all([ask("a"), ask("a"), ask("a"), ask("b")]);
    let release = async {
        while slow.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(100);
    };
    let (answers, ()) = tokio::join!(answers, release);

    assert!(answers.iter().all(|answer| answer["data"]["you"] == "here"));
    // All four may come in after the first flights have landed on a slow machine, but never is one asked more often.
    assert!((2..=4).contains(&slow.asked().len()));
}
