//! Values that are shown at several places, and subgraphs that are at another one.

use axum::{Router, response::Redirect, routing::post};
use serde_json::{Value, json};

use super::{LINK, quick, users_of, with_users};
use crate::support::{over_sockets, shop, stand_in::StandIn};

#[tokio::test]
async fn what_is_missing_in_a_shared_value_is_told_for_each_place_it_is_shown_at() {
    let users = StandIn::new(|asked| async move {
        let pets = |id: &str| match id {
            "u1" => json!([{ "name": null }, { "name": "Rex" }]),
            _ => json!([{ "name": "Tom" }]),
        };
        axum::Json(users_of(
            &asked,
            |id| json!({ "__typename": "User", "id": id, "pets": pets(id) }),
        ))
    });
    let sdl = format!(
        "{LINK} type Query {{ you: User }} type Pet {{ name: String! }} type User @key(fields: \"id\") {{ id: ID! pets: [Pet] }}"
    );
    let mut parts = shop::parts();
    parts.pop();
    parts.push(users.part("users", &sdl));
    let gateway = over_sockets(parts, quick()).await;

    let answer = gateway
        .run("{ topProducts { reviews { author { id pets { name } } } } }")
        .await;

    let mut missing = Vec::new();
    for (product, of) in answer["data"]["topProducts"].as_array().unwrap().iter().enumerate() {
        for (review, of) in of["reviews"].as_array().unwrap().iter().enumerate() {
            let is_first = of["author"]["id"] == "u1";
            let pets = if is_first {
                json!([null, { "name": "Rex" }])
            } else {
                json!([{ "name": "Tom" }])
            };
            assert_eq!(of["author"]["pets"], pets);
            if is_first {
                missing.push(json!([
                    "topProducts",
                    product,
                    "reviews",
                    review,
                    "author",
                    "pets",
                    0,
                    "name"
                ]));
            }
        }
    }
    let told: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"].clone())
        .collect();
    assert!(missing.len() > 1, "{answer}");
    assert_eq!(told, missing);
}

#[tokio::test]
async fn a_subgraph_that_has_moved_is_asked_where_it_is_now() {
    let users = StandIn::json(json!({ "data": { "you": { "id": "u1", "name": "Ada" } } }));
    let moved = post(|| async { Redirect::temporary("/moved/graphql") });
    let mut part = users.part(
        "users",
        &format!("{LINK} type Query {{ you: User }} type User @key(fields: \"id\") {{ id: ID! name: String! }}"),
    );
    part.router = Router::new().route("/graphql", moved).nest("/moved", users.router());
    let mut parts = shop::parts();
    parts.pop();
    parts.push(part);
    let gateway = over_sockets(parts, quick()).await;

    let answer = gateway.run("{ you { name } }").await;

    assert_eq!(answer, json!({ "data": { "you": { "name": "Ada" } } }));
    assert_eq!(users.asked().len(), 1);
}

#[tokio::test]
async fn an_error_of_an_entity_is_told_for_each_place_it_is_at() {
    let users = StandIn::new(|asked| async move {
        let of = |id: &str| {
            if id == "u1" {
                Value::Null
            } else {
                json!({ "email": "a@b" })
            }
        };
        let mut answer = users_of(&asked, of);
        let asked = asked["variables"]["representations"].as_array().unwrap();
        let index = asked.iter().position(|user| user["id"] == "u1").unwrap();
        let extensions = json!({ "code": "NOT_FOUND" });
        answer["errors"] =
            json!([{ "message": "no such user", "path": ["_entities", index], "extensions": extensions }]);
        axum::Json(answer)
    });
    let gateway = with_users(&users, quick()).await;

    let answer = gateway.run("{ topProducts { reviews { author { id email } } } }").await;

    let mut places = Vec::new();
    for (product, of) in answer["data"]["topProducts"].as_array().unwrap().iter().enumerate() {
        for (review, of) in of["reviews"].as_array().unwrap().iter().enumerate() {
            if of["author"]["id"] == "u1" {
                places.push(json!(["topProducts", product, "reviews", review, "author"]));
            }
        }
    }
    assert!(places.len() > 1, "{answer}");
    let errors = answer["errors"].as_array().unwrap();
    let told: Vec<_> = errors.iter().map(|error| error["path"].clone()).collect();
    assert_eq!(told, places);
    assert!(
        errors.iter().all(|error| error["extensions"]["code"] == "NOT_FOUND"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_error_at_very_many_places_leaves_room_for_the_others() {
    let author =
        |number: usize| json!({ "author": { "__typename": "User", "id": if number < 150 { "u1" } else { "u2" } } });
    let posts: Vec<Value> = (0..151).map(author).collect();
    let posts = StandIn::json(json!({ "data": { "posts": posts } }));
    let users = StandIn::json(json!({
        "data": { "_entities": [null, null] },
        "errors": [
            { "message": "no u1", "path": ["_entities", 0] },
            { "message": "no u2", "path": ["_entities", 1] },
        ],
    }));
    let of_posts = format!(
        "{LINK} type Query {{ posts: [Post] }} type Post {{ author: User }} type User @key(fields: \"id\") {{ id: ID! }}"
    );
    let of_users =
        format!("{LINK} type Query {{ you: User }} type User @key(fields: \"id\") {{ id: ID! email: String }}");
    let parts = vec![posts.part("posts", &of_posts), users.part("users", &of_users)];
    let gateway = over_sockets(parts, quick()).await;

    let answer = gateway.run("{ posts { author { email } } }").await;

    let errors = answer["errors"].as_array().unwrap();
    let places = |message: &str| errors.iter().filter(|error| error["message"] == message).count();
    assert_eq!((places("no u1"), places("no u2")), (50, 1), "{answer}");
    assert_eq!(errors.last().unwrap()["path"], json!(["posts", 150, "author"]));
}
