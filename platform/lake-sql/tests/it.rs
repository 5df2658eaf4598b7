//! SQL sees what a read sees.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by panicking"
)]

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use platform_lake::{Column, Env, Kind, Lake, LakeConfig, Moment, Table, TableDef};
use platform_lake_sql::{SnapshotTable, session};

const SALES: TableDef = TableDef {
    namespace: "test",
    name: "sales",
    columns: &[
        Column {
            name: "shop",
            kind: Kind::Text,
            required: true,
            doc: "lead",
        },
        Column {
            name: "day",
            kind: Kind::Long,
            required: true,
            doc: "key",
        },
        Column {
            name: "amount",
            kind: Kind::Long,
            required: false,
            doc: "value",
        },
    ],
    key: &["shop", "day"],
    stamps: &[],
};

fn rows(rows: &[(&str, i64, i64)]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2))),
    ];
    let fields = ["shop", "day", "amount"]
        .into_iter()
        .zip([DataType::Utf8, DataType::Int64, DataType::Int64]);
    let fields: Vec<Field> = fields.map(|(name, kind)| Field::new(name, kind, true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

async fn sales(home: &tempfile::TempDir) -> (Lake, Table) {
    let lake = Lake::open(&LakeConfig::local(home.path()), Env::system())
        .await
        .unwrap();
    let table = lake.table(SALES).await.unwrap();
    table
        .append(rows(&[("a", 1, 10), ("a", 2, 20), ("b", 1, 5)]), None)
        .await
        .unwrap();
    table.append(rows(&[("a", 2, 25), ("c", 1, 7)]), None).await.unwrap();
    (lake, table)
}

async fn one(lake: &Lake, table: SnapshotTable, sql: &str) -> i64 {
    let session = session(lake.memory()).unwrap();
    session.register_table("sales", Arc::new(table)).unwrap();
    let batches = session.sql(sql).await.unwrap().collect().await.unwrap();
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_sees_the_newest_write_of_each_key() {
    let home = tempfile::tempdir().unwrap();
    let (lake, table) = sales(&home).await;
    let now = || SnapshotTable::new(table.snapshot());

    assert_eq!(one(&lake, now(), "select sum(amount) from sales").await, 47);
    assert_eq!(
        one(&lake, now(), "select sum(amount) from sales where shop = 'a'").await,
        35
    );
    assert_eq!(
        one(
            &lake,
            now(),
            "select sum(amount) from sales where 'b' <= shop and shop < 'c'"
        )
        .await,
        5
    );
    assert_eq!(
        one(
            &lake,
            now(),
            "select count(*) from sales where shop between 'a' and 'b' and day = 1"
        )
        .await,
        2
    );
    assert_eq!(
        one(
            &lake,
            now(),
            "select count(*) from sales where shop > 'a' or amount = 10"
        )
        .await,
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_over_an_older_snapshot_sees_the_past() {
    let home = tempfile::tempdir().unwrap();
    let (lake, table) = sales(&home).await;
    let first = table.snapshots().await.unwrap().last().unwrap().id;

    let past = SnapshotTable::new(table.snapshot_at(Moment::Snapshot(first)).await.unwrap());

    assert_eq!(one(&lake, past, "select sum(amount) from sales").await, 35);
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_counts_rows_without_a_column_of_them() {
    let home = tempfile::tempdir().unwrap();
    let (lake, table) = sales(&home).await;
    let now = || SnapshotTable::new(table.snapshot());

    assert_eq!(one(&lake, now(), "select count(*) from sales").await, 4);
    assert_eq!(one(&lake, now(), "select 7 from sales limit 1").await, 7);
}
