//! What every catalog promises.

use std::sync::Arc;

use futures::future::join_all;
use platform_error::{Code, Coded};
use platform_lake::catalog::{Catalog, Change, Outcome, Receipt, SqlCatalog, TableName};

use super::{Place, at, change, committed, creation, loaded, points, receipt};

pub(super) async fn a_table_is_created_once_however_many_try(place: Place) {
    let (one, two) = tokio::join!(place.open(), place.open());

    let name = points();
    let (first, second) = tokio::join!(
        one.create(&name, creation(), at(0)),
        two.create(&name, creation(), at(0))
    );
    let third = two.create(&points(), creation(), at(9)).await.unwrap();

    assert_eq!(first.unwrap().location, third.location);
    assert_eq!(second.unwrap().metadata, third.metadata);
    assert_eq!(third.metadata.last_updated_ms(), at(0).timestamp_millis());
    assert_eq!(place.files().await, [third.location]);
    assert_eq!(one.tables().await.unwrap(), [points()]);
}

pub(super) async fn many_may_start_at_once(place: Place) {
    let catalogs = join_all((0..8).map(|_| place.open())).await;

    let names: Vec<_> = (0..8).map(|n| TableName::new("x", format!("t{n}"))).collect();
    let create = |(catalog, name): (SqlCatalog, TableName)| async move {
        catalog.create(&name, creation(), at(0)).await.unwrap();
    };
    join_all(catalogs.into_iter().zip(names.clone()).map(create)).await;

    assert_eq!(place.open().await.tables().await.unwrap(), names);
}

pub(super) async fn a_commit_is_there_when_the_catalog_is_opened_again(place: Place) {
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    let change = Change {
        files: place.file("m1"),
        receipts: vec![receipt("batch")],
        ..change(&base, "color", "red")
    };

    let ours = committed(catalog.commit(&points(), change).await.unwrap());

    let theirs = loaded(&place.open().await).await;
    assert_eq!((&theirs.location, &theirs.metadata), (&ours.location, &ours.metadata));
    assert_eq!(theirs.metadata.properties()["color"], "red");
    assert_eq!(theirs.metadata.last_updated_ms(), at(1).timestamp_millis());
    assert_eq!(theirs.metadata.metadata_log()[0].metadata_file, base.location);
    assert!(
        theirs.location.contains("/x/points/metadata/00001-"),
        "{}",
        theirs.location
    );
    assert_eq!(
        place.open().await.receipt(&points(), "batch").await.unwrap(),
        Some(receipt("batch"))
    );
    assert!(place.files().await.contains(&place.file("m1")[0].0));
}

pub(super) async fn a_state_that_is_still_current_is_not_read_again(place: Place) {
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();

    let same = catalog.load(&points(), Some(&base)).await.unwrap().unwrap();
    let newer = committed(catalog.commit(&points(), change(&base, "a", "1")).await.unwrap());
    let moved = catalog.load(&points(), Some(&base)).await.unwrap().unwrap();

    assert!(Arc::ptr_eq(&same.metadata, &base.metadata));
    assert_eq!(moved.location, newer.location);
}

pub(super) async fn a_change_of_an_old_state_conflicts_and_leaves_nothing(place: Place) {
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    let current = committed(
        place
            .open()
            .await
            .commit(&points(), change(&base, "a", "1"))
            .await
            .unwrap(),
    );
    let before = place.files().await;

    let late = Change {
        files: place.file("m2"),
        receipts: vec![receipt("late")],
        ..change(&base, "a", "2")
    };
    let outcome = catalog.commit(&points(), late).await.unwrap();

    assert!(matches!(outcome, Outcome::Conflict), "{outcome:?}");
    assert_eq!(place.files().await, before);
    assert_eq!(loaded(&catalog).await.location, current.location);
    assert_eq!(catalog.receipt(&points(), "late").await.unwrap(), None);
}

pub(super) async fn a_batch_is_acknowledged_once(place: Place) {
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    let first = Change {
        receipts: vec![receipt("twice")],
        ..change(&base, "a", "1")
    };
    let base = committed(catalog.commit(&points(), first).await.unwrap());
    let before = place.files().await;

    let other = Receipt {
        fingerprint: "beef".into(),
        ..receipt("twice")
    };
    let receipts = vec![receipt("new"), other];
    let second = Change {
        files: place.file("m2"),
        receipts,
        ..change(&base, "a", "2")
    };
    let outcome = catalog.commit(&points(), second).await.unwrap();

    assert!(
        matches!(&outcome, Outcome::Repeated(keys) if keys == &["twice"]),
        "{outcome:?}"
    );
    assert_eq!(place.files().await, before);
    assert_eq!(loaded(&catalog).await.metadata.properties()["a"], "1");
    assert_eq!(
        catalog.receipt(&points(), "twice").await.unwrap(),
        Some(receipt("twice"))
    );
    assert_eq!(catalog.receipt(&points(), "new").await.unwrap(), None);
}

pub(super) async fn racing_committers_lose_no_update(place: Place) {
    place.open().await.create(&points(), creation(), at(0)).await.unwrap();
    let race = |who: &'static str, catalog: SqlCatalog| async move {
        for n in 0..15 {
            loop {
                let base = loaded(&catalog).await;
                let key = format!("{who}-{n}");
                let attempt = Change {
                    receipts: vec![receipt(&key)],
                    ..change(&base, &key, "done")
                };
                if let Outcome::Committed(_) = catalog.commit(&points(), attempt).await.unwrap() {
                    break;
                }
            }
        }
    };

    let (one, two, three) = (place.open().await, place.open().await, place.open().await);
    tokio::join!(
        race("one", one.clone()),
        race("two", two),
        race("three", three.clone()),
        race("four", three)
    );

    let current = loaded(&one).await;
    assert_eq!(
        current
            .metadata
            .properties()
            .values()
            .filter(|value| *value == "done")
            .count(),
        60
    );
    assert!(current.location.contains("/00060-"), "{}", current.location);
    assert_eq!(place.files().await.len(), 61, "an attempt that failed leaves no file");
}

pub(super) async fn old_metadata_files_stay_for_those_who_read_by_them(place: Place) {
    let catalog = place.open().await;
    let properties = [
        ("write.metadata.delete-after-commit.enabled", "true"),
        ("write.metadata.previous-versions-max", "2"),
    ];
    let mut creation = creation();
    creation.properties = properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let mut base = catalog.create(&points(), creation, at(0)).await.unwrap();

    let mut written = vec![base.location.clone()];
    for n in 0..5 {
        base = committed(
            catalog
                .commit(&points(), change(&base, "n", &n.to_string()))
                .await
                .unwrap(),
        );
        written.push(base.location.clone());
    }

    assert_eq!(base.metadata.metadata_log().len(), 2);
    assert_eq!(place.files().await, written);
}

pub(super) async fn old_receipts_are_forgotten(place: Place) {
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    let aged = |key: &str, seconds| Receipt {
        at: at(seconds),
        ..receipt(key)
    };
    let receipts = vec![aged("old", 10), aged("young", 20)];
    catalog
        .commit(
            &points(),
            Change {
                receipts,
                ..change(&base, "a", "1")
            },
        )
        .await
        .unwrap();

    let forgotten = catalog.forget_receipts(at(20)).await.unwrap();

    assert_eq!(forgotten, 1);
    assert_eq!(catalog.receipt(&points(), "old").await.unwrap(), None);
    assert!(catalog.receipt(&points(), "young").await.unwrap().is_some());
}

pub(super) async fn a_dropped_table_is_gone_with_its_receipts_and_its_files_stay(place: Place) {
    let catalog = place.open().await;
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    let ours = Change {
        receipts: vec![receipt("batch")],
        ..change(&base, "a", "1")
    };
    let last = committed(catalog.commit(&points(), ours).await.unwrap());

    catalog.drop_table(&points()).await.unwrap();

    assert!(catalog.load(&points(), Some(&last)).await.unwrap().is_none());
    assert_eq!(catalog.tables().await.unwrap(), []);
    assert_eq!(catalog.receipt(&points(), "batch").await.unwrap(), None);
    assert_eq!(place.files().await, [base.location.clone(), last.location.clone()]);
    assert!(matches!(
        catalog.commit(&points(), change(&last, "a", "2")).await.unwrap(),
        Outcome::Conflict
    ));
    assert_eq!(catalog.drop_table(&points()).await.unwrap_err().code(), Code::NotFound);
}

pub(super) async fn catalogs_of_different_names_share_a_database(place: Place) {
    let ours = place.open().await;
    let theirs = SqlCatalog::open(&place.url, place.storage.clone(), "other")
        .await
        .unwrap();
    ours.create(&points(), creation(), at(0)).await.unwrap();

    assert_eq!(theirs.tables().await.unwrap(), []);
    assert!(theirs.load(&points(), None).await.unwrap().is_none());
}

pub(super) async fn a_name_that_is_not_a_directory_is_refused(place: Place) {
    let catalog = place.open().await;

    for (namespace, name) in [("..", "points"), ("x", "a/b"), ("", "points"), ("x", ""), ("x y", "z")] {
        let error = catalog
            .create(&TableName::new(namespace, name), creation(), at(0))
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("is not a table name"),
            "{namespace}.{name}: {error}"
        );
    }
    assert_eq!(place.files().await, Vec::<String>::new());
}
