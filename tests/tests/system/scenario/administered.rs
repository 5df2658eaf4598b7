//! Accounts that others administrate: who may suspend whom is decided by `security`, and who is suspended is let in nowhere.

use platform_http::Method;
use serde_json::{Value, json};

use super::{
    people::{self, ME, People, credentials},
    script::{Person, Script},
    system::System,
    together::GRANT,
};

const SUSPEND: &str = "mutation ($who: UUID!) { suspendAccount(id: $who, reason: \"sends spam\") { email state } }";
const REINSTATE: &str = "mutation ($who: UUID!) { reinstateAccount(id: $who) { state } }";
const SIGN_OUT: &str = "mutation ($who: UUID!) { endSessionsOf(account: $who) }";
const LOOK: &str = "query ($who: UUID!) { accountById(id: $who) { email state user { name }
    sessions { nodes { method } } } }";
const LIST: &str = "{ accounts(filter: { emailBegins: \"bob@\" }) { nodes { email } } }";
const LOG: &str = "query ($who: String!) { auditLog(filter: { targetId: $who, action: \"accounts.suspended\" }) {
    nodes { actor outcome data } } }";

async fn follow(system: &System) {
    let mut script = Script::new(system);
    let mut people = people::arrive(&mut script).await;
    people.admin.id = script
        .auth(&people.admin, (Method::GET, "/auth/me", Value::Null), 200)
        .await["id"]
        .clone();
    appoint(&mut script, &people).await;
    keep_out(&mut script, &people).await;
    climb(&mut script, &people).await;
}

fn of(who: &Person) -> Value {
    json!({ "who": who.id })
}

/// Ada administrates economic data, and before that nothing.
async fn appoint(script: &mut Script<'_>, People { ada, bob, admin, .. }: &People) {
    for order in [SUSPEND, REINSTATE, SIGN_OUT, LOOK] {
        script.refused(ada, (order, of(bob)), "FORBIDDEN").await;
    }
    script.refused(ada, (LIST, json!({})), "FORBIDDEN").await;
    let grant = json!({ "input": { "subject": ada.subject(), "role": "economic/admin" } });
    script.data(admin, GRANT, grant).await;
    let is_listed = |data: &Value| data["accounts"]["nodes"] == json!([{ "email": bob.email }]);
    script.until(ada, (LIST, json!({})), is_listed).await;
}

/// Who is suspended is shut out of every service, with the key too, until they are let in again.
async fn keep_out(script: &mut Script<'_>, People { ada, bob, admin, .. }: &People) {
    let seen = script.data(ada, LOOK, of(bob)).await["accountById"].clone();
    assert_eq!(
        (&seen["state"], &seen["user"]["name"]),
        (&json!("ACTIVE"), &json!("bob"))
    );
    let wanted = json!({ "name": "nightly", "scopes": ["users:read"] });
    let made = script.auth(bob, (Method::POST, "/auth/keys", wanted), 201).await;
    let key = bob.by("bob's key", &made["key"]);
    script.data(&key, ME, json!({})).await;

    let suspended = script.data(ada, SUSPEND, of(bob)).await;

    assert_eq!(suspended["suspendAccount"]["state"], "SUSPENDED");
    for out in [bob, &key] {
        script.shut_out(out).await;
    }
    let unknown = Person {
        token: String::new(),
        ..bob.clone()
    };
    let sign_in = || (Method::POST, "/auth/sign-in", credentials(bob));
    script.auth(&unknown, sign_in(), 403).await;
    let is_told = |data: &Value| {
        let entry = &data["auditLog"]["nodes"][0];
        let why = entry["data"].as_str().is_some_and(|data| data.contains("sends spam"));
        entry["actor"] == ada.subject() && entry["outcome"] == "done" && why
    };
    script.until(admin, (LOG, of(bob)), is_told).await;
    script.data(ada, REINSTATE, of(bob)).await;
    script.auth(&unknown, sign_in(), 200).await;
}

/// Who may administrate less keeps out nobody who may more, and nobody themselves.
async fn climb(script: &mut Script<'_>, People { ada, eve, admin, .. }: &People) {
    for order in [SUSPEND, REINSTATE, SIGN_OUT] {
        script.refused(ada, (order, of(admin)), "FORBIDDEN").await;
    }
    script.refused(ada, (SUSPEND, of(ada)), "FORBIDDEN").await;
    let grant = json!({ "input": { "subject": eve.subject(), "role": "markets/admin" } });
    script.data(admin, GRANT, grant).await;
    let may = "{ checkPermission(permission: \"deactivate_users\") { allowed } }";
    let is_so = |data: &Value| data["checkPermission"]["allowed"] == true;
    script.until(eve, (may, json!({})), is_so).await;
    script.refused(ada, (SUSPEND, of(eve)), "FORBIDDEN").await;
    script.refused(eve, (SUSPEND, of(ada)), "FORBIDDEN").await;
    script.data(admin, SUSPEND, of(ada)).await;
    script.shut_out(ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_less_keeps_out_nobody_who_may_more_and_who_is_kept_out_is_let_in_nowhere() {
    let (embedded, split) = tokio::join!(System::embedded(), System::split());

    follow(&embedded).await;
    if let Some(split) = &split {
        follow(split).await;
    }
}
