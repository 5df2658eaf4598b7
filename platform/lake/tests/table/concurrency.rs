//! Many writers, in one process and in several.

use platform_lake::{Effort, Receipt, Written};

use crate::support::{POINTS, lake, read, rows, table};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let home = tempfile::tempdir().unwrap();
    let first = table(home.path()).await;
    first
        .append(rows(&[("b", 1, 10), ("a", 2, 20), ("a", 1, 5)]), None)
        .await
        .unwrap();
    drop(first);

    let again = table(home.path()).await;

    assert_eq!(read(&again.snapshot(), "a").await, [(1, 5), (2, 20)]);
    assert_eq!(read(&again.snapshot(), "b").await, [(1, 10)]);
    assert_eq!(read(&again.snapshot(), "c").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_write_of_a_key_wins_before_and_after_compaction() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    for value in 0..20 {
        table
            .append(rows(&[("a", 1, value), ("a", value + 2, value)]), None)
            .await
            .unwrap();
    }
    let before = read(&table.snapshot(), "a").await;

    let done = table.compact(Effort::Full).await.unwrap().unwrap();

    assert_eq!(before[0], (1, 19));
    assert_eq!(read(&table.snapshot(), "a").await, before);
    assert_eq!(
        (done.files_before, done.files_after, done.rows_before, done.rows_after),
        (20, 1, 40, 21)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_share_commits_and_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let writers = (0..64).map(|writer| {
        let table = table.clone();
        async move { table.append(rows(&[("a", writer, writer * 2)]), None).await.unwrap() }
    });

    futures::future::join_all(writers).await;

    let expected: Vec<(i32, i32)> = (0..64).map(|writer| (writer, writer * 2)).collect();
    assert_eq!(read(&table.snapshot(), "a").await, expected);
    assert!(table.snapshots().await.unwrap().len() < 64, "no commit was shared");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lakes_on_one_directory_lose_no_update() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (table(home.path()).await, table(home.path()).await);
    let write = |table: platform_lake::Table, parity: i32| async move {
        for turn in 0..20 {
            table
                .append(rows(&[("a", turn * 2 + parity, parity)]), None)
                .await
                .unwrap();
            if turn % 7 == 3 {
                table.compact(Effort::Full).await.unwrap();
            }
        }
    };

    tokio::join!(write(one.clone(), 0), write(two.clone(), 1));

    let expected: Vec<(i32, i32)> = (0..40).map(|date| (date, date % 2)).collect();
    assert_eq!(read(&one.refresh().await.unwrap(), "a").await, expected);
    assert_eq!(read(&two.refresh().await.unwrap(), "a").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_that_races_a_delete_brings_nothing_back() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    for round in 0..10 {
        let gone = format!("gone{round}");
        for date in 0..15 {
            table
                .append(
                    crate::support::batch([(gone.clone(), date, 1), ("stays".into(), date, round)].into_iter()),
                    None,
                )
                .await
                .unwrap();
        }

        let leads = [gone.clone()];
        let (compacted, deleted) = tokio::join!(table.compact(Effort::Full), table.delete(&leads));

        compacted.unwrap();
        deleted.unwrap().unwrap();
        assert_eq!(read(&table.snapshot(), &gone).await, []);
        assert_eq!(read(&table.snapshot(), "stays").await.len(), 15);
    }
}

fn receipt() -> Option<Receipt> {
    Some(Receipt {
        key: "k".into(),
        fingerprint: "f".into(),
        body: "{}".into(),
        at: chrono::DateTime::UNIX_EPOCH,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_receipt_is_stored_once() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;

    let first = table.append(rows(&[("a", 1, 1)]), receipt()).await.unwrap();
    let (second, third) = tokio::join!(
        table.append(rows(&[("a", 1, 2)]), receipt()),
        table.append(rows(&[("a", 1, 3)]), receipt())
    );

    assert!(matches!(first, Written::Committed(_)));
    assert!(matches!(
        (second.unwrap(), third.unwrap()),
        (Written::Repeated(_), Written::Repeated(_))
    ));
    assert_eq!(read(&table.snapshot(), "a").await, [(1, 1)]);
    let reopened = lake(home.path()).await.table(POINTS).await.unwrap();
    assert!(matches!(
        reopened.append(rows(&[("a", 1, 4)]), receipt()).await.unwrap(),
        Written::Repeated(_)
    ));
}

/// On one thread both sendings wait for the writer, which takes them as one group.
#[tokio::test]
async fn a_batch_sent_twice_at_once_is_stored_for_both_or_for_none() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let send = |value| table.append(rows(&[("a", 1, value)]), receipt());
    let (metadata, aside) = (
        home.path().join("warehouse/test/points/metadata"),
        home.path().join("aside"),
    );
    std::fs::rename(&metadata, &aside).unwrap();
    std::fs::write(&metadata, "in the way of every commit").unwrap();

    let (first, second) = tokio::join!(send(1), send(2));

    assert!(first.is_err() && second.is_err(), "{first:?} {second:?}");
    std::fs::remove_file(&metadata).unwrap();
    std::fs::rename(&aside, &metadata).unwrap();
    let (third, fourth) = tokio::join!(send(3), send(4));
    assert!(matches!(third.unwrap(), Written::Committed(_)));
    assert_eq!(fourth.unwrap(), Written::Repeated(receipt().unwrap()));
    assert_eq!(read(&table.snapshot(), "a").await, [(1, 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_decoding_is_touched_by_exactly_the_commits_that_change_it() {
    let home = tempfile::tempdir().unwrap();
    let (ours, theirs) = (table(home.path()).await, table(home.path()).await);
    ours.append(rows(&[("a", 1, 1), ("b", 1, 1)]), None).await.unwrap();
    let read_at = ours.snapshot().sequence();

    ours.append(rows(&[("b", 2, 1)]), None).await.unwrap();
    assert!(!ours.touched_since("a", read_at) && ours.touched_since("b", read_at));
    ours.compact(Effort::Full).await.unwrap();
    assert!(!ours.touched_since("a", read_at));

    theirs.append(rows(&[("a", 9, 9)]), None).await.unwrap();
    ours.refresh().await.unwrap();
    assert!(ours.touched_since("a", read_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_made_of_an_older_state_are_not_written_whatever_came_between() {
    let home = tempfile::tempdir().unwrap();
    let (ours, theirs) = (table(home.path()).await, table(home.path()).await);
    for value in 0..2 {
        ours.append(rows(&[("a", 1, value)]), None).await.unwrap();
    }
    let basis = ours.snapshot().sequence();
    theirs.refresh().await.unwrap();
    theirs.compact(Effort::Full).await.unwrap().unwrap();
    let compacted = theirs.snapshot().sequence();

    let made = theirs.append_after(compacted, rows(&[("a", 1, 7)])).await.unwrap();
    let unaware = ours.append_after(basis, rows(&[("a", 1, 8)])).await.unwrap();
    let aware = ours.append_after(basis, rows(&[("a", 1, 8)])).await.unwrap();

    assert_eq!(made.map(|made| made.sequence), Some(compacted + 1));
    assert_eq!((unaware, aware), (None, None));
    assert_eq!(read(&ours.refresh().await.unwrap(), "a").await, [(1, 7)]);
    let newest = ours.snapshot().sequence();
    assert!(ours.append_after(newest, rows(&[("a", 1, 9)])).await.unwrap().is_some());
}
