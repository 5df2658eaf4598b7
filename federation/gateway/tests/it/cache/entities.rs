//! Single entities of subgraphs that are kept.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{HEAD, Kept, saying};
use crate::support::{recorder::Recorder, shop, stand_in::StandIn};

#[tokio::test]
async fn only_entities_that_are_not_kept_are_asked_for() {
    let (inventory, asked) = Recorder::before(saying(shop::inventory(), "max-age=60"));
    let gateway = Kept::start(
        vec![shop::products(), inventory],
        json!({ "cache": { "entities": true } }),
    )
    .await;
    gateway.ask("{ topProducts(first: 1) { inStock } }", None).await;

    let (answer, ..) = gateway.ask("{ topProducts(first: 3) { upc inStock } }", None).await;

    let expected = json!([
        { "upc": "1", "inStock": true },
        { "upc": "2", "inStock": false },
        { "upc": "3", "inStock": true },
    ]);
    assert_eq!(answer["data"]["topProducts"], expected, "{answer}");
    let representations = asked.bodies()[1]["variables"]["representations"].clone();
    let upcs: Vec<_> = representations
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|one| &one["upc"])
        .collect();
    assert_eq!(upcs, ["2", "3"]);
}

fn hinted() -> String {
    let types = r#"
type Query { users: [User] }
type User @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  name: String
  mood: String @cacheControl(maxAge: 5)
  now: String @cacheControl(maxAge: 0)
  secret: String @cacheControl(scope: PRIVATE)
}
"#;
    format!("{HEAD}{types}")
}

#[tokio::test]
async fn entities_are_kept_no_longer_than_what_is_asked_of_them() {
    let entity = json!({ "__typename": "User", "name": "Ada", "mood": "calm", "now": "noon", "secret": "none" });
    let answers = StandIn::json(json!({ "data": { "_entities": [entity] } }));
    let roots = StandIn::json(json!({ "data": { "them": { "__typename": "User", "id": "1" } } }));
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let roots = roots.part(
        "roots",
        &format!("{link} type Query {{ them: User }} type User @key(fields: \"id\") {{ id: ID! }}"),
    );
    let gateway = Kept::start(
        vec![roots, answers.part("hinted", &hinted())],
        json!({ "cache": { "entities": true } }),
    )
    .await;
    let asked = async |field: &str, after: u64| {
        let query = format!("{{ them {{ {field} }} }}");
        let before = answers.asked().len();
        gateway.ask(&query, None).await;
        gateway.pass(after);
        gateway.ask(&query, None).await;
        answers.asked().len() - before
    };

    assert_eq!(asked("name", 30).await, 1);
    assert_eq!(asked("mood", 4).await, 1);
    assert_eq!(asked("name mood", 6).await, 2);
    assert_eq!(asked("now", 0).await, 2);
    // What is private is kept for somebody, and nobody has signed in here.
    assert_eq!(asked("secret", 0).await, 2);
}

#[tokio::test]
async fn kept_entities_are_taken_away_by_type_and_key() {
    let (inventory, asked) = Recorder::before(saying(shop::inventory(), "max-age=60"));
    let gateway = Kept::start(
        vec![shop::products(), inventory],
        json!({ "cache": { "entities": true } }),
    )
    .await;
    let query = "{ topProducts(first: 3) { upc inStock } }";
    gateway.ask(query, None).await;

    let other = gateway.invalidate(json!({ "type": "User" })).await;
    let gone = gateway
        .invalidate(json!({ "type": "Product", "key": { "upc": "2" } }))
        .await;
    gateway.ask(query, None).await;

    assert_eq!((&other["invalidated"], &gone["invalidated"]), (&json!(0), &json!(1)));
    let asked_again = &asked.bodies()[1]["variables"]["representations"];
    assert_eq!(asked_again.as_array().map(Vec::len), Some(1));
    assert_eq!(asked_again[0]["upc"], "2");
}

#[tokio::test]
async fn the_schema_and_the_header_are_both_heeded_and_the_shorter_counts() {
    let user = json!({ "__typename": "User", "id": "1", "name": "Ada", "mood": "calm", "secret": "none" });
    let data = json!({ "_entities": [user], "users": [user] });
    let answers = StandIn::json(json!({ "data": data }));
    let roots = StandIn::json(json!({ "data": { "them": { "__typename": "User", "id": "1" } } }));
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let sdl = format!("{link} type Query {{ them: User }} type User @key(fields: \"id\") {{ id: ID! }}");
    for (header, query, holds, is_over) in [
        ("max-age=600", "{ them { name } }", 59, 60),
        ("max-age=600", "{ them { mood } }", 4, 5),
        ("max-age=20", "{ them { name } }", 19, 20),
        ("max-age=600", "{ them { secret } }", 0, 0),
        ("max-age=600", "{ users { name } }", 59, 60),
        ("max-age=600", "{ users { mood } }", 4, 5),
        ("max-age=600", "{ users { secret } }", 0, 0),
        ("", "{ users { name } }", 59, 60),
    ] {
        let hinted = match header {
            "" => answers.part("hinted", &hinted()),
            _ => saying(answers.part("hinted", &hinted()), header),
        };
        let parts = vec![roots.part("roots", &sdl), hinted];
        let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;
        let before = answers.asked().len();

        gateway.ask(query, None).await;
        gateway.pass(holds);
        gateway.ask(query, None).await;
        let held = answers.asked().len() - before;
        gateway.pass(is_over - holds);
        gateway.ask(query, None).await;
        let over = answers.asked().len() - before;

        // What is private is kept for somebody, and nobody has signed in here.
        let expected = if is_over == 0 { (2, 3) } else { (1, 2) };
        assert_eq!((held, over), expected, "{header} {query}");
    }
}

#[tokio::test]
async fn a_header_alone_counts_where_the_schema_is_silent() {
    let user = json!({ "__typename": "Plain", "id": "1", "name": "Ada" });
    let answers = StandIn::json(json!({ "data": { "_entities": [user], "plain": user } }));
    let silent = hinted() + " extend type Query { plain: Plain } type Plain { id: ID name: String }";
    let gateway = Kept::start(
        vec![saying(answers.part("hinted", &silent), "max-age=60")],
        json!({ "cache": { "entities": true } }),
    )
    .await;

    gateway.ask("{ plain { name } }", None).await;
    gateway.pass(59);
    gateway.ask("{ plain { name } }", None).await;

    assert_eq!(answers.asked().len(), 1);
}

const KEYED: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";

/// A gateway before somebody, who comes alone and with another, and before what answers for their names.
async fn for_names(answers: &StandIn) -> Kept {
    let user = |id: &str| json!({ "__typename": "User", "id": id });
    let roots = StandIn::json(json!({ "data": { "one": user("1"), "both": [user("1"), user("2")] } }));
    let roots_sdl = "type Query { one: User both: [User] } type User @key(fields: \"id\") { id: ID! }";
    let names_sdl = "type User @key(fields: \"id\") { id: ID! name: String }";
    let parts = vec![
        roots.part("roots", &format!("{KEYED} {roots_sdl}")),
        saying(answers.part("names", &format!("{KEYED} {names_sdl}")), "max-age=60"),
    ];
    Kept::start(parts, json!({ "cache": { "entities": true } })).await
}

#[tokio::test]
async fn errors_that_are_null_are_none() {
    let user = json!({ "__typename": "User", "name": "Ada" });
    let answers = StandIn::json(json!({ "data": { "_entities": [user] }, "errors": null }));
    let gateway = for_names(&answers).await;

    gateway.ask("{ one { name } }", None).await;
    let (kept, ..) = gateway.ask("{ one { name } }", None).await;

    assert_eq!(kept, json!({ "data": { "one": { "name": "Ada" } } }));
    assert_eq!(answers.asked().len(), 1);
}

#[tokio::test]
async fn what_is_no_answer_for_the_rest_is_none_for_the_whole() {
    let user = |name: &str| json!([{ "__typename": "User", "name": name }]);
    let odd = json!({ "data": { "_entities": user("Bob") }, "errors": {} });
    let refused = json!({ "message": "no" });
    for (status, wrong, told) in [
        (200, odd, "answered something that is not a GraphQL response"),
        (401, refused, "answered with status 401"),
    ] {
        let right = json!({ "data": { "_entities": user("Ada") } });
        let answers = StandIn::new(move |asked: Value| {
            let is_second = asked["variables"]["representations"][0]["id"] == "2";
            let (status, answer) = if is_second { (status, &wrong) } else { (200, &right) };
            let status = StatusCode::from_u16(status).expect("it is a status");
            let answer = (status, axum::Json(answer.clone()));
            async move { answer }
        });
        let gateway = for_names(&answers).await;
        gateway.ask("{ one { name } }", None).await;

        let (answer, ..) = gateway.ask("{ both { name } }", None).await;

        let nobody = json!({ "name": null });
        assert_eq!(answer["data"], json!({ "both": [nobody, nobody] }), "{answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(told), "{answer}");
        assert_eq!(answers.asked().len(), 2);
    }
}
