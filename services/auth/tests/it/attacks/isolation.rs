//! What is somebody's stays theirs: every field of the schema and every address that takes an id.

use std::collections::BTreeSet;

use axum::http::Method;
use platform_testing::{Isolation, TestClient};
use serde_json::{Value, json};

use crate::support::{ADA, Agent, Authenticator, BOB, Judge, PASSWORD, Provider, Site, granted, ok, sites};

const REACHED: &[(&str, &str)] = &[
    (
        "revokeSession",
        "mutation ($session: UUID!) { revokeSession(id: $session) }",
    ),
    ("revokeApiKey", "mutation ($key: UUID!) { revokeApiKey(id: $key) }"),
    (
        "removePasskey",
        "mutation ($passkey: UUID!) { removePasskey(id: $passkey) }",
    ),
    (
        "unlinkIdentity",
        "mutation ($identity: UUID!) { unlinkIdentity(id: $identity) }",
    ),
    (
        "switchWorkspace",
        "mutation ($workspace: UUID!) { switchWorkspace(workspace: $workspace) { __typename workspace } }",
    ),
    (
        "accountById",
        "query ($account: UUID!) { accountById(id: $account) { __typename email sessions { nodes { __typename id } } } }",
    ),
    (
        "suspendAccount",
        "mutation ($account: UUID!) { suspendAccount(id: $account, reason: \"spam\") { __typename state } }",
    ),
    (
        "reinstateAccount",
        "mutation ($account: UUID!) { reinstateAccount(id: $account) { __typename state } }",
    ),
    (
        "endSessionsOf",
        "mutation ($account: UUID!) { endSessionsOf(account: $account) }",
    ),
    // Whose they are is not said: who may see all of them sees them.
    (
        "accounts",
        "{ accounts { nodes { __typename email user { __typename id } } } }",
    ),
];
const OWN: &[(&str, &str)] = &[
    (
        "account",
        "{ account { __typename email user { __typename id } session { __typename id }
        sessions { nodes { __typename id } } apiKeys { nodes { __typename id } } passkeys { __typename id }
        identities { __typename id } } }",
    ),
    (
        "createApiKey",
        "mutation { createApiKey(input: { name: \"new\" }) { __typename apiKey { __typename } } }",
    ),
    ("beginTotp", "mutation { beginTotp { __typename } }"),
];
const OTHERS: &[&str] = &[
    "changePassword",
    "confirm",
    "deleteAccount",
    "disableTotp",
    "enableTotp",
    "renewRecoveryCodes",
    "requestMailChange",
    "revokeOtherSessions",
    "signOut",
];
/// Addresses by what they delete. Those of providers name what everybody sees.
const DELETED: [(&str, &str); 4] = [
    ("/auth/sessions/{id}", "session"),
    ("/auth/keys/{id}", "key"),
    ("/auth/passkeys/{id}", "passkey"),
    ("/auth/identities/{id}", "identity"),
];
/// Addresses of accounts that others administrate, and how.
static ADMINISTRATED: [(&str, Method); 5] = [
    ("/auth/accounts/{id}", Method::GET),
    ("/auth/accounts/{id}/suspension", Method::PUT),
    ("/auth/accounts/{id}/suspension", Method::DELETE),
    ("/auth/accounts/{id}/sessions", Method::GET),
    ("/auth/accounts/{id}/sessions", Method::DELETE),
];
const OF_PROVIDERS: [&str; 3] = [
    "/auth/oidc/{provider}/start",
    "/auth/oidc/{provider}/callback",
    "/auth/providers/{provider}/link",
];

/// One thing of each kind.
async fn things(site: &Site, (provider, judge): (&Provider, &Judge), ada: &mut Agent) -> Value {
    let (me, workspace) = (
        ok(&ada.get(site, "/auth/me").await),
        site.service.context().ids().v7().to_string(),
    );
    let id = me["id"].as_str().unwrap();
    judge.lets_in(id, &workspace);
    judge.gives(id, &["users:view", "users:suspend", "sessions:view", "sessions:end"]);
    let carol = ok(&site.member("carol@example.com").await.get(site, "/auth/me").await);
    let elsewhere = Agent::new("192.0.2.9").sign_in(site, ADA, PASSWORD, "bearer").await;
    let key = ok(&ada.post(site, "/auth/keys", json!({ "name": "nightly" })).await);
    let asked = ok(&ada.post(site, "/auth/passkeys/begin", json!({})).await);
    let credential = Authenticator::new().register(&asked["options"]);
    let body = json!({ "challenge": asked["challenge"], "name": "phone", "credential": credential });
    let passkey = ok(&ada.post(site, "/auth/passkeys", body).await);
    let sent = ok(&ada.post(site, "/auth/providers/here/link", json!({})).await);
    let back = provider.agree(sent["url"].as_str().unwrap());
    assert_eq!(ada.get(site, &back).await.status, 303);
    let tied = ok(&ada.get(site, "/auth/identities").await);
    json!({
        "session": granted(&elsewhere)["session"], "key": key["id"], "passkey": passkey["id"],
        "identity": tied["identities"][0]["id"], "workspace": workspace,
        "account": carol["id"],
    })
}

async fn delete(client: &TestClient, address: &str, id: &Value) -> (u16, Value) {
    send(client, (address, Method::DELETE), id).await
}

async fn send(client: &TestClient, (address, method): (&str, Method), id: &Value) -> (u16, Value) {
    let path = address.replace("{id}", id.as_str().unwrap());
    let body = json!({ "reason": "spam" }).to_string();
    let answer = client.send(method, &path, "application/json", body).await;
    (answer.status.as_u16(), answer.json()["detail"].clone())
}

#[tokio::test]
async fn nothing_of_somebody_is_reached_by_its_id() {
    let (provider, judge) = (Provider::start().await, Judge::start().await);
    let mut settings = provider.settings();
    settings.push(judge.setting());
    for site in sites(&settings).await {
        provider.at(site.service.clock());
        let (mut ada, bob) = (site.member(ADA).await, site.member(BOB).await);
        let things = things(&site, (&provider, &judge), &mut ada).await;
        let none = |name: &str| (name.to_owned(), json!(site.service.context().ids().v7()));
        let names = DELETED.iter().map(|(_, name)| *name).chain(["workspace", "account"]);
        let nothing: Value = names.map(none).collect();
        let client = |agent: &Agent| site.service.bearer(agent.access.as_ref().unwrap());

        for (address, name) in DELETED {
            let theirs = delete(&client(&bob), address, &things[name]).await;
            assert_eq!(
                theirs,
                delete(&client(&bob), address, &nothing[name]).await,
                "{address}"
            );
            assert_eq!(theirs.0, 404, "{address}");
        }
        for order in &ADMINISTRATED {
            let theirs = send(&client(&bob), order.clone(), &things["account"]).await;
            assert_eq!(theirs, send(&client(&bob), order.clone(), &nothing["account"]).await);
            assert_eq!(theirs.0, 403, "{order:?}");
        }
        let deleted = DELETED.iter().map(|(address, _)| *address);
        let administrated = ADMINISTRATED.iter().map(|(address, _)| *address);
        let tried = deleted.chain(administrated).chain(OF_PROVIDERS).collect();
        let document = ok(&Agent::new("192.0.2.1").get(&site, "/auth/openapi.json").await);
        let all = document["paths"].as_object().unwrap().keys().map(String::as_str);
        assert_eq!(all.filter(|path| path.contains('{')).collect::<BTreeSet<_>>(), tried);
        let isolation = Isolation {
            reached: REACHED,
            own: OWN,
            open: &[("signInProviders", "{ signInProviders { __typename id } }")],
            others: OTHERS,
        };
        isolation.check(&client(&ada), &client(&bob), (&things, &nothing)).await;
        site.stop().await;
    }
}
