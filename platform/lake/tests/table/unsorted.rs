//! Data files of another engine: read where they are in the order of the key, and refused where they are not.

use std::path::Path;

use arrow::array::RecordBatch;
use iceberg::spec::{DataContentType, DataFileBuilder, DataFileFormat, TableMetadata};
use parquet::arrow::ArrowWriter;

use crate::engines::{commit, of_file};
use crate::support::{read, rows, table};

/// Makes a file of these rows all that a table holds, as another engine.
async fn replace(home: &Path, rows: &RecordBatch) {
    let of_rows = async |metadata: &TableMetadata| {
        let path = format!("{}/data/theirs.parquet", metadata.location());
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).unwrap();
        writer.write(rows).unwrap();
        let bytes = writer.into_inner().unwrap();
        std::fs::write(path.trim_start_matches("file://"), &bytes).unwrap();
        let file = DataFileBuilder::default()
            .content(DataContentType::Data)
            .file_path(path)
            .file_format(DataFileFormat::Parquet)
            .record_count(rows.num_rows() as u64)
            .file_size_in_bytes(bytes.len() as u64)
            .build()
            .unwrap();
        of_file(metadata, file).await
    };
    commit(home, of_rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_engine_in_the_order_of_the_key_are_read() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.append(rows(&[("a", 1, 1), ("b", 1, 1)]), None).await.unwrap();

    replace(home.path(), &rows(&[("a", 1, 5), ("a", 2, 6), ("b", 1, 7)])).await;

    let snapshot = table.refresh().await.unwrap();
    assert_eq!(read(&snapshot, "a").await, [(1, 5), (2, 6)]);
    assert_eq!(read(&snapshot, "b").await, [(1, 7)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_engine_in_any_other_order_are_refused_and_not_misread() {
    let lead = [("b", 1, 5), ("a", 1, 6), ("b", 2, 7), ("a", 2, 8)];
    let key = [("a", 2, 5), ("a", 1, 6), ("b", 1, 7), ("b", 2, 8)];
    let twice = [("a", 1, 5), ("a", 1, 6), ("b", 1, 7), ("b", 2, 8)];
    for unsorted in [lead, key, twice] {
        let home = tempfile::tempdir().unwrap();
        let table = table(home.path()).await;
        table.append(rows(&[("a", 1, 1)]), None).await.unwrap();
        replace(home.path(), &rows(&unsorted)).await;

        let refused = table.refresh().await.unwrap_err().to_string();

        assert!(refused.contains("not in the order of the key"), "{refused}");
        assert!(refused.contains("theirs.parquet"), "{refused}");
        assert_eq!(read(&table.snapshot(), "a").await, [(1, 1)]);
    }
}
