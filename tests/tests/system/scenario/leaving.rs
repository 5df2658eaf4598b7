//! How people leave: with all that is known of them in hand, and forgotten by every service; and what the log of the
//! audit tells of it all.

use std::collections::BTreeSet;

use platform_http::Method;
use serde_json::{Value, json};

use super::{
    people::{People, credentials, register},
    script::{Person, Script},
    together::{MAY, Shared, is_allowed},
};

const LOG: &str =
    "query ($actor: String!) { auditLog(filter: { actor: $actor }, first: 100) { nodes { source action outcome } } }";

/// An export has a part of every service that knows something of people, and is for its person alone.
pub(crate) async fn take_along(script: &mut Script<'_>, People { ada, eve, .. }: &People) {
    let asked = script
        .data(ada, "mutation { requestDataExport { id path } }", json!({}))
        .await;
    let path = asked["requestDataExport"]["path"].as_str().unwrap();
    let all = |data: &Value| data["me"]["dataExports"][0]["services"] == json!(["auth", "security", "users"]);
    script
        .until(ada, ("{ me { dataExports { id services } } }", json!({})), all)
        .await;
    script.rest(eve, ("users", Method::GET, path, Value::Null), 404).await;
    let mut known = script.reply(ada, ("users", Method::GET, path, Value::Null), 200).await;
    let of = &known["services"];
    assert_eq!(of["auth"]["account"]["email"], ada.email.as_str());
    assert_eq!(of["users"]["charts"][0]["title"], "changed");
    let of_security = |what: &str| of["security"][what].as_array().map_or(0, Vec::len);
    assert!(of_security("grants") >= 3 && of_security("actions") >= 3, "{of}");
    // The newest actions may be on their way.
    known["services"]["security"]["actions"] = Value::Null;
    script.note("ada's export".into(), &known);
}

/// Whoever deletes their account is forgotten, and what others have stays.
pub(crate) async fn leave(script: &mut Script<'_>, people: &People, shared: &Shared) {
    let People { ada, bob, admin, .. } = people;
    script.auth(ada, (Method::DELETE, "/auth/me", Value::Null), 204).await;
    script.shut_out(ada).await;
    script
        .auth(ada, (Method::POST, "/auth/sign-in", credentials(ada)), 401)
        .await;

    let id = json!({ "id": ada.id });
    let is_gone = |data: &Value| data.get("user").is_some_and(Value::is_null);
    script
        .until(bob, ("query ($id: ID!) { user(id: $id) { name } }", id), is_gone)
        .await;
    let thread = "query ($on: ID!) { annotation(id: $on) { comments { nodes { body author { name } } } } }";
    script.data(bob, thread, json!({ "on": shared.annotation })).await;
    let chart = "query ($id: ID!) { chart(id: $id) { title } }";
    script
        .refused(bob, (chart, json!({ "id": shared.chart })), "NOT_FOUND")
        .await;
    let desk = "query ($id: ID!) { workspace(id: $id) { role members { role user { name } } } }";
    script.data(bob, desk, json!({ "id": shared.workspace })).await;
    let may = json!({ "what": "workspace:delete", "in": shared.workspace });
    script.until(bob, (MAY, may), is_allowed).await;
    let held = "query ($who: String!) { accessGrants(filter: { subject: $who }) { nodes { role } } }";
    let none = |data: &Value| data["accessGrants"]["nodes"] == json!([]);
    script.until(admin, (held, json!({ "who": ada.subject() })), none).await;

    // Nothing is left of the account: the address can have a new one.
    let again = Person {
        name: "ada again",
        token: String::new(),
        ..ada.clone()
    };
    register(script, &again).await;
}

/// The log has what everybody did, shows it to who may see it alone, and is what was written.
pub(crate) async fn look_back(script: &mut Script<'_>, people: &People) {
    let People {
        ada, bob, eve, admin, ..
    } = people;
    script
        .refused(eve, (LOG, json!({ "actor": ada.subject() })), "FORBIDDEN")
        .await;
    let everybody = ["accounts.registered", "accounts.signed_in", "roles.made"];
    let bobs = [
        &everybody[..],
        &["charts.shared", "grants.granted", "workspaces.joined"],
    ]
    .concat();
    let adas = [
        &everybody[..],
        &[
            "accounts.api_key_created",
            "accounts.api_key_revoked",
            "accounts.confirmation",
            "accounts.deleted",
            "accounts.password_changed",
            "accounts.recovery_code_used",
            "accounts.second_factor",
            "accounts.second_factor_on",
            "accounts.session_ended",
            "charts.shared",
            "charts.unshared",
            "grants.granted",
            "privacy.export_requested",
            "roles.changed",
            "workspaces.invited",
            "workspaces.made",
            // What she leaves goes to somebody.
            "workspaces.role_changed",
        ],
    ]
    .concat();
    let expected = [(ada, adas), (bob, bobs), (eve, everybody.to_vec())];
    for (who, actions) in expected {
        let seen = |data: &Value| actions.iter().all(|action| done(data).contains(*action));
        let mut seen_by = script
            .wait_for(admin, (LOG, json!({ "actor": who.subject() })), seen)
            .await;
        assert_eq!(
            done(&seen_by),
            actions.iter().map(|action| (*action).to_owned()).collect(),
            "{}",
            who.name
        );
        let nodes = seen_by["auditLog"]["nodes"].as_array_mut().unwrap();
        nodes.sort_by_key(Value::to_string);
        script.note(format!("the log of {}", who.name), &seen_by);
    }
    let intact = script
        .data(admin, "{ verifyAuditLog { intact fault } }", json!({}))
        .await;
    assert_eq!(intact["verifyAuditLog"]["intact"], true, "{intact}");
}

fn done(data: &Value) -> BTreeSet<String> {
    let nodes = data["auditLog"]["nodes"].as_array().into_iter().flatten();
    nodes
        .filter_map(|entry| entry["action"].as_str().map(str::to_owned))
        .collect()
}
