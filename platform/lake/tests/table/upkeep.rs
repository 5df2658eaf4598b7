//! Deletes, time travel, expiry and the sweep.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{Duration, Utc};
use platform_error::{Code, Coded};
use platform_lake::{Effort, Env, Lake, LakeConfig, LeadRange, Moment, Retention};

use crate::support::{POINTS, read, rows, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_lead_is_gone_and_the_past_still_has_it() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.append(rows(&[("a", 1, 1), ("b", 1, 2)]), None).await.unwrap();
    table.append(rows(&[("a", 2, 3)]), None).await.unwrap();
    let before = table.snapshot().id().unwrap();

    let deleted = table.delete(&["a".to_string()]).await.unwrap();

    assert!(deleted.is_some());
    assert_eq!(read(&table.snapshot(), "a").await, []);
    assert_eq!(read(&table.snapshot(), "b").await, [(1, 2)]);
    assert_eq!(
        read(&table.snapshot_at(Moment::Snapshot(before)).await.unwrap(), "a").await,
        [(1, 1), (2, 3)]
    );
    assert_eq!(table.delete(&["a".to_string()]).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_snapshot_in_the_history_reads_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let mut past = Vec::new();
    for value in 0..12 {
        table.append(rows(&[("a", value % 5, value)]), None).await.unwrap();
        past.push((table.snapshot().id().unwrap(), read(&table.snapshot(), "a").await));
    }

    table.compact(Effort::Full).await.unwrap();
    table.sweep(Duration::zero()).await.unwrap();

    for (id, rows) in past {
        let snapshot = table.snapshot_at(Moment::Snapshot(id)).await.unwrap();
        assert_eq!(read(&snapshot, "a").await, rows);
        let at_its_time = table.snapshot_at(Moment::Time(snapshot.at())).await.unwrap();
        assert_eq!(at_its_time.id(), Some(id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_and_sweep_remove_only_what_nothing_names() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    for value in 0..10 {
        table.append(rows(&[("a", value, value)]), None).await.unwrap();
    }
    let held = table.snapshot();
    let held_rows = read(&held, "a").await;
    table.compact(Effort::Full).await.unwrap();
    let stray = home.path().join("warehouse/test/points/data/stray.parquet");
    std::fs::write(&stray, b"left by a writer that died").unwrap();

    let recent = table.sweep(Duration::hours(1)).await.unwrap();
    assert_eq!(recent.files_removed, 0, "younger than the grace period");
    assert!(stray.exists());

    let none = Duration::zero();
    let expired = table
        .expire(&Retention {
            last: 1,
            hourly: none,
            daily: none,
        })
        .await
        .unwrap();
    let swept = table.sweep(none).await.unwrap();

    assert_eq!(expired, 10);
    assert!(!stray.exists() && swept.files_removed > 10);
    assert_eq!(read(&held, "a").await, held_rows, "a snapshot in use keeps its files");
    drop(held);
    table.sweep(none).await.unwrap();
    assert_eq!(read(&table.refresh().await.unwrap(), "a").await, held_rows);
    let data = std::fs::read_dir(home.path().join("warehouse/test/points/data"))
        .unwrap()
        .count();
    assert_eq!(data, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_without_end_keeps_its_metadata_small() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    for value in 0..240 {
        table.append(rows(&[("a", value, value)]), None).await.unwrap();
    }

    let stats = table.stats().await.unwrap();

    assert!(stats.snapshots <= 102, "{} snapshots", stats.snapshots);
    assert!(stats.manifests <= 24, "{} manifests", stats.manifests);
    assert_eq!(stats.rows, 240);
    table.sweep(Duration::zero()).await.unwrap();
    let files = std::fs::read_dir(home.path().join("warehouse/test/points/metadata")).unwrap();
    let metadata = files.filter(|file| {
        file.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .ends_with(".metadata.json")
    });
    assert!(metadata.count() <= 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_waits_while_it_is_paused() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    for value in 0..3 {
        table.append(rows(&[("a", value, value)]), None).await.unwrap();
    }
    table.pause();

    let compaction = tokio::spawn({
        let table = table.clone();
        async move { table.compact(Effort::Full).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert!(!compaction.is_finished() && table.is_paused());
    table.append(rows(&[("a", 9, 9)]), None).await.unwrap();
    table.resume();

    compaction.await.unwrap().unwrap();
    assert_eq!(read(&table.snapshot(), "a").await, [(0, 0), (1, 1), (2, 2), (9, 9)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_gives_every_row_once_in_order() {
    use futures::TryStreamExt;
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.append(rows(&[("c", 1, 1), ("a", 1, 1)]), None).await.unwrap();
    table
        .append(rows(&[("b", 1, 1), ("a", 1, 2), ("d", 1, 1)]), None)
        .await
        .unwrap();

    let range = LeadRange {
        from: Some("a".into()),
        to: Some("c".into()),
    };
    let batches: Vec<_> = table
        .snapshot()
        .scan(&range, &["series", "value"])
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();

    let text = arrow::util::display::FormatOptions::default();
    let rows: Vec<String> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows())
                .map(|row| {
                    let show = |column: usize| {
                        arrow::util::display::ArrayFormatter::try_new(batch.column(column), &text)
                            .unwrap()
                            .value(row)
                            .to_string()
                    };
                    format!("{}={}", show(0), show(1))
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(rows, ["a=2", "b=1", "c=1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_files_than_memory_allows_at_once_are_merged_in_passes() {
    let home = tempfile::tempdir().unwrap();
    let config = LakeConfig {
        memory_limit: 64 << 20,
        ..LakeConfig::local(home.path())
    };
    let lake = Lake::open(&config, Env::system()).await.unwrap();
    let table = lake.table(POINTS).await.unwrap();
    for value in 0..20 {
        let newest = [("a", 1, value), ("a", value + 2, value), ("z", 1, -value)];
        table.append(rows(&newest), None).await.unwrap();
    }

    let done = table.compact(Effort::Full).await.unwrap().unwrap();

    assert_eq!((done.files_before, done.files_after, done.rows_after), (20, 1, 22));
    let known = read(&table.snapshot(), "a").await;
    assert_eq!((known.len(), known[0]), (21, (1, 19)));
    assert_eq!(read(&table.snapshot(), "z").await, [(1, -19)]);
    assert_eq!(files(home.path()), 21, "files between two passes are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_files_another_process_swept_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let passed = Arc::new(AtomicI64::new(0));
    let clock = passed.clone();
    let now = move || Utc::now() + Duration::minutes(clock.load(Ordering::SeqCst));
    let env = Env::new(now, |_, task| drop(tokio::spawn(task)));
    let lake = Lake::open(&LakeConfig::local(home.path()), env).await.unwrap();
    let ours = lake.table(POINTS).await.unwrap();
    let theirs = table(home.path()).await;
    let stage = async || {
        let stage = ours.stage();
        stage.write(rows(&[("a", 1, 1)])).await.unwrap();
        passed.fetch_add(66, Ordering::SeqCst);
        stage
    };
    let (kept, swept) = (stage().await, stage().await);
    kept.commit(None).await.unwrap();

    theirs.sweep(Duration::zero()).await.unwrap();
    let refused = swept.commit(None).await.unwrap_err();

    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.to_string().contains("send it again"), "{refused}");
    assert_eq!(read(&ours.refresh().await.unwrap(), "a").await, [(1, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_delete_had_written_goes_with_the_next_sweep() {
    let home = tempfile::tempdir().unwrap();
    let writer = table(home.path()).await;
    for date in 1..3 {
        let both = [("a", date, 1), ("b", date, 2)];
        writer.append(rows(&both), None).await.unwrap();
    }
    let paths = writer.snapshot().file_paths();
    let (second, aside) = (paths[1].trim_start_matches("file://"), home.path().join("aside"));
    // This one has the rows of neither file in memory.
    let table = table(home.path()).await;
    std::fs::rename(second, &aside).unwrap();

    table.delete(&["a".to_string()]).await.unwrap_err();

    std::fs::rename(&aside, second).unwrap();
    assert_eq!(files(home.path()), 3, "the first file was rewritten");
    table.sweep(Duration::zero()).await.unwrap();
    assert_eq!(files(home.path()), 2);
}

/// How many data files lie in a lake's folder.
fn files(home: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(home) else { return 0 };
    let count = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path),
            false => usize::from(path.extension().is_some_and(|extension| extension == "parquet")),
        }
    };
    entries.map(count).sum()
}
