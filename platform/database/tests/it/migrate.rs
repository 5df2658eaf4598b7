//! Migrations: once, in order, by one process at a time.

use std::borrow::Cow;

use futures::future::join_all;
use platform_database::{Database, DatabaseError, Migration, Migrations};

use crate::support::{MIGRATIONS, Place, person, places, store};

const CHANGED: Migrations = &[Migration {
    name: "0001_people",
    sqlite: Cow::Borrowed("create table person (id uuid primary key)"),
    postgres: Cow::Borrowed("create table person (id uuid primary key)"),
}];
const BROKEN: Migrations = &[
    Migration {
        name: "0001_half",
        sqlite: Cow::Borrowed("create table half (id uuid primary key)"),
        postgres: Cow::Borrowed("create table half (id uuid primary key)"),
    },
    Migration {
        name: "0002_broken",
        sqlite: Cow::Borrowed("create table"),
        postgres: Cow::Borrowed("create table"),
    },
];

const SLOW: Migrations = &[Migration {
    name: "0001_slow",
    sqlite: Cow::Borrowed("create table slow (id uuid primary key)"),
    postgres: Cow::Borrowed("select pg_sleep(0.3)"),
}];

#[tokio::test]
async fn a_migration_is_applied_once_however_many_processes_start() {
    for place in places("").await {
        let opened = join_all((0..6).map(|_| place.try_open(MIGRATIONS))).await;

        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
        let again = Database::migrate(&place.context, &[MIGRATIONS]).await.unwrap();
        assert_eq!(again, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_database_that_is_behind_is_refused_where_migrating_is_a_step_of_its_own() {
    for place in places("migrate = \"check\"").await {
        let refused = place.try_open(MIGRATIONS).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the database of people lacks the migrations 0001_people; run `hansa migrate`"
        );

        let applied = Database::migrate(&place.context, &[MIGRATIONS]).await.unwrap();

        assert_eq!(applied, ["0001_people"]);
        store(&place.open().await, [person(&place.context, "ada")]).await;
    }
}

#[tokio::test]
async fn a_migration_that_changed_afterwards_is_refused() {
    for place in places("").await {
        place.open().await.close().await;

        let refused = place.try_open(CHANGED).await;

        assert!(matches!(refused, Err(DatabaseError::Changed(name)) if name == "0001_people"));
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_its_release_behind() {
    for place in places("").await {
        let failed = place.try_open(BROKEN).await;
        assert!(matches!(failed, Err(DatabaseError::Migration { name, .. }) if name == "0002_broken"));

        let repaired: Migrations = &BROKEN[..1];
        let applied = Database::migrate(&place.context, &[repaired]).await.unwrap();

        assert_eq!(applied, ["0001_half"]);
    }
}

#[tokio::test]
async fn a_migration_may_take_longer_than_a_statement_of_a_request() {
    for place in places("statement-timeout = \"100ms\"").await {
        let opened = place.try_open(SLOW).await;

        assert!(opened.is_ok(), "{opened:?}");
    }
}

#[tokio::test]
async fn a_url_of_no_database_says_what_is_expected() {
    let place = Place::new("url = \"mysql://localhost\"", None);

    let refused = place.try_open(MIGRATIONS).await.unwrap_err();

    assert!(refused.to_string().contains("must begin with postgres://"), "{refused}");
}

#[tokio::test]
async fn a_database_is_there_once_it_was_opened_and_looking_makes_none() {
    for place in places("").await {
        let before = [
            Database::exists(&place.context).await.unwrap(),
            Database::exists(&place.context).await.unwrap(),
        ];

        place.open().await;

        assert_eq!(before, [false, false]);
        assert!(Database::exists(&place.context).await.unwrap());
    }
}
