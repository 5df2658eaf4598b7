//! Tokens and API keys of the real issuer at the gateway: what they may, for how long, and how often.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    people::{Process, SignedIn},
    socket::Socket,
    staff,
    ticker::Ticker,
};

const SALARY: &str = "{ me { salary } }";
/// What keys may be made for here beside permissions.
const SCOPES: &str = "auth.key-scopes = [\"hr:read\", \"hr:all\", \"account:write\"]";

async fn process(settings: &str) -> (Process, SignedIn) {
    let process = Process::start(vec![staff::staff()], settings).await;
    process.register("ada").await;
    let ada = process.sign_in("ada", "bearer").await;
    (process, ada)
}

fn text(key: &Value) -> &str {
    key["key"].as_str().expect("a new key is shown")
}

#[tokio::test]
async fn a_key_reads_what_its_scopes_open_and_nothing_else() {
    let (process, ada) = process(SCOPES).await;
    let token = ada.token.as_deref().unwrap();
    let both = process.key(&ada, &["hr:read", "hr:all"]).await;
    let half = process.key(&ada, &["hr:read"]).await;
    let none = process.key(&ada, &[]).await;

    let allowed = process.ask_as(text(&both), SALARY).await;
    let refused = [text(&half), text(&none), token].map(|token| process.ask_as(token, SALARY));
    let refused = futures::future::join_all(refused).await;

    assert_eq!(allowed.1, json!({ "data": { "me": { "salary": 100 } } }));
    for (_, answer) in refused {
        assert_eq!(answer["data"], json!({ "me": { "salary": null } }), "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
}

#[tokio::test]
async fn a_key_does_not_manage_the_account_of_its_owner() {
    let (process, ada) = process(SCOPES).await;
    let key = process.key(&ada, &["hr:read", "account:write"]).await;

    let (_, answer) = process
        .ask_as(
            text(&key),
            "mutation { createApiKey(input: { name: \"more\", scopes: [] }) { text } }",
        )
        .await;

    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
}

#[tokio::test]
async fn who_signs_out_is_nobody_any_more_and_connections_end() {
    let ticker = Ticker::new();
    let process = Process::start(vec![ticker.part()], "").await;
    process.register("ada").await;
    let ada = process.sign_in("ada", "bearer").await;
    let token = ada.token.clone().unwrap();
    let authorization = json!({ "authorization": format!("Bearer {token}") });
    let mut socket = Socket::connect(&process.url, authorization).await;
    socket.subscribe("1", "subscription { ticks { number } }").await;
    ticker.has_listeners(1).await;

    let out = process.ask_as(&token, "mutation { signOut }").await;

    assert_eq!(out.1, json!({ "data": { "signOut": true } }));
    assert_eq!(socket.close_code().await, 4403);
    ticker.has_listeners(0).await;
    let (status, answer) = process.ask_as(&token, "{ account { email } }").await;
    assert_eq!(status, 401, "{answer}");
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("the session has ended")
    );
}

#[tokio::test]
async fn each_key_has_a_quota_of_its_own_beside_that_of_its_person() {
    let plans = "gateway.rate.plans = { free = { per-second = 1, burst = 2 }, key = { per-second = 1, burst = 3 } }";
    let (process, ada) = process(plans).await;
    let keys = [process.key(&ada, &[]).await, process.key(&ada, &[]).await];
    let callers = [
        (ada.token.as_deref().unwrap(), "free", 2),
        (text(&keys[0]), "key", 3),
        (text(&keys[1]), "key", 3),
    ];

    for (token, plan, burst) in callers {
        let mut accepted = 0;
        let refused = loop {
            match process.ask_as(token, "{ now }").await {
                (200, _) => accepted += 1,
                refused => break refused,
            }
        };
        assert!(accepted >= burst, "{accepted} of {plan}");
        assert_eq!(refused.0, 429);
        let said = &refused.1["errors"][0]["extensions"];
        assert_eq!(
            (&said["code"], &said["plan"]),
            (&json!("RATE_LIMITED"), &json!(plan)),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn nobody_comes_in_where_a_token_is_required() {
    let (process, ada) = process("gateway.jwt.required = true").await;

    let nobody = process.ask(&[], "{ now }").await;
    let somebody = process.ask_as(ada.token.as_deref().unwrap(), "{ now }").await;

    assert_eq!((nobody.0, somebody.0), (401, 200));
}

#[tokio::test]
async fn a_key_that_is_revoked_is_refused_within_seconds() {
    let (process, ada) = process("").await;
    let key = process.key(&ada, &[]).await;
    assert_eq!(process.ask_as(text(&key), "{ now }").await.0, 200);

    let id = key["id"].as_str().unwrap();
    let revoked = process
        .ask_auth(&ada, &format!("mutation {{ revokeApiKey(id: \"{id}\") }}"))
        .await;

    assert_eq!(revoked["data"]["revokeApiKey"], true, "{revoked}");
    let refused = async {
        while process.ask_as(text(&key), "{ now }").await.0 != 401 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), refused).await.is_ok());
}

#[tokio::test]
async fn settings_that_would_do_nothing_beside_auth_are_refused() {
    let refused = Process::refusal("gateway.jwt.audiences = [\"shop\"]").await;

    assert!(refused.contains("[identity]"), "{refused}");
}
