//! What a catalog says when something is wrong with it.

use std::error::Error;

use platform_error::{Code, Coded};
use platform_lake::catalog::{Catalog, Change, Receipt, SqlCatalog};
use platform_lake::storage::Storage;
use platform_lake::{LakeError, S3Options, Trouble};
use platform_testing::Log;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tracing::Level;

use super::{Place, at, change, committed, creation, loaded, points, receipt, storage};
use crate::support::SmallDisk;

#[tokio::test]
async fn a_read_only_disk_is_said_and_nothing_changes() {
    let Some(disk) = SmallDisk::mount() else { return };
    let path = disk.path().to_str().unwrap();
    let storage = Storage::open(&format!("{path}/lake"), &S3Options::default()).unwrap();
    let place = Place {
        storage,
        ..Place::sqlite().await.unwrap()
    };
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    disk.make_read_only();

    let error = catalog.commit(&points(), change(&base, "a", "1")).await.unwrap_err();
    let unopened = SqlCatalog::open(&format!("{path}/new.db"), place.storage.clone(), "hansa")
        .await
        .unwrap_err();

    for error in [error, unopened] {
        assert_eq!(
            (error.trouble(), error.code()),
            (Some(Trouble::Denied), Code::Unavailable),
            "{error:?}"
        );
    }
    assert_eq!(loaded(&catalog).await.location, base.location);
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_changes() {
    let Some(disk) = SmallDisk::mount() else { return };
    let url = format!("{}/catalog.db", disk.path().display());
    let place = Place {
        url,
        ..Place::sqlite().await.unwrap()
    };
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    let before = place.files().await;
    let receipts = vec![Receipt {
        body: "x".repeat(1 << 20),
        ..receipt("large")
    }];

    let error = catalog
        .commit(
            &points(),
            Change {
                receipts,
                ..change(&base, "a", "1")
            },
        )
        .await
        .unwrap_err();

    assert_eq!(
        (error.trouble(), error.code()),
        (Some(Trouble::Full), Code::Unavailable),
        "{error:?}"
    );
    assert_eq!(place.files().await, before);
    committed(catalog.commit(&points(), change(&base, "a", "2")).await.unwrap());
}

#[tokio::test]
async fn a_catalog_of_the_time_before_views_is_brought_up_to_date() {
    let place = Place::sqlite().await.unwrap();
    let path = std::path::Path::new(place.url.trim_start_matches("sqlite:"));
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let old = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(old).await.unwrap();
    let tables =
        "create table iceberg_tables (catalog_name varchar(255) not null, table_namespace varchar(255) not null,
        table_name varchar(255) not null, metadata_location varchar(1000), previous_metadata_location varchar(1000),
        primary key (catalog_name, table_namespace, table_name))";
    sqlx::query(tables).execute(&pool).await.unwrap();
    pool.close().await;

    let catalog = place.open().await;

    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    committed(catalog.commit(&points(), change(&base, "a", "1")).await.unwrap());
}

#[tokio::test]
async fn an_unusable_address_is_said_without_its_password() {
    let directory = TempDir::new().unwrap();

    for url in ["mysql://me:hush@host/db", "postgres://me:hush@host:port/db"] {
        let error = SqlCatalog::open(url, storage(&directory), "hansa").await.unwrap_err();
        assert!(matches!(error, LakeError::Setting(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test]
async fn a_damaged_metadata_file_is_named() {
    let place = Place::sqlite().await.unwrap();
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    std::fs::write(base.location.trim_start_matches("file://"), "{").unwrap();

    let error = catalog.load(&points(), None).await.unwrap_err();

    assert!(
        matches!(&error, LakeError::Corrupt { uri, .. } if *uri == base.location),
        "{error:?}"
    );
    assert_eq!(error.code(), Code::Internal);
}

#[tokio::test]
async fn a_server_without_a_connection_left_is_said_to_operators_alone() {
    const NONE_LEFT: &str = "the PostgreSQL of the lake's catalog has no connection left: raise its max_connections, \
        or lower database.max-connections in the processes that use it";
    let Some(place) = Place::postgres().await else { return };
    let mut admin = PgConnection::connect(&place.url).await.unwrap();
    let make = "create role scribe login; grant all on schema public to scribe";
    admin.execute(make).await.unwrap();
    let place = Place {
        url: place.url.replace("postgres@", "scribe@"),
        ..place
    };
    let catalog = place.open().await;
    let end = "alter role scribe connection limit 0;
        select pg_terminate_backend(pid) from pg_stat_activity where usename = 'scribe'";
    admin.execute(end).await.unwrap();

    let (points, log) = (points(), Log::listen(Level::WARN));
    let (read, begun, opened) = tokio::join!(
        catalog.load(&points, None),
        catalog.create(&points, creation(), at(0)),
        SqlCatalog::open(&place.url, place.storage.clone(), "hansa"),
    );

    for error in [read.unwrap_err(), begun.unwrap_err(), opened.unwrap_err()] {
        assert_eq!(error.code(), Code::Unavailable, "{error:?}");
        assert_eq!(error.to_string(), "the lake's catalog is busy: try again in a moment");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some(NONE_LEFT));
    }
    // What fails while a process starts is told by that process.
    assert_eq!(log.count(NONE_LEFT), 2, "{}", log.text());
}
