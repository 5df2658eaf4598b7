//! Mails that no server takes, as jobs that operators look at, try again and call off.

use serde_json::{Value, json};

use super::system::System;
use crate::program::until;

/// Nobody listens there.
const REFUSES: &str = "mail.smtp=smtp://127.0.0.1:1";
const MAILS: [&str; 4] = ["jobs", "list", "--kind", "auth.mail"];

/// The newest mail as a job.
fn mail(system: &System) -> Value {
    system.json(&MAILS)[0].clone()
}

/// Registers somebody while the mail server refuses, and gives back the job that has tried to send the mail once.
fn registered(system: &System) -> String {
    let server = system.serve_with(&[REFUSES, "passwords.memory=64KiB"]);
    let body = r#"{ "email": "ada@example.com", "password": "a quiet harbour at dawn" }"#;
    let answer = server.send("auth", "POST /auth/register HTTP/1.0", body);
    assert!(answer.contains(" 202 "), "{answer}");
    let is_tried = || {
        let mail = mail(system);
        mail["attempts"] == 1 && mail["state"] == "ready"
    };
    until("the mail was tried", is_tried);
    server.stop();
    mail(system)["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_mail_that_no_server_takes_waits_and_is_called_off() {
    let system = System::with_accounts(&[]);
    assert_eq!(system.run(&MAILS).succeeds(), "no jobs\n");
    let id = registered(&system);

    let listed = system.run(&MAILS).succeeds();
    let early = system.run(&["jobs", "retry", &id]).fails();
    let cancelled = system.run(&["jobs", "cancel", &id]).succeeds();
    let again = system.run(&["jobs", "cancel", &id]).fails();

    for words in [
        id.as_str(),
        "auth.mail",
        "ready",
        "1 of 10",
        "the server (mail.smtp) cannot be used",
    ] {
        assert!(listed.contains(words), "{words} in {listed}");
    }
    assert!(
        early.contains("is ready; only dead and cancelled jobs can be retried"),
        "{early}"
    );
    assert_eq!(cancelled, format!("{id} is called off\n"));
    assert!(
        again.contains("is cancelled; only waiting and running jobs can be cancelled"),
        "{again}"
    );
    assert_eq!(
        system.json(&["jobs", "list", "--state", "cancelled"])[0]["id"],
        id.as_str()
    );
    assert_eq!(system.json(&[&MAILS[..], &["--state", "ready"]].concat()), json!([]));
    let unknown = system
        .run(&["jobs", "cancel", "0199c0de-0000-7000-8000-000000000001"])
        .fails();
    assert!(
        unknown.contains("there is no job") && unknown.contains("hansa jobs list"),
        "{unknown}"
    );
}

#[test]
fn a_mail_that_was_tried_too_often_is_dead_until_it_is_tried_again() {
    let system = System::with_accounts(&[]);
    let id = registered(&system);
    // Its attempts would take an hour.
    system.change(
        "auth",
        "update job set attempts = most_attempts - 1, run_at = created_at where kind = 'auth.mail'",
    );
    let server = system.serve_with(&[REFUSES]);
    until("the mail is dead", || mail(&system)["state"] == "dead");
    server.stop();

    let dead = system.run(&["jobs", "list", "--state", "dead"]).succeeds();
    let cancelled = system.run(&["jobs", "cancel", &id]).fails();
    let retried = system.run(&["jobs", "retry", &id]).succeeds();
    let waits = mail(&system);
    let server = system.serve();
    until("the mail is sent", || mail(&system)["state"] == "done");
    server.stop();

    assert!(dead.contains(&id) && dead.contains("10 of 10"), "{dead}");
    assert!(cancelled.contains("is dead; only waiting and running"), "{cancelled}");
    assert_eq!(retried, format!("{id} is tried again\n"));
    assert_eq!((&waits["state"], &waits["attempts"]), (&json!("ready"), &json!(0)));
    assert_eq!(std::fs::read_dir(system.path("data/mail")).unwrap().count(), 1);
}
