//! What an answer and the question for it say of how long it may be kept, and for which other questions.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    middleware::map_response,
    response::Response,
};
use serde_json::{Value, json};

use super::{Kept, saying};
use crate::support::{Part, stand_in::StandIn};

const KINDS: [&str; 2] = ["responses", "entities"];

#[tokio::test]
async fn every_line_of_a_header_counts() {
    for what in KINDS {
        for second in ["private", "no-store"] {
            let answers = StandIn::json(json!({ "data": { "name": "Ada" } }));
            let part = saying(answers.part("names", "type Query { name: String }"), "max-age=60");
            let say = move |mut response: Response| async move {
                response
                    .headers_mut()
                    .append(CACHE_CONTROL, HeaderValue::from_static(second));
                response
            };
            let router: Router = part.router.layer(map_response(say));
            let gateway = Kept::start(vec![Part { router, ..part }], json!({ "cache": { what: true } })).await;

            let (_, control, _) = gateway.ask("{ name }", None).await;
            gateway.ask("{ name }", None).await;

            assert!(control.contains(second), "{what}: {control}");
            assert_eq!(answers.asked().len(), 2, "{what}: {second}");
        }
    }
}

#[tokio::test]
async fn what_comes_with_the_status_of_a_failure_is_not_kept() {
    for what in KINDS {
        let answers =
            StandIn::new(|_| async { (StatusCode::NOT_FOUND, Json(json!({ "data": { "name": "nobody" } }))) });
        let part = saying(answers.part("names", "type Query { name: String }"), "max-age=60");
        let gateway = Kept::start(vec![part], json!({ "cache": { what: true } })).await;

        let (answer, control, _) = gateway.ask("{ name }", None).await;
        gateway.ask("{ name }", None).await;

        assert_eq!(answer["data"]["name"], "nobody", "{what}");
        assert_eq!((control.as_str(), answers.asked().len()), ("no-store", 2), "{what}");
    }
}

#[tokio::test]
async fn a_header_does_not_pass_for_a_variable() {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let user = json!({ "__typename": "User", "id": "1" });
    let users = StandIn::json(json!({ "data": { "user": user } }));
    let posts = StandIn::json(json!({ "data": { "_entities": [{ "posts": 3 }] } }));
    let known = "type Query { user: User } type User @key(fields: \"id\") { id: ID! }";
    let posted = "type User @key(fields: \"id\") { id: ID! posts(limit: Int): Int }";
    let parts = vec![
        saying(users.part("users", &format!("{link} {known}")), "max-age=60"),
        saying(posts.part("posts", &format!("{link} {posted}")), "max-age=60"),
    ];
    let settings = json!({ "cache": { "entities": true }, "headers": { "all": [{ "forward": "limit" }] } });
    let gateway = Kept::start(parts, settings).await;
    let ask = async |variables: Value, header: Option<&str>| {
        let query = "query ($limit: Int) { user { posts(limit: $limit) } }";
        let request = gateway.served.client.post(&gateway.served.url);
        let request = request.json(&json!({ "query": query, "variables": variables }));
        let request = match header {
            Some(limit) => request.header("limit", limit),
            None => request,
        };
        request.send().await.expect("the gateway answers");
        posts.asked().len()
    };

    assert_eq!(ask(json!({ "limit": 5 }), None).await, 1);
    assert_eq!(ask(json!({}), Some("5")).await, 2);
    assert_eq!(ask(json!({ "limit": 5 }), None).await, 2);
}

#[tokio::test]
async fn a_list_that_has_not_as_many_entities_as_were_asked_for_is_no_answer() {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let user = |id: &str| json!({ "__typename": "User", "id": id });
    let known = "type Query { one: User all: [User] } type User @key(fields: \"id\") { id: ID! }";
    let named = "type User @key(fields: \"id\") { id: ID! name: String }";
    let ada = json!({ "name": "Ada" });
    for list in [
        json!([ada]),
        json!([ada, ada, ada, ada]),
        json!([]),
        json!(null),
        json!("Ada"),
    ] {
        let users = StandIn::json(json!({ "data": { "one": user("1"), "all": [user("1"), user("2"), user("3")] } }));
        let given = json!({ "data": { "_entities": list } });
        let right = json!({ "data": { "_entities": [ada] } });
        let names = StandIn::new(move |asked: Value| {
            let is_first = asked["variables"]["representations"].as_array().map(Vec::len) == Some(1);
            let answer = if is_first { right.clone() } else { given.clone() };
            async move { Json(answer) }
        });
        for keeping in [false, true] {
            let parts = vec![
                users.part("users", &format!("{link} {known}")),
                saying(names.part("names", &format!("{link} {named}")), "max-age=60"),
            ];
            let gateway = Kept::start(parts, json!({ "cache": { "entities": keeping } })).await;
            let (one, ..) = gateway.ask("{ one { name } }", None).await;

            let (answer, control, _) = gateway.ask("{ all { name } }", None).await;

            assert_eq!(one["data"]["one"]["name"], "Ada", "{one}");
            let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(message.contains("not a GraphQL response"), "{list} {keeping}: {answer}");
            assert_ne!(control, "max-age=60, public", "{list} {keeping}");
        }
    }
}

#[tokio::test]
async fn what_is_not_as_the_schema_says_is_not_kept() {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let user = json!({ "__typename": "User", "id": "1" });
    let known = "type Query { user: User } type User @key(fields: \"id\") { id: ID! }";
    let named = "type Query { admin: User } type User @key(fields: \"id\") { id: ID! name: String! }";
    for (query, field) in [("{ user { name } }", "user"), ("{ admin { name } }", "admin")] {
        let users = StandIn::json(json!({ "data": { "user": user } }));
        let times = AtomicUsize::new(0);
        let names = StandIn::new(move |_| {
            let name = ["", "Ada"][times.fetch_add(1, SeqCst).min(1)];
            let named = json!({ "__typename": "User", "name": Some(name).filter(|name| !name.is_empty()) });
            async move { Json(json!({ "data": { "_entities": [named], "admin": named } })) }
        });
        let parts = vec![
            saying(users.part("users", &format!("{link} {known}")), "max-age=60"),
            saying(names.part("names", &format!("{link} {named}")), "max-age=60"),
        ];
        let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;

        let (wrong, ..) = gateway.ask(query, None).await;
        let (right, ..) = gateway.ask(query, None).await;
        gateway.ask(query, None).await;

        assert_eq!(wrong["data"][field], Value::Null, "{wrong}");
        assert_eq!(right["data"][field]["name"], "Ada", "{right}");
        assert_eq!(names.asked().len(), 2, "{query}");
    }
}
