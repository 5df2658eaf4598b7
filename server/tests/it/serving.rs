//! `up` and `run`: what they say, what they answer, how they stop.

use std::{
    cell::OnceCell,
    io::Read,
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use crate::program::{Folder, Server, exists, until};

/// The answers to the `curl` lines that a server suggests.
fn tried(server: &Server) -> Vec<String> {
    let lines = server.said.lines().filter_map(|line| line.trim().strip_prefix("curl "));
    lines.map(|line| tried_line(server, line)).collect()
}

fn tried_line(server: &Server, line: &str) -> String {
    let url = line.split_whitespace().next().unwrap().trim_matches('\'');
    let path = url
        .strip_prefix(&server.url())
        .unwrap_or_else(|| panic!("{line} names this server"));
    match line.split_once("-d '") {
        Some((_, body)) => server.post(path, body.trim_end_matches('\'')),
        None => server.get(path),
    }
}

#[test]
fn up_with_the_demo_shows_a_revision_at_the_first_query_and_stops_when_asked() {
    let folder = Folder::new();
    let server = folder.up(&["--demo"]);

    let answers = tried(&server);

    assert_eq!(answers[0], "date,value\n2020-01-01,21537.94\n");
    assert!(
        answers[1].starts_with("date,value\n2020-01-01,21537.94\n2020-01-01,21534.907\n"),
        "{}",
        answers[1]
    );
    assert!(answers[2].contains("Billions of Dollars"), "{}", answers[2]);
    assert!(server.said.contains("demo: 7 series with "), "{}", server.said);
    assert_eq!(server.stop(), (Some(0), "stopped\n".into()));
}

#[test]
fn up_without_the_demo_suggests_what_works_on_an_empty_store() {
    let folder = Folder::new();
    let server = folder.up(&[]);

    let answers = tried(&server);

    assert!(answers[0].contains("\"successful\":1"), "{}", answers[0]);
    assert_eq!(answers[1], "date,value\n2026-01-01,2.25\n");
    assert!(answers[2].contains("\"total\":1"), "{}", answers[2]);
}

#[test]
fn the_demo_is_loaded_once_and_a_deleted_series_comes_back() {
    let folder = Folder::new();
    assert!(!folder.up(&["--demo"]).said.contains(" 0 revisions of them new"));
    assert!(folder.up(&["--demo"]).said.contains(" 0 revisions of them new"));
    folder
        .run(&["series", "delete", "GDP", "--yes", "--data", "data"])
        .succeeds();

    let server = folder.up(&["--demo"]);

    assert!(!server.said.contains(" 0 revisions of them new"), "{}", server.said);
    assert_eq!(tried(&server)[0], "date,value\n2020-01-01,21537.94\n");
}

#[test]
fn a_port_in_use_is_said_in_one_line_and_what_to_do_in_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let told = Folder::new()
        .run(&["up", "--only", "financial-data", "--port", &port])
        .fails();

    assert!(
        told.contains(&port) && told.contains("in use") && told.contains("financial-data.port"),
        "{told}"
    );
}

/// What a command leaves behind that is told to stop as soon as it logs that it listens.
fn stopped(mut command: Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut logged, mut next) = (Vec::new(), [0; 1]);
    while !logged.ends_with(b"listening") {
        child.stderr.as_mut().unwrap().read_exact(&mut next).unwrap();
        logged.extend(next);
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let mut ended = child.wait_with_output().unwrap();
    ended.stderr.splice(0..0, logged);
    ended
}

#[test]
fn run_logs_json_and_prints_nothing() {
    let folder = Folder::new();
    let command = folder.command(&[
        "run",
        "--only",
        "financial-data",
        "--port",
        "0",
        "--gateway-port",
        "0",
        "--data",
        "data",
    ]);

    let ended = stopped(command);

    let log = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(0), 0), "{log}");
    assert!(
        log.lines().all(|line| line.starts_with('{') && line.ends_with('}')),
        "{log}"
    );
    assert!(log.contains("listening") && log.contains("financial-data"), "{log}");
    assert!(exists(&folder, "data/catalog.db"));
}

#[test]
fn a_file_of_every_setting_leaves_run_its_habits() {
    let folder = Folder::new();
    let file = folder.file("hansa.toml", folder.run(&["config"]).succeeds());
    let run = ["run", "--config", &file, "--data", "data", "--no-gateway", "--only"];

    let without_ring = [&run[..], &["auth", "--set", "auth.port=0"]].concat();
    let refused = folder.run(&without_ring).fails();
    let is_made = exists(&folder, "data/keys.toml");
    let ended = stopped(folder.command(&[&run[..], &["financial-data", "--port", "0"]].concat()));

    assert!(refused.contains("hansa keys make") && !is_made, "{refused}");
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(log.starts_with("{\"timestamp\""), "{log}");
}

#[test]
fn run_is_stopped_while_it_waits_for_a_database() {
    // It takes the connection and then says nothing.
    let database = TcpListener::bind("127.0.0.1:0").unwrap();
    database.set_nonblocking(true).unwrap();
    let catalog = format!("postgres://hansa@{}/lake", database.local_addr().unwrap());
    let folder = Folder::new();
    let arguments = [
        "--only",
        "financial-data",
        "--no-gateway",
        "--port",
        "0",
        "--data",
        "data",
    ];
    let mut command = folder.command(&[&["run"], &arguments[..]].concat());
    command.env("HANSA_LAKE__CATALOG", catalog);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = OnceCell::new();
    until("it asks its database", || {
        database.accept().is_ok_and(|connection| held.set(connection).is_ok())
    });

    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let ended = child.wait_with_output().unwrap();

    let log = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{log}");
    assert!(log.contains("stopped before all services had started"), "{log}");
}
