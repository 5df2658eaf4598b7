//! `import` and `export`: what goes in comes out, and what is refused is told.

use std::process::Stdio;

use crate::program::{Folder, exists};

const ROWS: &str = "\
source,series_id,date,value,revision_date
FRED,GDP,2020-01-01,21537.940,2020-04-29
FRED,GDP,2020-01-01,21534.9,2020-05-28
FRED,GDP,2020-01-01,,2020-06-25
FRED,GDP,2020-04-01,-0.10,2020-07-30
\"Bank, central\",=rate,2020-01-01,0,2020-01-02
";

/// `series_id,date,value` and `b,2024-01-01,2`, packed with gzip.
const PACKED: &[u8] = b"\
    \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x2b\x4e\x2d\xca\x4c\x2d\x8e\xcf\x4c\xd1\
    \x49\x49\x2c\x49\xd5\x29\x4b\xcc\x29\x4d\xe5\x4a\xd2\x31\x32\x30\x32\xd1\x35\x30\
    \x04\x22\x1d\x23\x2e\x00\xb0\xc0\x47\x13\x24\x00\x00\x00";

fn revisions(folder: &Folder, series: &str, data: &str) -> String {
    folder
        .run(&["series", "revisions", series, "--format", "csv", "--data", data])
        .succeeds()
}

#[test]
fn an_export_in_any_format_is_read_back_to_the_digit() {
    let folder = Folder::with_rows(ROWS);
    let names = ["FRED:GDP", "=rate"];
    let before = names.map(|name| revisions(&folder, name, "data"));
    assert!(before[0].contains("2020-01-01,21537.940,2020-04-29"), "{}", before[0]);

    for file in ["all.csv", "all.ndjson", "all.json", "all.arrow", "all.parquet"] {
        folder
            .run(&["export", "--all", "--revisions", "-o", file, "--data", "data"])
            .succeeds();
        let copy = format!("copy-{file}");
        folder.run(&["import", file, "--data", &copy]).succeeds();

        assert_eq!(names.map(|name| revisions(&folder, name, &copy)), before, "{file}");
    }
}

#[test]
fn a_json_export_carries_the_descriptions() {
    let folder = Folder::new();
    let description = r#"{"series": [{"source": "A", "externalId": "x", "title": "Ex", "units": "Percent", "frequency": "monthly"}],
        "data": [{"source": "A", "series_id": "x", "date": "2024-01-01", "value": "1.50"}]}"#;
    let file = folder.file("described.json", description);
    folder.run(&["import", &file, "--data", "data"]).succeeds();
    folder
        .run(&["export", "A:x", "-o", "copy.json", "--data", "data"])
        .succeeds();
    folder.run(&["import", "copy.json", "--data", "copy"]).succeeds();

    let shown = folder.run(&["series", "show", "x", "--data", "copy"]).succeeds();

    for known in ["A:x", "Ex", "Percent", "monthly", "1.50 for 2024-01-01"] {
        assert!(shown.contains(known), "{known} in\n{shown}");
    }
}

#[test]
fn an_export_as_of_a_day_holds_what_was_known_then() {
    let folder = Folder::with_rows(ROWS);

    let export = folder
        .run(&["export", "GDP", "--as-of", "2020-06-01", "--data", "data"])
        .succeeds();

    let header = "source,series_id,date,value,revision_date,is_original_release";
    assert_eq!(
        export,
        format!("{header}\nFRED,GDP,2020-01-01,21534.9,2020-05-28,false\n")
    );
}

#[test]
fn standard_input_is_recognised_and_packed_files_are_unpacked() {
    let folder = Folder::new();
    let args = ["import", "-", "--data", "data"];
    folder
        .run_with(
            &args,
            b"{\"series_id\": \"a\", \"date\": \"2024-01-01\", \"value\": 1}\n",
        )
        .succeeds();
    folder.file("b.csv.gz", PACKED);
    folder.run(&["import", "b.csv.gz", "--data", "data"]).succeeds();

    let list = folder.run(&["series", "list", "--data", "data"]).succeeds();

    assert!(list.contains("default:a") && list.contains("default:b"), "{list}");
}

#[test]
fn refused_rows_are_shown_and_give_exit_code_1() {
    let folder = Folder::new();
    let file = folder.file(
        "bad.csv",
        "series_id,date,value\na,2024-01-01,1\na,2024-13-01,2\na,2024-02-01,\"1,5\"\n",
    );

    let ended = folder.run(&["import", &file, "--data", "data"]);

    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("bad.csv: 3 rows read, 1 stored, 2 refused, 1 series created"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("2024-13-01") && ended.stdout.contains("write a point before the decimals"),
        "{}",
        ended.stdout
    );
    assert_eq!(
        folder
            .run(&["series", "points", "a", "--format", "csv", "--data", "data"])
            .succeeds(),
        "date,value\n2024-01-01,1\n"
    );
}

#[test]
fn all_or_nothing_stores_nothing_when_a_row_is_refused() {
    let folder = Folder::new();
    let file = folder.file("bad.csv", "series_id,date,value\na,2024-01-01,1\na,never,2\n");

    let ended = folder.run(&["import", &file, "--all-or-nothing", "--data", "data"]);

    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("nothing was stored") && ended.stdout.contains("never"),
        "{}",
        ended.stdout
    );
    assert!(
        folder
            .run(&["series", "points", "a", "--data", "data"])
            .fails()
            .contains("there is no series a")
    );
}

#[test]
fn a_batch_is_stored_once_and_a_crawl_stores_what_differs() {
    let folder = Folder::new();
    let first = folder.file(
        "first.csv",
        "series_id,date,value,revision_date\na,2024-01-01,1,2024-02-01\na,2024-02-01,2,2024-03-01\n",
    );
    folder
        .run(&["import", &first, "--batch", "one", "--data", "data"])
        .succeeds();

    let again = folder
        .run(&["import", &first, "--batch", "one", "--data", "data"])
        .succeeds();

    assert!(again.contains("was stored before"), "{again}");
    let crawl = folder.file(
        "crawl.csv",
        "series_id,date,value,revision_date\na,2024-01-01,1,2024-04-01\na,2024-02-01,3,2024-04-01\n",
    );
    let changed = folder
        .run(&["import", &crawl, "--mode", "changes", "--data", "data"])
        .succeeds();
    assert!(changed.contains("1 stored, 1 said nothing new"), "{changed}");
}

#[test]
fn all_files_are_imported_though_nobody_reads_what_is_said_of_them() {
    let folder = Folder::new();
    let files = ["a", "b", "c"].map(|name| {
        folder.file(
            &format!("{name}.csv"),
            format!("series_id,date,value\n{name},2024-01-01,1\n"),
        )
    });
    let mut args = vec!["import", "--data", "data"];
    args.extend(files.iter().map(String::as_str));
    let mut child = folder
        .command(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());

    let ended = child.wait_with_output().unwrap();

    assert_eq!(
        ended.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    for name in ["a", "b", "c"] {
        let points = folder.run(&["series", "points", name, "--data", "data"]).succeeds();
        assert!(points.contains("2024-01-01"), "{name}: {points}");
    }
}

#[test]
fn an_export_that_nobody_reads_is_no_failure() {
    let folder = Folder::with_rows(ROWS);
    for format in ["csv", "ndjson", "json", "arrow", "parquet"] {
        let mut child = folder
            .command(&["export", "--all", "--format", format, "--data", "data"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());

        let ended = child.wait_with_output().unwrap();

        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{format}: {said}");
    }
}

#[test]
fn an_export_without_a_row_has_its_header() {
    let folder = Folder::with_rows(ROWS);

    let export = folder
        .run(&["export", "GDP", "--as-of", "2020-01-01", "--data", "data"])
        .succeeds();

    assert_eq!(
        export,
        "source,series_id,date,value,revision_date,is_original_release\n"
    );
}

#[test]
fn what_cannot_be_read_is_said_with_its_name() {
    let folder = Folder::new();
    folder.file("what.bin", [0xde, 0xad, 0xbe, 0xef]);
    folder.file("broken.parquet", b"PAR1 and nothing else");

    let missing = folder.run(&["import", "missing.csv", "--data", "data"]).fails();
    let unknown = folder.run(&["import", "what.bin", "--data", "data"]).fails();
    let broken = folder.run(&["import", "broken.parquet", "--data", "data"]).fails();

    assert!(
        missing.contains("cannot read missing.csv") && missing.contains("no such file"),
        "{missing}"
    );
    assert!(
        unknown.contains("what.bin") && unknown.contains("hint: say it with --format"),
        "{unknown}"
    );
    assert!(
        broken.contains("broken.parquet: ") && broken.contains("Parquet"),
        "{broken}"
    );
}

#[test]
fn a_failed_export_leaves_no_file() {
    let folder = Folder::with_rows(ROWS);

    folder
        .run(&["export", "nothing", "-o", "out.csv", "--data", "data"])
        .fails();

    assert!(!exists(&folder, "out.csv") && !exists(&folder, "out.csv.partial"));
}
