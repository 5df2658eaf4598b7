//! Columns added, renamed and widened over files that are older.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use platform_lake::{Effort, Kind, Moment, SchemaChange};

use crate::support::{read, rows, table};

#[tokio::test(flavor = "multi_thread")]
async fn old_files_are_read_through_a_changed_schema() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.append(rows(&[("a", 1, 7)]), None).await.unwrap();
    let old = table.snapshot().id().unwrap();

    let add = SchemaChange::Add {
        name: "note".into(),
        kind: Kind::Text,
        doc: "a note".into(),
    };
    let rename = SchemaChange::Rename {
        from: "value".into(),
        to: "amount".into(),
    };
    let widen = SchemaChange::Widen {
        name: "amount".into(),
        kind: Kind::Long,
    };
    table.evolve(vec![add, rename, widen]).await.unwrap();

    for compacted in [false, true] {
        if compacted {
            table.append(rows(&[]), None).await.unwrap();
            table.compact(Effort::Full).await.unwrap();
        }
        let batch = table.snapshot().read("a", &["date", "amount", "note"]).await.unwrap();
        assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[7_i64]);
        assert!(batch.column(2).is_null(0));
    }
    let past = table.snapshot_at(Moment::Snapshot(old)).await.unwrap();
    assert_eq!(read(&past, "a").await, [(1, 7)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_would_lose_something_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;

    let narrow = table
        .evolve(vec![SchemaChange::Widen {
            name: "value".into(),
            kind: Kind::Bool,
        }])
        .await;
    let taken = table
        .evolve(vec![SchemaChange::Rename {
            from: "value".into(),
            to: "date".into(),
        }])
        .await;
    let unknown = table
        .evolve(vec![SchemaChange::Rename {
            from: "price".into(),
            to: "cost".into(),
        }])
        .await;

    assert_eq!(taken.unwrap_err().to_string(), "there is a column date already");
    assert!(narrow.unwrap_err().to_string().contains("cannot widen"));
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .contains("there are series, date, value")
    );
}
