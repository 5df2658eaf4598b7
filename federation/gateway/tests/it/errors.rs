//! What clients see when subgraphs answer late, wrongly, partly, never, or die while they answer.

mod flights;
mod nulls;
mod places;
mod sizes;
mod traffic;

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::IntoResponse,
};
use federation_gateway::Settings;
use futures::stream;
use serde_json::{Value, json};

use crate::support::{Part, TestGateway, over_sockets, settings, shop, stand_in::StandIn};

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
    settings(json!({ "traffic": { "timeout": "200ms", "retries": 0 } }))
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
        ("{\"status\":401}", 401, "subgraph users answered with status 401"),
        ("", 403, "subgraph users answered with status 403"),
    ];
    for (body, status, message) in cases {
        let users = StandIn::new(move |_| async move { (StatusCode::from_u16(status).unwrap(), body) });
        let gateway = with_users(&users, quick()).await;

        let answer = gateway.run("{ you { email } }").await;

        assert_eq!(answer["errors"][0]["message"], message, "{body}");
        let code = match status {
            401 => "UNAUTHENTICATED",
            403 => "FORBIDDEN",
            _ => "UNAVAILABLE",
        };
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{body}");
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
    let settings = settings(json!({ "traffic": { "answer": "5KB", "retries": 0 } }));
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
    let settings = settings(json!({ "execution": { "subgraph-errors": "redact" } }));
    let gateway = with_users(&users, settings).await;

    let answer = gateway.run("{ you { email } }").await;

    let error = json!({
        "message": "subgraph users reported an error",
        "path": ["you"],
        "extensions": { "code": "UNAVAILABLE", "service": "users" },
    });
    assert_eq!(answer["errors"], json!([error]));
}
