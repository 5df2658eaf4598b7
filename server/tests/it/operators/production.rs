//! A system that others depend on: made ready by the step of a release, looked at beside its processes, and what these log.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStderr, Command, Stdio},
};

use serde_json::{Value, json};

use super::system::System;
use crate::program::sent;

/// A process of `run`; it is killed when this is dropped.
struct Run {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Run {
    fn new(system: &System, args: &[&str]) -> Self {
        let mut command = system.command(&[&["run"], args].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log }
    }

    /// The next line of its log with this text.
    #[track_caller]
    fn logs(&mut self, text: &str) -> Value {
        let mut others = String::new();
        for line in &mut self.log {
            let line = line.unwrap();
            if line.contains(text) {
                return serde_json::from_str(&line).unwrap();
            }
            others += &(line + "\n");
        }
        panic!("it ended and never logged {text}:\n{others}");
    }

    fn interrupt(&self) {
        let mut kill = Command::new("kill");
        assert!(kill.arg(self.child.id().to_string()).status().unwrap().success());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_was_migrated_runs_where_migrations_are_only_checked() {
    let system = System::new();
    system.run(&["keys", "make"]).succeeds();
    let first = system.run(&["migrate"]).succeeds();
    let second = system.run(&["migrate"]).succeeds();

    let check = ["--set", "database.migrate=check", "--port", "0", "--gateway-port", "0"];
    let ports = ["auth.port=0", "security.port=0", "users.port=0"];
    let ports: Vec<_> = ports.iter().flat_map(|port| ["--set", port]).collect();
    let mut run = Run::new(&system, &[&check[..], &ports].concat());

    run.logs("listening");
    assert!(
        first.contains("events: applied event_log_0001, ") && first.contains("financial-data: applied "),
        "{first}"
    );
    assert!(second.lines().all(|line| line.ends_with(": up to date")), "{second}");
}

#[test]
fn looking_brings_no_database_forward() {
    let system = System::with_accounts(&["ada@example.com"]);
    let back = "drop index job_waiting; delete from schema_migrations where name = 'jobs_0002'";
    system.change("auth", back);

    let told = system.run(&["jobs", "list"]).fails();
    let migrated = system.run(&["migrate"]).succeeds();

    assert!(told.contains("jobs_0002") && told.contains("hansa migrate"), "{told}");
    assert!(migrated.contains("auth: applied jobs_0002\n"), "{migrated}");
    system.run(&["jobs", "list"]).succeeds();
}

#[test]
fn production_logs_what_services_do_with_accounts() {
    let system = System::with_accounts(&["ada@example.com"]);
    let quick = ["auth.port=0", "passwords.memory=64KiB", "passwords.iterations=1"];
    let quick: Vec<_> = quick.iter().flat_map(|setting| ["--set", setting]).collect();
    let mut run = Run::new(&system, &[&["--no-gateway", "--only", "auth"], &quick[..]].concat());
    let address = run.logs("listening")["address"].as_str().unwrap().to_owned();

    let body = json!({ "email": "ada@example.com", "password": "a quiet harbour at dawn" }).to_string();
    let head = format!("POST /auth/sign-in HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json");
    let answer = sent(
        &address,
        &format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
    );
    run.interrupt();

    assert!(answer.contains(" 200 "), "{answer}");
    assert_eq!(run.logs("an account was used or changed")["action"], "signed_in");
}

#[test]
fn a_system_that_somebody_administrates_is_not_seeded() {
    let system = System::with_accounts(&["ada@example.com"]);
    system.run(&["admin", "appoint", "ada@example.com"]).succeeds();

    let refused = system.run(&["seed"]).fails();

    assert!(
        refused.contains("somebody administrates this system, and seeds have known passwords"),
        "{refused}"
    );
    let accounts = system.json(&["accounts", "list"]);
    assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
}

#[test]
fn production_says_that_accounts_with_known_passwords_are_there() {
    let system = System::new();
    let quick = ["--set", "passwords.memory=64KiB", "--set", "passwords.iterations=1"];
    system
        .run(&[&["seed", "--system", "markets"], &quick[..]].concat())
        .succeeds();
    let mut run = Run::new(&system, &["--no-gateway", "--only", "auth", "--set", "auth.port=0"]);

    run.logs("accounts of `hansa seed` are here");
}
