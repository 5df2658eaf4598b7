//! Accounts that come ready, and what a server says of how to sign in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::program::{Folder, Server, exists, until};

const QUICK: [&str; 4] = ["--set", "passwords.memory=64KiB", "--set", "passwords.iterations=1"];
const SYSTEMS: [(&str, usize); 4] = [("economic", 3), ("markets", 2), ("analytics", 3), ("contracting", 3)];

fn seed(folder: &Folder, args: &[&str]) -> String {
    let seed = [&["seed", "--data", "data"], args, &QUICK].concat();
    folder.run(&seed).succeeds()
}

fn serve(folder: &Folder) -> Server {
    let up = ["up", "--no-gateway", "--only", "auth,security", "--data", "data"];
    let ports = ["--set", "auth.port=0", "--set", "security.port=0"];
    folder.start(&[&up[..], &ports, &QUICK].concat())
}

/// The mail addresses, passwords and roles that a seed tells.
fn accounts(told: &str) -> Vec<(&str, &str, Vec<&str>)> {
    let rows = told.lines().filter(|line| line.contains('@'));
    let columns = rows.map(|row| row.split("  ").map(str::trim).filter(|part| !part.is_empty()));
    columns
        .map(|mut columns| {
            let (mail, password) = (columns.next().unwrap(), columns.next().unwrap());
            (mail, password, columns.next().unwrap().split(", ").collect())
        })
        .collect()
}

/// The body of an answer with this status.
fn body(answer: &str, status: u16) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!(" {status} ")), "{answer}");
    serde_json::from_str(body).unwrap()
}

/// What somebody holds who signs in: roles, each with its grant.
fn held(server: &Server, (mail, password): (&str, &str)) -> BTreeMap<String, String> {
    let credentials = json!({ "email": mail, "password": password }).to_string();
    let granted = body(&server.send("auth", "POST /auth/sign-in HTTP/1.0", &credentials), 200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (user, token) = (text(&granted["user"]), text(&granted["accessToken"]));
    let path = format!("/api/v1/security/grants?subject=user:{user}");
    let asked = format!("GET {path} HTTP/1.0\r\nauthorization: Bearer {token}");
    let grants = body(&server.send("security", &asked, ""), 200);
    let grants = grants["items"].as_array().unwrap().iter();
    grants.map(|grant| (text(&grant["role"]), text(&grant["id"]))).collect()
}

/// What answers to the first command that a server suggests for its sign-in.
fn tried(server: &Server) -> String {
    let mut lines = server.said.lines().filter_map(|line| line.trim().strip_prefix("curl "));
    let line = lines.find(|line| line.contains("/auth/")).unwrap();
    let (path, body) = line.split_once(" -H ").unwrap();
    let path = path.split_once("/auth/").unwrap().1;
    let body = body.split_once("-d '").unwrap().1.trim_end_matches('\'');
    server.send("auth", &format!("POST /auth/{path} HTTP/1.0"), body)
}

#[test]
fn each_system_has_accounts_that_sign_in_and_hold_the_roles_that_are_told() {
    let folder = Folder::new();
    let told = SYSTEMS.map(|(system, _)| seed(&folder, &["--system", system]));

    let server = serve(&folder);

    for ((system, number), told) in SYSTEMS.into_iter().zip(&told) {
        let accounts = accounts(told);
        assert_eq!(accounts.len(), number, "{told}");
        for (mail, password, roles) in accounts {
            assert!(mail.ends_with(&format!("@{system}.example")), "{told}");
            let held = held(&server, (mail, password));
            assert!(roles.iter().all(|role| held.contains_key(*role)), "{mail}: {held:?}");
        }
    }
}

#[test]
fn a_command_on_a_running_server_shows_who_asks() {
    let folder = Folder::new();
    let told = seed(&folder, &["--system", "economic"]);
    let (mail, password, _) = accounts(&told).remove(0);
    let up = ["up", "--no-gateway", "--port", "0", "--data", "data"];
    let open = [
        "financial-data.access=public",
        "auth.port=0",
        "security.port=0",
        "users.port=0",
    ];
    let settings: Vec<_> = open.iter().flat_map(|setting| ["--set", setting]).collect();
    let server = folder.start(&[&up[..], &settings, &QUICK].concat());
    folder.file("rows.csv", "series_id,date,value\na,2024-01-01,1\n");
    let url = server.url();
    let import = ["import", "rows.csv", "--source", "S", "--url", &url];

    let refused = folder.run(&import).fails();
    let credentials = json!({ "email": mail, "password": password }).to_string();
    let granted = body(&server.send("auth", "POST /auth/sign-in HTTP/1.0", &credentials), 200);
    folder.file("token", granted["accessToken"].as_str().unwrap());
    let stored = folder
        .run(&[&import[..], &["--token-file", "token"]].concat())
        .succeeds();

    assert!(refused.contains("by --token-file, or set HANSA_TOKEN"), "{refused}");
    assert!(stored.contains("1 stored"), "{stored}");
}

#[test]
fn a_second_seed_changes_nothing_and_says_so() {
    let folder = Folder::new();
    let first = seed(&folder, &[]);
    let server = serve(&folder);
    let told = || accounts(&first).into_iter().take(3);
    // What everybody gets who registers may come later.
    let held = || {
        told().map(|(mail, password, roles)| {
            let mut held = held(&server, (mail, password));
            held.retain(|role, _| roles.contains(&role.as_str()));
            held
        })
    };
    let before: Vec<_> = held().collect();

    let second = seed(&folder, &["--system", "all"]);

    assert!(first.contains("New: 11 accounts, "), "{first}");
    assert!(
        second.contains("Nothing has changed") && !second.contains("New:"),
        "{second}"
    );
    assert_eq!(accounts(&second), accounts(&first));
    assert_eq!(held().collect::<Vec<_>>(), before);
    assert!(before.iter().all(|held| !held.is_empty()), "{before:?}");
}

#[test]
fn a_server_says_how_to_sign_in_with_what_is_there() {
    let folder = Folder::new();
    let server = serve(&folder);
    let registered = tried(&server);

    assert!(!server.said.contains(".example"), "{}", server.said);
    for words in [
        "a file in data/mail",
        "hansa seed --data data",
        "Nobody administrates it yet",
    ] {
        assert!(server.said.contains(words), "{words} in {}", server.said);
    }
    body(&registered, 202);
    until("a mail is in the folder that was named", || {
        exists(&folder, "data/mail")
    });
    server.stop();

    seed(&folder, &["--system", "markets"]);
    let server = serve(&folder);
    assert!(body(&tried(&server), 200)["accessToken"].is_string());
    assert!(server.said.contains("admin@markets.example"), "{}", server.said);
    assert!(!server.said.contains("economic"), "{}", server.said);
    seed(&folder, &["--system", "economic"]);
    server.stop();

    let said = serve(&folder).said.clone();
    assert!(
        said.contains("admin@economic.example") && !said.contains("Nobody administrates"),
        "{said}"
    );
}
