//! A small table of points and rows for it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Field, Int32Type, Schema};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use platform_lake::{Column, Env, Kind, Lake, LakeConfig, Snapshot, Table, TableDef};

pub(crate) const POINTS: TableDef = TableDef {
    namespace: "test",
    name: "points",
    columns: &[
        Column {
            name: "series",
            kind: Kind::Text,
            required: true,
            doc: "lead",
        },
        Column {
            name: "date",
            kind: Kind::Date,
            required: true,
            doc: "key",
        },
        Column {
            name: "value",
            kind: Kind::Int,
            required: false,
            doc: "value",
        },
        Column {
            name: "stored",
            kind: Kind::Instant,
            required: true,
            doc: "stamp",
        },
    ],
    key: &["series", "date"],
    stamps: &["stored"],
};

pub(crate) type Row = (&'static str, i32, i32);

pub(crate) async fn lake(directory: &Path) -> Lake {
    Lake::open(&LakeConfig::local(directory), Env::system()).await.unwrap()
}

pub(crate) async fn table(directory: &Path) -> Table {
    lake(directory).await.table(POINTS).await.unwrap()
}

pub(crate) fn rows(rows: &[Row]) -> RecordBatch {
    batch(
        rows.iter()
            .map(|(series, date, value)| (series.to_string(), *date, *value)),
    )
}

pub(crate) fn batch(rows: impl Iterator<Item = (String, i32, i32)>) -> RecordBatch {
    let (mut series, mut dates, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (name, date, value) in rows {
        series.push(name);
        dates.push(date);
        values.push(value);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(series)),
        Arc::new(Date32Array::from(dates)),
        Arc::new(Int32Array::from(values)),
    ];
    let field = |name: &str, kind: DataType| Field::new(name, kind, true);
    let fields = vec![
        field("series", DataType::Utf8),
        field("date", DataType::Date32),
        field("value", DataType::Int32),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// What the footer of a snapshot's first file says.
pub(crate) fn footer(snapshot: &Snapshot) -> ParquetMetaData {
    let paths = snapshot.file_paths();
    let file = File::open(paths[0].trim_start_matches("file://")).unwrap();
    let mut reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    reader.try_parse(&file).unwrap();
    reader.finish().unwrap()
}

pub(crate) async fn read(snapshot: &Snapshot, lead: &str) -> Vec<(i32, i32)> {
    let batch = snapshot.read(lead, &["date", "value"]).await.unwrap();
    let dates = batch.column(0).as_primitive::<Date32Type>().values().to_vec();
    dates
        .into_iter()
        .zip(batch.column(1).as_primitive::<Int32Type>().values().to_vec())
        .collect()
}
