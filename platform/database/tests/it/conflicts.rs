//! Violated constraints as facts of the domain.

use platform_database::{
    DatabaseError, OnConflict,
    orm::{ActiveModelTrait, DbErr, IntoActiveModel},
    sql,
};

use crate::support::{person, places, store};

#[derive(Debug)]
enum Fact {
    EmailTaken,
    NoSuchBoss,
    Other(DbErr),
}

impl From<DbErr> for Fact {
    fn from(error: DbErr) -> Self {
        Self::Other(error)
    }
}

#[tokio::test]
async fn a_value_that_is_taken_is_a_fact() {
    for place in places("").await {
        let db = place.open().await;
        store(&db, [person(&place.context, "ada")]).await;

        let tx = db.begin().await.unwrap();
        let second = person(&place.context, "ada")
            .into_active_model()
            .reset_all()
            .insert(&tx)
            .await;

        assert!(matches!(second.on_unique(|| Fact::EmailTaken), Err(Fact::EmailTaken)));
    }
}

#[tokio::test]
async fn a_row_that_names_none_is_a_fact() {
    for place in places("").await {
        let db = place.open().await;
        let mut lost = person(&place.context, "lost");
        lost.boss = Some(place.context.ids().v7());

        let tx = db.begin().await.unwrap();
        let stored = lost.into_active_model().reset_all().insert(&tx).await;

        assert!(matches!(stored.on_missing(|| Fact::NoSuchBoss), Err(Fact::NoSuchBoss)));
    }
}

#[tokio::test]
async fn a_statement_alone_that_fails_when_it_is_committed_fails() {
    for place in places("").await {
        let db = place.open().await;
        for table in [
            "create table parent (id integer primary key)",
            "create table child (parent integer references parent (id) deferrable initially deferred)",
        ] {
            sql::execute(db.alone(), table, []).await.unwrap();
        }

        let stored = sql::one(db.alone(), "insert into child values (1) returning parent", []).await;

        assert!(matches!(stored.on_missing(|| Fact::NoSuchBoss), Err(Fact::NoSuchBoss)));
        let kept = sql::all(db.read(), "select parent from child", []).await.unwrap();
        assert!(kept.is_empty());
    }
}

#[tokio::test]
async fn any_other_failure_stays_what_it_is() {
    for place in places("").await {
        let db = place.open().await;

        let failed =
            platform_database::orm::ConnectionTrait::execute_unprepared(db.read(), "select nothing from nowhere").await;

        let failed = failed.on_unique(|| Fact::EmailTaken);
        let Err(Fact::Other(error)) = failed else {
            panic!("{failed:?}")
        };
        let code = platform_error::Coded::code(&DatabaseError::from(error));
        assert_eq!(code, platform_error::Code::Internal);
    }
}
