//! Who is believed, and who may ask for which field.

mod keys;
mod required;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use axum::{Router, routing::get};
use serde_json::{Value, json};

use crate::support::{TestGateway, in_process, over_sockets, recorder::Recorder, serve, settings, staff, tokens};

async fn gateway(mut jwt: Value) -> TestGateway {
    if jwt.get("sources").is_none() {
        jwt["sources"] = json!([{ "jwks": tokens::trusted().to_string() }]);
    }
    in_process(vec![staff::staff()], settings(json!({ "jwt": jwt }))).await
}

async fn asked(gateway: &TestGateway, token: Option<&str>, query: &str) -> (u16, Value) {
    let request = gateway.client.post(&gateway.url).json(&json!({ "query": query }));
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let request = request.header("accept", "application/graphql-response+json");
    let response = request.send().await.expect("the gateway answers");
    (
        response.status().as_u16(),
        response.json().await.expect("the answer is JSON"),
    )
}

#[tokio::test]
async fn a_signed_token_opens_what_asks_for_one() {
    let gateway = gateway(json!({})).await;
    let token = tokens::token(json!({ "sub": "ada" }));

    let (status, answer) = asked(&gateway, Some(&token), "{ me { name email } }").await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({ "data": { "me": { "name": "Ada", "email": "ada@example.org" } } })
    );
}

#[tokio::test]
async fn a_field_that_is_not_for_the_caller_is_null_and_says_why() {
    let (part, recorder) = Recorder::before(staff::staff());
    let jwt = json!({ "sources": [{ "jwks": tokens::trusted().to_string() }] });
    let gateway = over_sockets(vec![part], settings(json!({ "jwt": jwt }))).await;

    let (status, answer) = asked(&gateway, None, "{ me { name mail: email } }").await;

    assert_eq!(status, 200);
    assert_eq!(answer["data"], json!({ "me": { "name": "Ada", "mail": null } }));
    assert_eq!(answer["errors"][0]["path"], json!(["me", "mail"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert!(recorder.queries().iter().all(|query| !query.contains("email")));
}

#[tokio::test]
async fn scopes_are_alternatives_of_what_must_be_held_together() {
    let gateway = gateway(json!({})).await;
    let with = |scope: &str| tokens::token(json!({ "sub": "ada", "scope": scope }));

    for (scope, may) in [
        ("hr:read", false),
        ("hr:read hr:all", true),
        ("admin other", true),
        ("", false),
    ] {
        let (_, answer) = asked(&gateway, Some(&with(scope)), "{ me { salary } }").await;
        let expected = if may { json!(100) } else { Value::Null };
        assert_eq!(answer["data"]["me"]["salary"], expected, "{scope}: {answer}");
        if !may {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
        }
    }
}

#[tokio::test]
async fn a_policy_that_does_not_hold_makes_the_object_null_where_the_field_may_not_be() {
    let gateway = gateway(json!({ "policies-claim": "may" })).await;
    let spy = tokens::token(json!({ "sub": "ada", "may": ["spy"] }));
    let other = tokens::token(json!({ "sub": "bob", "may": ["cook"] }));

    let (_, told) = asked(&gateway, Some(&spy), "{ me { secret } }").await;
    let (_, refused) = asked(&gateway, Some(&other), "{ me { name secret } }").await;

    assert_eq!(told["data"]["me"]["secret"], "analytical engine");
    assert_eq!(refused["data"], json!({ "me": null }));
    assert_eq!(refused["errors"].as_array().map(Vec::len), Some(1), "{refused}");
    assert_eq!(refused["errors"][0]["path"], json!(["me", "secret"]));
}

#[tokio::test]
async fn a_type_that_asks_for_a_token_is_not_read_through_an_interface_either() {
    let gateway = gateway(json!({})).await;
    let token = tokens::token(json!({ "sub": "ada" }));
    let query = "{ things { id } }";

    let (_, refused) = asked(&gateway, None, query).await;
    let (_, told) = asked(&gateway, Some(&token), query).await;
    let (_, partly) = asked(
        &gateway,
        None,
        "{ found { __typename ... on User { name } ... on Report { owner } } }",
    )
    .await;

    assert_eq!(refused["data"], Value::Null, "{refused}");
    assert_eq!(refused["errors"][0]["path"][0], "things");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(told["data"]["things"], json!([{ "id": "u1" }, { "id": "r1" }]));
    let found = json!([{ "__typename": "User", "name": "Ada" }, { "__typename": "Report", "owner": null }]);
    assert_eq!(partly["data"]["found"], found, "{partly}");
    assert_eq!(partly["errors"].as_array().map(Vec::len), Some(1), "{partly}");
    assert_eq!(partly["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn fragments_are_no_way_around() {
    let gateway = gateway(json!({})).await;
    let query = "{ me { ...A friend { ...A ...B } } } fragment A on User { email ...B } fragment B on User { name }";

    let (_, answer) = asked(&gateway, None, query).await;

    let expected = json!({ "me": { "email": null, "name": "Ada", "friend": { "email": null, "name": "Ada" } } });
    assert_eq!(answer["data"], expected);
    let paths: Vec<_> = answer["errors"]
        .as_array()
        .expect("there are errors")
        .iter()
        .map(|one| &one["path"])
        .collect();
    assert_eq!(paths, [&json!(["me", "email"]), &json!(["me", "friend", "email"])]);
}

#[tokio::test]
async fn a_condition_that_is_neither_true_nor_false_is_no_way_around() {
    let gateway = gateway(json!({})).await;

    for value in ["{ a: 1 }", "{}", "null", "[true]", "YES", "\"true\"", "1", "[{ a: 1 }]"] {
        for query in [
            format!("{{ me {{ name email @include(if: {value}) salary @include(if: {value}) }} }}"),
            format!("{{ me {{ name ... @skip(if: {value}) {{ email }} }} }}"),
            format!("query($x: Boolean! = {value}) {{ me {{ name email @include(if: $x) }} }}"),
        ] {
            let (_, answer) = asked(&gateway, None, &query).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!((answer.get("data"), code), (None, &json!("INVALID")), "{query}");
        }
    }
}

#[tokio::test]
async fn the_whole_operation_is_refused_where_that_is_set() {
    let settings = settings(json!({
        "authorization": { "reject": true },
        "jwt": { "sources": [{ "jwks": tokens::trusted().to_string() }] },
    }));
    let gateway = in_process(vec![staff::staff()], settings).await;

    let (status, answer) = asked(&gateway, None, "{ me { name email } }").await;

    assert_eq!(status, 401);
    assert_eq!(answer.get("data"), None);
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused() {
    let gateway = gateway(json!({ "algorithms": ["EdDSA", "HS256"] })).await;
    let stranger = tokens::rotated(json!({ "sub": "mallory" }));
    let mut tampered = tokens::token(json!({ "sub": "ada" }));
    tampered.replace_range(40..41, if &tampered[40..41] == "A" { "B" } else { "A" });

    for token in [
        tokens::unsigned(),
        tokens::by_secret(tokens::TRUSTED_X.as_bytes()),
        stranger,
        tampered,
        "nonsense".to_owned(),
    ] {
        let (status, answer) = asked(&gateway, Some(&token), "{ now }").await;
        assert_eq!(status, 401, "{token}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn times_issuer_and_audience_are_looked_at() {
    let gateway =
        gateway(json!({ "issuers": ["https://id.example.org"], "audiences": ["hansa"], "leeway": "30s" })).await;
    let good = json!({ "sub": "ada", "iss": "https://id.example.org", "aud": ["other", "hansa"] });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        tokens::token(claims)
    };

    let (status, _) = asked(&gateway, Some(&tokens::token(good.clone())), "{ now }").await;
    assert_eq!(status, 200);
    for (token, said) in [
        (with("exp", json!(1_600_000_000)), "expired"),
        (with("nbf", json!(4_000_000_000_u64)), "not valid yet"),
        (with("iss", json!("https://evil.example.org")), "issuer"),
        (with("aud", json!("another")), "audience"),
    ] {
        let (status, answer) = asked(&gateway, Some(&token), "{ now }").await;
        assert_eq!(status, 401);
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(said), "{message}");
    }
}

/// A server of keys that counts how often it is asked.
async fn key_server(keys: Arc<Mutex<Value>>) -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let answer = move || {
        counted.fetch_add(1, SeqCst);
        let keys = keys.lock().expect("no test panics while asking").clone();
        async move { axum::Json(keys) }
    };
    let address = serve(Router::new().route("/jwks", get(answer))).await;
    (format!("http://{address}/jwks"), count)
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let keys = Arc::new(Mutex::new(tokens::trusted()));
    let (url, _) = key_server(keys.clone()).await;
    let gateway = gateway(json!({ "sources": [{ "url": url }], "refresh-pause": "0s" })).await;
    let (first, _) = asked(&gateway, Some(&tokens::token(json!({ "sub": "ada" }))), "{ now }").await;

    *keys.lock().expect("no test panics while asking") = tokens::both();
    let (rotated, _) = asked(&gateway, Some(&tokens::rotated(json!({ "sub": "ada" }))), "{ now }").await;

    assert_eq!((first, rotated), (200, 200));
}

#[tokio::test]
async fn unknown_keys_do_not_make_the_gateway_ask_again_and_again() {
    let (url, count) = key_server(Arc::new(Mutex::new(tokens::trusted()))).await;
    let gateway = gateway(json!({ "sources": [{ "url": url }], "refresh-pause": "1h" })).await;

    for attempt in 0..20 {
        let token = tokens::rotated(json!({ "sub": attempt.to_string() }));
        let (status, _) = asked(&gateway, Some(&token), "{ now }").await;
        assert_eq!(status, 401);
    }

    assert_eq!(count.load(SeqCst), 1);
}
