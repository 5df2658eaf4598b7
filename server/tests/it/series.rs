//! `series`: the same answers from a directory and from a server, for people and for programs.

use std::process::Stdio;

use crate::program::Folder;

const ROWS: &str = "\
source,series_id,date,value,revision_date
FRED,GDP,2019-10-01,21000.5,2020-01-30
FRED,GDP,2020-01-01,21537.940,2020-04-29
FRED,GDP,2020-01-01,21534.9,2020-05-28
FRED,GDP,2020-01-01,,2020-06-25
BBK,GDP,2020-01-01,800,2020-05-15
BBK,Prices,2020-01-01,1,2020-02-15
";

#[test]
fn points_as_csv_are_dates_and_values() {
    let folder = Folder::with_rows(ROWS);

    let csv = folder
        .run(&[
            "series",
            "points",
            "FRED:GDP",
            "--as-of",
            "2020-04-30",
            "--format",
            "csv",
            "--data",
            "data",
        ])
        .succeeds();

    assert_eq!(csv, "date,value\n2019-10-01,21000.5\n2020-01-01,21537.940\n");
}

#[test]
fn a_table_says_when_each_value_was_published_and_what_was_withdrawn() {
    let folder = Folder::with_rows(ROWS);

    let table = folder
        .run(&["series", "points", "FRED:GDP", "--data", "data"])
        .succeeds();

    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["date", "value", "published"]);
    assert_eq!(rows[2], ["2019-10-01", "21000.5", "2020-01-30"]);
    assert_eq!(rows[3], ["2020-01-01", "withdrawn", "2020-06-25"]);
}

#[test]
fn a_plot_is_drawn_when_asked() {
    let folder = Folder::with_rows(ROWS);

    let drawing = folder
        .run(&[
            "series",
            "points",
            "FRED:GDP",
            "--as-of",
            "2020-05-01",
            "--plot",
            "--data",
            "data",
        ])
        .succeeds();

    assert!(drawing.starts_with("GDP, as of 2020-05-01\n"), "{drawing}");
    assert!(
        drawing.contains('⠤') || drawing.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)),
        "{drawing}"
    );
    assert!(drawing.contains("21538") && drawing.contains("2019-10-01"), "{drawing}");
}

#[test]
fn a_directory_and_the_server_running_on_it_answer_alike() {
    let folder = Folder::with_rows(ROWS);
    let server = folder.up(&[]);
    let questions: [&[&str]; 10] = [
        &["series", "list"],
        &["series", "list", "--search", "price", "--format", "json"],
        &["series", "show", "FRED:GDP"],
        &[
            "series",
            "points",
            "FRED:GDP",
            "--as-of",
            "2020-05-30",
            "--units",
            "chg",
        ],
        &["series", "points", "FRED:GDP", "--release", "1", "--format", "json"],
        &["series", "revisions", "FRED:GDP", "--vintage-from", "2020-05-01"],
        &["series", "vintages", "FRED:GDP", "--format", "csv"],
        &["series", "matrix", "FRED:GDP", "--last", "2"],
        &["export", "--all", "--revisions", "--format", "ndjson"],
        &["lake", "snapshots", "--json"],
    ];
    for question in questions {
        let local = folder.run(&[question, &["--data", "data"]].concat()).succeeds();
        let remote = folder.run(&[question, &["--url", &server.url()]].concat()).succeeds();

        assert_eq!(local, remote, "{question:?}");
        assert!(
            local.lines().count() > 1 || local.len() > 40,
            "{question:?} says something: {local}"
        );
    }
}

#[test]
fn a_list_that_is_cut_says_so_in_every_format() {
    let folder = Folder::with_rows(ROWS);
    for format in ["table", "csv", "json", "ndjson"] {
        let list = ["series", "list", "--data", "data", "--format", format, "--limit"];

        let cut = folder.run(&[&list[..], &["2"]].concat());
        let whole = folder.run(&[&list[..], &["3"]].concat());

        assert_eq!(cut.stderr, "2 of 3; --limit shows more\n", "{format}");
        assert_eq!((whole.code, whole.stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_that_of_the_settings() {
    let folder = Folder::with_rows(ROWS);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    folder.file("own.pem", made.cert.pem());
    folder.file("own.key", made.signing_key.serialize_pem());
    folder.file(
        "tls.toml",
        "[tls]\ncertificate = \"own.pem\"\nkey = \"own.key\"\nca = \"own.pem\"\n",
    );
    let ask_for_it = ["--no-gateway", "--config", "tls.toml", "--set", "tls.client-ca=own.pem"];
    let server = folder.up(&ask_for_it);
    let url = format!("https://localhost:{}", server.address.split_once(':').unwrap().1);
    let list = ["series", "list", "--url", &url];

    let shown = folder.run(&[&list[..], &["--config", "tls.toml"]].concat()).succeeds();
    let unknown = folder.run(&list).fails();

    assert!(server.said.starts_with("hansa listens on https://"), "{}", server.said);
    assert!(shown.contains("BBK:Prices"), "{shown}");
    assert!(unknown.contains("cannot reach https://localhost"), "{unknown}");
}

#[test]
fn what_is_written_to_a_directory_is_seen_by_the_server_running_on_it() {
    let folder = Folder::with_rows(ROWS);
    let server = folder.up(&[]);
    let file = folder.file("more.csv", "source,series_id,date,value\nBBK,New,2021-01-01,7\n");
    folder.run(&["import", &file, "--data", "data"]).succeeds();
    folder
        .run(&["import", &file, "--url", &server.url(), "--revision-date", "2021-02-01"])
        .succeeds();

    let mut tries = 0..50;
    let seen = |()| folder.run(&["series", "vintages", "New", "--url", &server.url(), "--format", "csv"]);
    while seen(()).stdout.lines().count() < 3 {
        assert!(tries.next().is_some(), "the server never saw both");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(seen(()).succeeds().starts_with("vintage\n2021-02-01\n"));
}

#[test]
fn deleting_asks_first() {
    let folder = Folder::with_rows(ROWS);
    let told = folder.run(&["series", "delete", "BBK:GDP", "--data", "data"]).fails();
    assert!(told.contains("--yes"), "{told}");

    folder
        .run(&["series", "delete", "BBK:GDP", "--yes", "--data", "data"])
        .succeeds();

    let left = folder.run(&["series", "list", "--data", "data"]).succeeds();
    assert!(left.contains("FRED:GDP") && !left.contains("BBK:GDP"), "{left}");
}

#[test]
fn a_series_that_is_not_there_or_not_clear_is_explained() {
    let folder = Folder::with_rows(ROWS);

    let unknown = folder.run(&["series", "points", "Nope", "--data", "data"]).fails();
    let unclear = folder.run(&["series", "points", "GDP", "--data", "data"]).fails();

    assert_eq!(unknown.lines().count(), 2, "{unknown}");
    assert!(
        unknown.starts_with("error: there is no series Nope\n hint: "),
        "{unknown}"
    );
    assert!(unclear.contains("FRED:GDP") && unclear.contains("BBK:GDP"), "{unclear}");
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let folder = Folder::with_rows(ROWS);
    let mut command = folder.command(&["series", "list", "--data", "data"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());

    let ended = child.wait_with_output().unwrap();

    assert_eq!(
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()),
        (Some(0), "")
    );
}
