//! The catalog in SQLite and in PostgreSQL: one suite for both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "catalog/lost.rs"]
mod lost;
#[path = "catalog/suite.rs"]
mod suite;
mod support;
#[path = "catalog/troubles.rs"]
mod troubles;

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use iceberg::spec::{NestedField, PrimitiveType, Schema, Type};
use iceberg::{TableCreation, TableUpdate};
use platform_lake::S3Options;
use platform_lake::catalog::{Catalog, Change, Loaded, Outcome, Receipt, SqlCatalog, TableName};
use platform_lake::storage::Storage;
use platform_testing::TestPostgres;
use tempfile::TempDir;

/// An empty warehouse and an empty database.
struct Place {
    url: String,
    storage: Storage,
    _directory: TempDir,
}

impl Place {
    async fn sqlite() -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite:{}/catalog/catalog.db", directory.path().display());
        Some(Self {
            url,
            storage: storage(&directory),
            _directory: directory,
        })
    }

    async fn postgres() -> Option<Self> {
        let url = TestPostgres::start().await?.url().to_owned();
        let directory = TempDir::new().unwrap();
        Some(Self {
            url,
            storage: storage(&directory),
            _directory: directory,
        })
    }

    /// Opens the catalog as another process would.
    async fn open(&self) -> SqlCatalog {
        SqlCatalog::open(&self.url, self.storage.clone(), "hansa")
            .await
            .unwrap()
    }

    async fn files(&self) -> Vec<String> {
        let listed = self.storage.list(self.storage.location()).await.unwrap();
        let mut uris: Vec<_> = listed.into_iter().map(|file| file.uri).collect();
        uris.sort();
        uris
    }

    /// A file as a commit brings it along.
    fn file(&self, name: &str) -> Vec<(String, Bytes)> {
        vec![(
            format!("{}/x/points/metadata/{name}", self.storage.location()),
            Bytes::from_static(b"a manifest"),
        )]
    }
}

fn storage(directory: &TempDir) -> Storage {
    let warehouse = directory.path().join("lake");
    Storage::open(warehouse.to_str().unwrap(), &S3Options::default()).unwrap()
}

fn points() -> TableName {
    TableName::new("x", "points")
}

fn creation() -> TableCreation {
    let field = NestedField::required(1, "series_id", Type::Primitive(PrimitiveType::String));
    let schema = Schema::builder().with_fields([field.into()]).build().unwrap();
    TableCreation::builder().name("points".into()).schema(schema).build()
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 123_456_000).unwrap()
}

fn receipt(key: &str) -> Receipt {
    Receipt {
        key: key.into(),
        fingerprint: "f00d".into(),
        body: r#"{"rows":3}"#.into(),
        at: at(5),
    }
}

/// A change that sets one property.
fn change<'a>(base: &'a Loaded, key: &str, value: &str) -> Change<'a> {
    let updates = HashMap::from([(key.to_owned(), value.to_owned())]);
    let updates = vec![TableUpdate::SetProperties { updates }];
    Change {
        base,
        updates,
        files: Vec::new(),
        receipts: Vec::new(),
        now: at(1),
    }
}

fn committed(outcome: Outcome) -> Loaded {
    match outcome {
        Outcome::Committed(loaded) => loaded,
        other => panic!("expected a commit, found {other:?}"),
    }
}

async fn loaded(catalog: &impl Catalog) -> Loaded {
    catalog.load(&points(), None).await.unwrap().expect("the table exists")
}

macro_rules! on_every_catalog {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    let place = super::Place::sqlite().await.unwrap();
                    super::suite::$test(place).await
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    let Some(place) = super::Place::postgres().await else { return };
                    super::suite::$test(place).await
                }
            )*
        }
    };
}

on_every_catalog! {
    a_table_is_created_once_however_many_try
    many_may_start_at_once
    a_commit_is_there_when_the_catalog_is_opened_again
    a_state_that_is_still_current_is_not_read_again
    a_change_of_an_old_state_conflicts_and_leaves_nothing
    a_batch_is_acknowledged_once
    racing_committers_lose_no_update
    old_metadata_files_stay_for_those_who_read_by_them
    old_receipts_are_forgotten
    a_dropped_table_is_gone_with_its_receipts_and_its_files_stay
    catalogs_of_different_names_share_a_database
    a_name_that_is_not_a_directory_is_refused
}
