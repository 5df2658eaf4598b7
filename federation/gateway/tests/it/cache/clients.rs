//! What clients, and whatever is between them and the gateway, are told of keeping answers.

use serde_json::{Value, json};

use super::{HEAD, Kept};
use crate::support::{staff, stand_in::StandIn, tokens};

#[tokio::test]
async fn what_is_not_for_everybody_is_kept_for_one_alone() {
    let (gateway, asked) = Kept::for_staff().await;
    let [ada, bob] = ["ada", "bob"].map(|name| tokens::token(json!({ "sub": name })));

    let (_, open, _) = gateway.ask("{ everybody(first: 1) { name } }", Some(&ada)).await;
    let (_, guarded, _) = gateway.ask("{ everybody(first: 1) { email } }", Some(&ada)).await;
    let before = asked.queries().len();
    let (_, kept, _) = gateway.ask("{ everybody(first: 1) { email } }", Some(&ada)).await;
    let (_, of_another, _) = gateway.ask("{ everybody(first: 1) { email } }", Some(&bob)).await;

    assert_eq!(open, "max-age=30, public");
    assert_eq!(
        (guarded.as_str(), kept.as_str()),
        ("max-age=30, private", "max-age=30, private")
    );
    assert_eq!(of_another, "max-age=30, private");
    assert_eq!(asked.queries().len(), before + 1);
}

#[tokio::test]
async fn nothing_is_public_where_nobody_is_answered_without_a_token() {
    let settings = json!({ "jwt": { "required": true, "sources": [{ "jwks": tokens::trusted().to_string() }] } });
    let gateway = Kept::start(vec![staff::staff()], settings).await;
    let token = tokens::token(json!({ "sub": "ada" }));

    let (_, control, _) = gateway.ask("{ everybody(first: 1) { name } }", Some(&token)).await;

    assert_eq!(control, "max-age=30, private");
}

#[tokio::test]
async fn clients_are_told_which_of_their_headers_an_answer_depends_on() {
    let vary = async |settings: Value| {
        let gateway = Kept::start(vec![staff::staff()], settings).await;
        let query = json!({ "query": "{ everybody(first: 1) { name } }" });
        let response = gateway.served.post(&query).await;
        let all = response.headers().get_all("vary").iter();
        all.map(|value| value.to_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join("; ")
    };
    let forward = json!({ "all": [{ "forward": "x-tenant" }], "subgraphs": { "staff": [{ "forward": "x-lang" }] } });

    let bare = vary(json!({})).await;
    let forwarding = vary(json!({ "headers": forward, "jwt": { "cookie": "session", "header": "x-token" } })).await;
    let by_pattern = vary(json!({ "headers": { "all": [{ "matching": "x-*" }] } })).await;

    assert!(bare.contains("accept, authorization"), "{bare}");
    assert!(
        forwarding.contains("accept, cookie, x-lang, x-tenant, x-token"),
        "{forwarding}"
    );
    assert!(by_pattern.contains('*'), "{by_pattern}");
}

const NAMED: &str = r#"
type Query { named: Named @cacheControl(maxAge: 60) }
interface Named { name: String nick: String }
type Cat implements Named { name: String nick: String @cacheControl(scope: PRIVATE) }
type Dog implements Named { name: String @cacheControl(maxAge: 5) nick: String }
"#;

#[tokio::test]
async fn hints_of_objects_hold_for_fields_read_through_their_interface() {
    let named = json!({ "named": { "__typename": "Dog", "name": "Rex", "nick": "R" } });
    let part = StandIn::json(json!({ "data": named })).part("named", &format!("{HEAD}{NAMED}"));
    let gateway = Kept::start(vec![part], json!({})).await;

    let (_, name, _) = gateway.ask("{ named { name } }", None).await;
    let (_, nick, _) = gateway.ask("{ named { nick } }", None).await;
    let (_, of_one, _) = gateway.ask("{ named { ... on Cat { name } } }", None).await;

    assert_eq!(name, "max-age=5, public");
    assert_eq!(nick, "max-age=60, private");
    assert_eq!(of_one, "max-age=60, public");
}
