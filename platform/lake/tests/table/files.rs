//! Files of a table: how their names are ordered, how long they stay, and who holds them open.

use std::fs::{self, File};
use std::time::{Duration as Span, SystemTime};

use chrono::Duration;

use crate::support::{read, rows, table};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_chunks_of_an_upload_the_later_holds_whatever_is_deleted() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;

    for round in 0..16 {
        let upload = table.stage();
        upload
            .write(rows(&[("gone", round, 0), ("left", round, 0), ("x", round, 1)]))
            .await
            .unwrap();
        upload.write(rows(&[("x", round, 2)])).await.unwrap();
        upload.commit(None).await.unwrap();
    }
    let longest = |paths: Vec<String>| paths.iter().map(String::len).max();
    table.delete(&["gone".to_string()]).await.unwrap();
    let names = longest(table.snapshot().file_paths());
    table.delete(&["left".to_string()]).await.unwrap();

    let newest: Vec<(i32, i32)> = (0..16).map(|date| (date, 2)).collect();
    assert_eq!(read(&table.snapshot(), "x").await, newest);
    assert_eq!(longest(table.snapshot().file_paths()), names, "names do not grow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_read_is_not_held_open() {
    let home = tempfile::tempdir().unwrap();
    let (ours, theirs) = (table(home.path()).await, table(home.path()).await);

    for value in 0..20 {
        theirs.append(rows(&[("a", value, value)]), None).await.unwrap();
        assert_eq!(
            read(&ours.refresh().await.unwrap(), "a").await.len(),
            value as usize + 1
        );
    }

    let open = fs::read_dir("/proc/self/fd").unwrap();
    let open = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let is_data =
        |path: &std::path::PathBuf| path.starts_with(home.path()) && path.to_string_lossy().contains(".parquet");
    assert_eq!(
        open.filter(is_data).collect::<Vec<_>>(),
        Vec::<std::path::PathBuf>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metadata_file_stays_until_it_was_replaced_for_as_long_as_the_grace() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.append(rows(&[("a", 1, 1)]), None).await.unwrap();
    let before = table.metadata_location();
    table.append(rows(&[("a", 1, 2)]), None).await.unwrap();
    let read_by = table.stats().await.unwrap().metadata_location;
    let yesterday = SystemTime::now() - Span::from_secs(24 * 3600);
    for file in fs::read_dir(home.path().join("warehouse/test/points/metadata")).unwrap() {
        let file = File::options().append(true).open(file.unwrap().path()).unwrap();
        file.set_modified(yesterday).unwrap();
    }
    let exists = |uri: &str| fs::exists(uri.trim_start_matches("file://")).unwrap();

    for value in 0..30 {
        table.append(rows(&[("a", 1, value)]), None).await.unwrap();
    }
    assert!(
        exists(&before) && exists(&read_by),
        "no commit takes a file that somebody may be reading by"
    );
    table.sweep(Duration::hours(1)).await.unwrap();

    assert!(exists(&read_by), "it was the current one an hour ago");
    assert!(!exists(&before));
    table.sweep(Duration::zero()).await.unwrap();
    assert!(!exists(&read_by));
}
