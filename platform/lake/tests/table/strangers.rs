//! Files that the catalog does not know are those of somebody else: nobody writes beside them, and nobody sweeps them.

use std::path::Path;

use chrono::Duration;
use platform_error::{Code, Coded};
use platform_lake::{Env, Lake, LakeConfig};

use crate::support::{POINTS, read, rows, table};

/// A lake on the same files with a catalog of its own.
async fn beside(home: &Path) -> Lake {
    let config = LakeConfig {
        catalog: home.join("other.db").display().to_string(),
        ..LakeConfig::local(home)
    };
    Lake::open(&config, Env::system()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_not_made_where_files_of_another_lie() {
    let home = tempfile::tempdir().unwrap();
    let ours = table(home.path()).await;
    ours.append(rows(&[("a", 1, 1)]), None).await.unwrap();

    let refused = beside(home.path()).await.table(POINTS).await.err().unwrap();

    let place = home.path().join("warehouse/test/points");
    let expected = format!(
        "files of a table lie at file://{} that this catalog does not know: point lake.catalog at its catalog, or use \
         another warehouse",
        place.display()
    );
    assert_eq!((refused.to_string(), refused.code()), (expected, Code::Invalid));
    assert_eq!(read(&table(home.path()).await.snapshot(), "a").await, [(1, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_was_cut_short_locks_nobody_out() {
    let home = tempfile::tempdir().unwrap();
    drop(table(home.path()).await);
    let metadata = home.path().join("warehouse/test/points/metadata");
    std::fs::write(metadata.join("00000-cut.metadata.json"), "{").unwrap();

    let again = beside(home.path()).await.table(POINTS).await.unwrap();

    again.append(rows(&[("a", 1, 1)]), None).await.unwrap();
    assert_eq!(read(&again.snapshot(), "a").await, [(1, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tables_made_in_one_empty_place_only_one_is_written_to() {
    let home = tempfile::tempdir().unwrap();
    let first = table(home.path()).await;
    let second = beside(home.path()).await.table(POINTS).await.unwrap();
    first.append(rows(&[("a", 1, 1)]), None).await.unwrap();

    let written = second.append(rows(&[("a", 1, 2)]), None).await.unwrap_err();
    let swept = second.sweep(Duration::zero()).await.unwrap_err();

    for refused in [written, swept] {
        assert!(refused.to_string().contains("use another warehouse"), "{refused}");
        assert_eq!(refused.code(), Code::Internal);
    }
    first.append(rows(&[("a", 2, 3)]), None).await.unwrap();
    assert_eq!(read(&table(home.path()).await.snapshot(), "a").await, [(1, 1), (2, 3)]);
}
