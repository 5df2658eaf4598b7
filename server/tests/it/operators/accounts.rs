//! What operators do with accounts: look, keep somebody out, and give an account back.

use serde_json::{Value, json};

use super::system::System;
use crate::program::{Server, until};

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const SIGN_IN: &str = "POST /auth/sign-in HTTP/1.0";

fn serve(system: &System) -> Server {
    system.serve_with(&["passwords.memory=64KiB", "passwords.iterations=1"])
}

fn signs_in(server: &Server) -> String {
    let body = json!({ "email": ADA, "password": "a quiet harbour at dawn" });
    let answer = server.send("auth", SIGN_IN, &body.to_string());
    answer.split_once(' ').unwrap().1[..3].to_owned()
}

/// The mails to an address with this text.
fn mails(system: &System, text: &str) -> usize {
    let files = std::fs::read_dir(system.path("data/mail")).into_iter().flatten();
    let mails = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    mails
        .map(|mail| mail.replace("=\r\n", ""))
        .filter(|mail| mail.contains(text))
        .count()
}

/// What the audit log has of an action, the newest first.
fn log(system: &System, action: &str) -> Value {
    system.json(&["audit", "search", "--action", action])
}

#[test]
fn somebody_is_kept_out_and_let_in_again_while_a_server_is_running() {
    let system = System::with_accounts(&[ADA, BOB]);
    let server = serve(&system);
    assert_eq!(signs_in(&server), "200");
    let shown = system.json(&["accounts", "show", ADA]);
    assert_eq!(shown["opens"]["sessions"].as_array().unwrap().len(), 1);

    let suspend = ["accounts", "suspend", "Ada@example.com", "--reason", "sends spam"];
    let said = system.run(&suspend).succeeds();
    assert_eq!(said, "ada@example.com is suspended\n");
    assert_eq!(signs_in(&server), "403");
    assert!(system.run(&suspend).fails().contains("suspended already"));
    let shown = system.run(&["accounts", "show", ADA]).succeeds();
    assert!(shown.contains("suspended") && shown.contains("sends spam"), "{shown}");
    let listed = system.json(&["accounts", "list", "--state", "suspended"]);
    assert_eq!(listed[0]["email"], ADA, "{listed}");
    assert_eq!(listed.as_array().unwrap().len(), 1);

    // What is told of it is what holds when the mail is written.
    until("the owner is told why", || mails(&system, "sends spam") == 1);
    let id = shown.lines().find_map(|line| line.strip_prefix("id ")).unwrap().trim();
    system.run(&["accounts", "reinstate", id]).succeeds();
    assert_eq!(signs_in(&server), "200");
    assert!(
        system
            .run(&["accounts", "reinstate", ADA])
            .fails()
            .contains("not suspended")
    );

    until("the log has both", || {
        !log(&system, "accounts.reinstated").as_array().unwrap().is_empty()
    });
    until("the owner is told of it", || mails(&system, "let you in again") == 1);
    let entry = &log(&system, "accounts.suspended")[0];
    assert_eq!(
        (&entry["actor"], &entry["targetId"], &entry["data"]["reason"]),
        (&json!("service:operator"), &json!(id), &json!("sends spam")),
        "{entry}"
    );
    server.stop();
}

#[test]
fn what_is_done_while_no_server_runs_is_told_by_the_next_one_and_by_no_command() {
    let system = System::with_accounts(&[ADA, BOB]);

    for mail in [ADA, BOB] {
        let suspend = ["accounts", "suspend", mail, "--reason", "sends spam"];
        system.run(&suspend).succeeds();
    }
    system.run(&["keys", "signing", "rotate"]).succeeds();

    assert_eq!(mails(&system, "sends spam"), 0);
    let server = serve(&system);
    until("both owners are told", || mails(&system, "sends spam") == 2);
    server.stop();
}

#[test]
fn an_account_is_given_back_to_who_reads_its_mail() {
    let system = System::with_accounts(&[ADA]);
    let server = serve(&system);
    assert_eq!(signs_in(&server), "200");
    let codes = "insert into totps (account_id, secret, created_at, confirmed_at)
        select id, x'00', created_at, created_at from accounts";
    system.change("auth", codes);
    let opens = || system.json(&["accounts", "show", ADA])["opens"].clone();
    assert_eq!(
        (&opens()["asksForCodes"], &opens()["hasPassword"]),
        (&json!(true), &json!(true))
    );

    let refused = system.run(&["accounts", "recover", ADA]).fails();
    let said = system.run(&["accounts", "recover", ADA, "--yes"]).succeeds();

    assert!(refused.contains("--yes"), "{refused}");
    assert!(
        said.starts_with("codes are off, and the password is gone; sessions: 1,"),
        "{said}"
    );
    assert_eq!(
        opens(),
        json!({ "hasPassword": false, "asksForCodes": false, "recoveryCodesLeft": 0, "passkeys": 0, "identities": 0,
            "apiKeys": 0, "sessions": [] })
    );
    assert_eq!(signs_in(&server), "401");
    until("the owner is told", || mails(&system, "#forgot") == 1);
    until("the log has it", || {
        log(&system, "accounts.recovered")[0]["actor"] == "service:operator"
    });
    server.stop();
}

#[test]
fn accounts_are_listed_by_the_beginning_of_their_address_and_who_is_not_there_is_said() {
    let system = System::with_accounts(&[ADA, BOB]);

    let all = system.run(&["accounts", "list"]).succeeds();
    let some = system.run(&["accounts", "list", "--mail", "B"]).succeeds();
    let none = system.run(&["accounts", "list", "--mail", "_"]).succeeds();
    let unknown = system.run(&["accounts", "show", "eve@example.com"]).fails();
    let silent = system.run(&["accounts", "suspend", ADA, "--reason", " "]).fails();

    assert!(
        all.contains(ADA) && all.contains(BOB) && all.contains("active"),
        "{all}"
    );
    assert!(!some.contains(ADA) && some.contains(BOB), "{some}");
    assert_eq!(none, "no accounts\n");
    assert!(
        unknown.contains("no account eve@example.com") && unknown.contains("accounts list"),
        "{unknown}"
    );
    assert!(silent.contains("reason must have 1 to 300 characters"), "{silent}");
}
