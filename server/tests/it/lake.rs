//! `lake`: sizes, compaction, expiry, the sweep.

use crate::program::Folder;

#[test]
fn compaction_keeps_every_answer_and_expiry_forgets_snapshots() {
    let folder = Folder::with_rows("series_id,date,value,revision_date\na,2024-01-01,1,2024-02-01\n");
    for day in ["2024-03-01", "2024-04-01"] {
        let file = folder.file(
            "more.csv",
            format!("series_id,date,value,revision_date\na,2024-01-01,2,{day}\n"),
        );
        folder.run(&["import", &file, "--data", "data"]).succeeds();
    }
    let revisions = || folder.run(&["series", "revisions", "a", "--data", "data"]).succeeds();
    let snapshots = || {
        folder
            .run(&["lake", "snapshots", "--data", "data"])
            .succeeds()
            .lines()
            .count()
            - 2
    };
    let before = (revisions(), snapshots());

    folder.run(&["lake", "compact", "--full", "--data", "data"]).succeeds();
    assert_eq!((revisions(), snapshots()), (before.0.clone(), before.1 + 1));

    folder
        .run(&["lake", "expire", "--older-than", "1h", "--data", "data"])
        .succeeds();
    assert_eq!(snapshots(), before.1 + 1, "all of them are young");

    folder
        .run(&["lake", "expire", "--keep", "1", "--data", "data"])
        .succeeds();
    assert_eq!((revisions(), snapshots()), (before.0, 1));
    let swept = folder.run(&["lake", "sweep", "--data", "data"]).succeeds();
    assert!(
        swept.contains("financial_data.data_points") || swept.contains("data_points"),
        "{swept}"
    );
}

#[test]
fn statistics_count_rows_and_files() {
    let folder = Folder::with_rows("series_id,date,value\na,2024-01-01,1\na,2024-02-01,2\n");

    let stats = folder.run(&["lake", "stats", "--data", "data"]).succeeds();

    let points = stats.lines().find(|line| line.contains("data_points")).unwrap();
    let cells: Vec<&str> = points.split_whitespace().collect();
    assert_eq!((cells[1], cells[5]), ("2", "1"), "{stats}");
}

#[test]
fn a_young_orphan_is_left_alone() {
    let folder = Folder::with_rows("series_id,date,value\na,2024-01-01,1\n");

    let told = folder
        .run(&["lake", "sweep", "--older-than", "1s", "--data", "data"])
        .fails();

    assert!(told.contains("65m"), "{told}");
    let young = "financial-data.orphan-age=10m";
    let told = folder.run(&["lake", "sweep", "--set", young, "--data", "data"]).fails();
    assert!(
        told.contains("financial-data.orphan-age expects at least 65m"),
        "{told}"
    );
}
