//! What a reset of the password by mail leaves of an account that somebody else had.

use serde_json::{Value, json};

use crate::{
    keys, passkeys, providers,
    support::{ADA, Agent, Authenticator, OTHER_PASSWORD, Person, Provider, Site, granted, ok, problem},
};

/// What opens an account beside its password.
pub(crate) struct Added {
    pub(crate) key: Value,
    pub(crate) token: Value,
    passkey: Authenticator,
}

/// Signs somebody in by a browser, and adds a key, a passkey and an identity.
pub(crate) async fn added(site: &Site, provider: &Provider) -> (Agent, Added) {
    provider.knows(Person {
        subject: "sub-9",
        email: "thief@elsewhere.example",
        is_verified: false,
    });
    let mut ada = site.visitor(ADA).await;
    let key = keys::key(site, &mut ada, json!({ "name": "nightly" })).await["key"].clone();
    let passkey = passkeys::registered(site, &mut ada).await;
    assert_eq!(providers::tie(site, provider, &mut ada).await.status, 303);
    let token = ok(&keys::asked(site, "/internal/key-tokens", json!({ "key": key })).await)["token"].clone();
    (ada, Added { key, token, passkey })
}

/// Resets the password by mail.
async fn reset(site: &Site, other: Value) {
    let mut agent = Agent::new("203.0.113.1");
    ok(&agent.post(site, "/auth/password/forgot", json!({ "email": ADA })).await);
    let mut body = json!({ "token": site.link_to(ADA, "reset").await, "password": OTHER_PASSWORD });
    body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    let answer = agent.post(site, "/auth/password/reset", body).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
}

/// How the passkey and the provider answer who tries to get in, and whether a key gives tokens.
pub(crate) async fn tried(site: &Site, provider: &Provider, added: &mut Added) -> [bool; 3] {
    let mut agent = Agent::new("203.0.113.2");
    let asked = passkeys::question(site, &mut agent).await;
    let credential = added.passkey.sign(&asked["options"]);
    let body = json!({ "challenge": asked["challenge"], "credential": credential });
    let by_passkey = agent.post(site, "/auth/sign-in/passkey", body).await;
    let mut browser = Agent::new("203.0.113.3");
    providers::sign_in(site, provider, &mut browser).await;
    let by_provider = browser.get(site, "/auth/me").await;
    let by_key = keys::asked(site, "/internal/key-tokens", json!({ "key": added.key })).await;
    [by_key, by_passkey, by_provider].map(|answer| answer.status.is_success())
}

#[tokio::test]
async fn a_reset_takes_away_what_whoever_had_the_account_may_have_added() {
    let (provider, sites) = providers::with_provider().await;
    for site in sites {
        let (_, mut added) = added(&site, &provider).await;
        assert_eq!(tried(&site, &provider, &mut added).await, [true; 3]);

        reset(&site, json!({})).await;

        assert_eq!(tried(&site, &provider, &mut added).await, [false; 3]);
        let token = added.token.as_str().unwrap();
        assert!(site.auth().identity.verify(token).await.is_err());
        let mut ada = Agent::new("203.0.113.4");
        granted(&ada.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await);
        for (path, things) in [("/auth/passkeys", "passkeys"), ("/auth/identities", "identities")] {
            assert_eq!(ok(&ada.get(&site, path).await)[things], json!([]));
        }
        assert!(ok(&ada.get(&site, "/auth/keys").await)["keys"][0]["revokedAt"].is_string());
        site.mails_to(ADA, "API keys, passkeys and providers").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn who_has_merely_forgotten_the_password_keeps_keys_passkeys_and_providers_and_no_session() {
    let (provider, sites) = providers::with_provider().await;
    for site in sites {
        let (mut ada, mut added) = added(&site, &provider).await;

        reset(&site, json!({ "keepAccess": true })).await;

        assert_eq!(tried(&site, &provider, &mut added).await, [true; 3]);
        problem(&ada.get(&site, "/auth/me").await, 401);
        site.stop().await;
    }
}
