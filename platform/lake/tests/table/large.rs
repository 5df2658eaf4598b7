//! Files of many row groups: found by bounds and pages, written in bulk, rewritten without a lead.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use futures::TryStreamExt;
use platform_lake::{Column, Effort, Kind, LeadRange, Snapshot, TableDef};

use crate::support::{POINTS, batch, footer, lake, read, table};

fn name(series: usize) -> String {
    format!("s{series:05}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_found_in_files_of_many_row_groups() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let stage = table.stage();
    for chunk in 0..3 {
        let rows = (chunk * 100..chunk * 100 + 100)
            .flat_map(|series| (0..1_500).map(move |date| (name(series), date, series as i32 + date)));
        stage.write(batch(rows)).await.unwrap();
    }
    assert_eq!(
        table.snapshot().stored_rows(),
        0,
        "nothing is visible before the commit"
    );
    stage.commit(None).await.unwrap();
    table
        .append(batch([(name(150), 3, -1), (name(150), 5_000, -2)].into_iter()), None)
        .await
        .unwrap();

    let check = async || {
        for series in [0, 1, 87, 99, 100, 150, 299] {
            let found = read(&table.snapshot(), &name(series)).await;
            let mut expected: Vec<(i32, i32)> = (0..1_500).map(|date| (date, series as i32 + date)).collect();
            if series == 150 {
                expected[3].1 = -1;
                expected.push((5_000, -2));
            }
            assert_eq!(found, expected, "series {series}");
        }
        assert_eq!(read(&table.snapshot(), "s00000x").await, []);
    };
    check().await;
    table.compact(Effort::Full).await.unwrap();
    check().await;
    assert_eq!(table.snapshot().stored_rows(), 450_001);

    table.delete(&[name(42)]).await.unwrap();
    check().await;
    assert_eq!(read(&table.snapshot(), &name(42)).await, []);
    let range = LeadRange {
        from: Some(name(41)),
        to: Some(name(43)),
    };
    let rows: Vec<_> = table
        .snapshot()
        .scan(&range, &["series"])
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_statistics_cut_is_found_though_other_row_groups_know_theirs_whole() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let last = "z".repeat(70);
    let stage = table.stage();
    let rows = (0..140_000).map(|date| ("m".to_string(), date, date));
    stage.write(batch(rows.chain([(last.clone(), 1, 2)]))).await.unwrap();
    stage.commit(None).await.unwrap();

    assert_eq!(footer(&table.snapshot()).num_row_groups(), 2);
    assert_eq!(read(&table.snapshot(), &last).await, [(1, 2)]);
    assert_eq!(read(&table.snapshot(), "m").await.len(), 140_000);
}

/// The table of points with a long text to each.
const NOTES: TableDef = TableDef {
    name: "notes",
    columns: &[
        POINTS.columns[0],
        POINTS.columns[1],
        Column {
            name: "note",
            kind: Kind::Text,
            required: false,
            doc: "long",
        },
    ],
    stamps: &[],
    ..POINTS
};

/// Dates of a lead of [`NOTES`].
const DATES: i32 = 250;

/// 50 kB.
fn note(date: i32) -> String {
    format!("{date:05}").repeat(10_000)
}

fn notes(leads: &[&str]) -> RecordBatch {
    let points = leads
        .iter()
        .flat_map(|lead| (0..DATES).map(|date| (lead.to_string(), date, 0)));
    let points = batch(points).project(&[0, 1]).unwrap();
    let notes: StringArray = (0..points.num_rows() as i32).map(|at| Some(note(at % DATES))).collect();
    let column = |at: usize| (POINTS.columns[at].name, points.column(at).clone());
    let notes = Arc::new(notes) as ArrayRef;
    RecordBatch::try_from_iter([column(0), column(1), ("note", notes)]).unwrap()
}

/// How long the texts of each row group are.
fn texts(snapshot: &Snapshot) -> Vec<i64> {
    let text = |column: &parquet::file::metadata::ColumnChunkMetaData| column.unencoded_byte_array_data_bytes();
    let groups = footer(snapshot);
    let groups = groups.row_groups().iter();
    groups
        .map(|group| group.columns().iter().filter_map(text).sum())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_group_and_no_file_that_is_read_whole_holds_more_text_than_32_mib() {
    let home = tempfile::tempdir().unwrap();
    let writer = lake(home.path()).await.table(NOTES).await.unwrap();
    writer.append(notes(&["a", "b", "c", "d"]), None).await.unwrap();
    // This one has nothing in memory.
    let table = lake(home.path()).await.table(NOTES).await.unwrap();
    let check = async || {
        let texts = texts(&table.snapshot());
        assert!(
            texts.len() > 1 && texts.iter().all(|text| *text <= 32 << 20),
            "{texts:?}"
        );
        for lead in ["a", "b", "c", "d"] {
            let rows = table.snapshot().read(lead, &["note"]).await.unwrap();
            let found: Vec<_> = rows.column(0).as_string::<i32>().iter().flatten().collect();
            assert!(found.into_iter().eq((0..DATES).map(note)), "{lead}");
        }
    };
    check().await;

    table.append(notes(&["b"]), None).await.unwrap();
    table.compact(Effort::Full).await.unwrap();

    check().await;
    assert_eq!(table.snapshot().stored_rows(), 4 * DATES as u64);
}
