//! What operators do with a system: events, the audit log, keys, accounts, the first administrator.

mod accounts;
mod broker;
mod jobs;
mod production;
mod system;

use serde_json::Value;

use self::system::System;
use crate::program::until;

#[test]
fn the_first_administrator_is_appointed_by_mail_and_the_next_only_by_force() {
    let system = System::with_accounts(&["ada@example.com", "bob@example.com"]);
    assert!(system.run(&["admin", "list"]).succeeds().starts_with("nobody"));

    let ada = system.run(&["admin", "appoint", "Ada@example.com"]).succeeds();
    let again = system.run(&["admin", "appoint", "ada@example.com"]).succeeds();
    let refused = system.run(&["admin", "appoint", "bob@example.com"]).fails();
    system
        .run(&["admin", "appoint", "bob@example.com", "--force"])
        .succeeds();

    assert_eq!(ada, "Ada@example.com holds platform/super_admin everywhere now\n");
    assert!(again.contains("already"), "{again}");
    assert!(
        refused.contains("holds platform/super_admin") && refused.contains("--force"),
        "{refused}"
    );
    let listed = system.run(&["admin", "list"]).succeeds();
    assert!(
        listed.contains("ada@example.com") && listed.contains("bob@example.com"),
        "{listed}"
    );
    let log = system.json(&["audit", "search", "--actor", "service:operator"]);
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!(log[0]["actor"], "service:operator");
    let nobody = system.run(&["admin", "appoint", "eve@example.com"]).fails();
    assert!(nobody.contains("POST /auth/register"), "{nobody}");
}

#[test]
fn the_audit_log_is_verified_against_an_anchor_and_says_where_it_was_changed() {
    let system = System::with_accounts(&["ada@example.com", "bob@example.com"]);
    for mail in ["ada@example.com", "bob@example.com"] {
        system.run(&["admin", "appoint", mail, "--force"]).succeeds();
    }

    let verified = system.run(&["audit", "verify"]).succeeds();
    let anchor = system.json(&["audit", "verify"])["head"].clone();
    let anchor = format!("{}:{}", anchor["seq"], anchor["hash"].as_str().unwrap());
    assert!(verified.contains(&anchor), "{verified}");
    system.run(&["audit", "verify", "--anchor", &anchor]).succeeds();

    let exported = system
        .run(&["audit", "export", "--actor", "service:operator", "--output", "log"])
        .succeeds();
    assert_eq!(exported, "2 entries in log\n");
    let lines = std::fs::read_to_string(system.path("log")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["seq"].as_i64() < lines[1]["seq"].as_i64());
    assert_eq!(lines[0]["data"]["role"], "platform/super_admin");

    let seq = lines[0]["seq"].as_i64().unwrap();
    system.change(
        "security",
        &format!("drop trigger audit_is_not_changed; update audit set actor = 'nobody' where seq = {seq}"),
    );
    let broken = system.run(&["audit", "verify"]);
    assert_eq!(broken.code, Some(1), "{}", broken.stderr);
    assert!(broken.stdout.contains("changed, moved or added"), "{}", broken.stdout);
    assert!(
        broken.stdout.contains(&format!("entry     {seq}\n")),
        "{}",
        broken.stdout
    );
    let wrong = system.run(&["audit", "verify", "--anchor", "7"]).fails();
    assert!(wrong.contains("as a verification prints it"), "{wrong}");
}

#[test]
fn a_key_ring_is_made_and_rotated_by_hand_and_nothing_that_is_needed_can_be_taken_out() {
    let system = System::new();
    let refused = system
        .run(&["run", "--only", "auth", "--no-gateway", "--set", "auth.port=0"])
        .fails();
    assert!(refused.contains("hansa keys make"), "{refused}");
    let made = system.run(&["keys", "make"]).succeeds();
    assert!(made.contains("keys.toml"), "{made}");
    assert!(system.run(&["keys", "make"]).fails().contains("already"));
    system.account("ada@example.com");

    system.run(&["keys", "add"]).succeeds();
    system.run(&["keys", "promote"]).succeeds();
    let needed = system.run(&["keys", "retire", "k1"]).fails();
    assert!(
        needed.contains("k1 has sealed 2 values") && needed.contains("hansa keys reseal"),
        "{needed}"
    );
    assert_eq!(
        system.run(&["keys", "reseal"]).succeeds(),
        "2 values are sealed anew, by k2\n"
    );
    system.run(&["keys", "retire", "k1"]).succeeds();

    let keys = system.json(&["keys", "list"]);
    assert_eq!(
        keys[0],
        serde_json::json!({ "name": "k1", "state": "retired", "sealed": 0 })
    );
    assert_eq!(
        keys[1],
        serde_json::json!({ "name": "k2", "state": "active", "sealed": 2 })
    );
    assert!(system.run(&["keys", "remove", "k1"]).fails().contains("--yes"));
    system.run(&["keys", "remove", "k1", "--yes"]).succeeds();
    system.account("bob@example.com");
}

#[test]
fn keys_that_sign_are_rotated_before_their_time_and_both_are_gone_after_a_leak() {
    let system = System::with_accounts(&["ada@example.com"]);
    let ids = |keys: &Value| -> Vec<String> {
        let keys = keys.as_array().unwrap().iter();
        keys.map(|key| format!("{} {}", key["state"].as_str().unwrap(), key["id"].as_str().unwrap()))
            .collect()
    };
    let before = ids(&system.json(&["keys", "signing", "list"]));
    assert!(
        before[0].starts_with("signs ") && before[1].starts_with("next "),
        "{before:?}"
    );

    system.run(&["keys", "signing", "rotate"]).succeeds();
    let between = ids(&system.json(&["keys", "signing", "list"]));
    let said = system.run(&["keys", "signing", "rotate", "--leaked"]).succeeds();
    let after = ids(&system.json(&["keys", "signing", "list"]));

    assert_eq!(between[0], before[0].replace("signs", "verifies"));
    assert_eq!(between[1], before[1].replace("next", "signs"));
    assert_eq!((between.len(), after.len()), (3, 2));
    assert!(
        after
            .iter()
            .all(|key| !between.iter().any(|old| old.ends_with(&key[5..]))),
        "{between:?} {after:?}"
    );
    assert!(said.contains(after[0].trim_start_matches("signs ")), "{said}");
}

#[test]
fn what_no_group_could_handle_is_listed_shown_tried_again_and_thrown_away() {
    let system = System::with_accounts(&["ada@example.com"]);
    let id = system.publish_what_nobody_can_read();
    let server = system.serve();
    let dead = || system.json(&["events", "list"]).as_array().unwrap().len();
    until("both groups have given up", || dead() == 2);

    let listed = system
        .run(&["events", "list", "--service", "users", "--type", "users.registered"])
        .succeeds();
    assert!(listed.contains(&id) && listed.contains("cannot be read"), "{listed}");
    assert_eq!(
        system.json(&["events", "list", "--group", "security"])[0]["service"],
        "security"
    );
    assert_eq!(
        system.json(&["events", "list", "--type", "nothing"]),
        serde_json::json!([])
    );
    let shown = system.run(&["events", "show", &id]).succeeds();
    assert!(
        shown.contains("once, given up") && shown.contains("\"nonsense\": true"),
        "{shown}"
    );
    server.stop();

    let again = system.run(&["events", "retry", &id, "--group", "users"]).succeeds();
    assert!(again.contains("is tried again by users of users"), "{again}");
    assert_eq!(dead(), 1);
    assert!(
        system
            .run(&["events", "retry", "--all"])
            .succeeds()
            .contains("1 are tried again by security")
    );
    let lag = system.json(&["events", "lag"]);
    let users = lag
        .as_array()
        .unwrap()
        .iter()
        .find(|lag| lag["service"] == "users")
        .unwrap();
    assert_eq!(users["groups"][0]["ready"], 1, "{lag:#}");

    let server = system.serve();
    until("both have given up once more", || dead() == 2);
    system.run(&["events", "discard", &id]).succeeds();
    assert_eq!(dead(), 0);
    assert!(
        system
            .run(&["events", "show", &id])
            .fails()
            .contains("no group has a dead letter")
    );
    server.stop();
}

#[test]
fn the_service_of_the_data_is_among_those_with_events_once_it_keeps_something() {
    let system = System::new();
    system.run(&["migrate", "--only", "auth,security,users"]).succeeds();
    let services = || -> Vec<String> {
        let lag = system.json(&["events", "lag"]);
        let lag = lag.as_array().unwrap().iter();
        lag.map(|lag| lag["service"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(services(), ["auth", "security", "users"]);

    system.run(&["migrate"]).succeeds();

    assert_eq!(services(), ["auth", "security", "users", "financial-data"]);
}

#[test]
fn a_group_handles_again_what_happened_from_a_time_on() {
    let system = System::with_accounts(&["ada@example.com"]);
    let server = system.serve();
    until("ada has a profile", || system.rows("users", "profile") == 1);
    server.stop();
    system.change("users", "delete from profile");

    let asked = system
        .run(&["events", "replay", "users", "--since", "2026-01-01"])
        .fails();
    let unknown = system
        .run(&["events", "replay", "nobody", "--since", "2026-01-01", "--yes"])
        .fails();
    system
        .run(&["events", "replay", "users", "--since", "2020-01-01", "--yes"])
        .succeeds();
    let server = system.serve();

    until("ada has it again", || system.rows("users", "profile") == 1);
    server.stop();
    assert!(
        asked.contains("--yes") && unknown.contains("hansa events lag"),
        "{asked}{unknown}"
    );
    let kept = system.run(&["events", "retention"]).succeeds();
    assert!(
        kept.contains("7days (events.retention)") && kept.contains("since 20"),
        "{kept}"
    );
}

#[test]
fn looking_makes_nothing() {
    let system = System::new();
    for args in [
        &["events", "lag"][..],
        &["audit", "verify"],
        &["admin", "list"],
        &["accounts", "list"],
        &["jobs", "list"],
        &["keys", "signing", "list"],
    ] {
        let told = system.run(args).fails();
        assert!(told.contains("keeps nothing yet"), "{args:?}: {told}");
    }
    assert!(system.run(&["keys", "list"]).fails().contains("hansa keys make"));
    assert!(!system.path("data").exists());
}
