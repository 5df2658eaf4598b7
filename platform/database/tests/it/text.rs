//! One way to search text in both databases.

use platform_database::{
    Database,
    orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set, entity::prelude::Uuid},
};

use crate::support::{Entity, INDEX, MIGRATIONS, Place, person, places, store};

async fn found(db: &Database, question: &str) -> Vec<String> {
    let ids: Vec<Uuid> = INDEX.search(db.read(), question, 10).await.unwrap();
    let mut names = Vec::new();
    for id in ids {
        names.push(Entity::find_by_id(id).one(db.read()).await.unwrap().unwrap().name);
    }
    names.sort();
    names
}

async fn filled(place: &Place) -> Database {
    // The first two are there before the index is made.
    let db = place.open().await;
    let with_note = |name: &str, note: &str| {
        let mut person = person(&place.context, name);
        person.note = Some(note.to_owned());
        person
    };
    store(
        &db,
        [
            with_note("Ada Lovelace", "wrote programs"),
            with_note("Grace Hopper", "found a bug"),
        ],
    )
    .await;
    db.close().await;
    let index = vec![INDEX.migration("0002_text")].leak();
    let db = Database::open(&place.context, &[MIGRATIONS, index]).await.unwrap();
    store(
        &db,
        [
            with_note("Alan Turing", "programmed machines"),
            person(&place.context, "Nobody"),
        ],
    )
    .await;
    db
}

#[tokio::test]
async fn words_find_their_other_forms_and_the_last_one_its_beginning() {
    for place in places("").await {
        let db = filled(&place).await;

        assert_eq!(found(&db, "programming").await, ["Ada Lovelace", "Alan Turing"]);
        assert_eq!(found(&db, "alan mach").await, ["Alan Turing"]);
        assert_eq!(found(&db, "love").await, ["Ada Lovelace"]);
        assert_eq!(found(&db, "ada bug").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_index_follows_what_is_changed_and_deleted() {
    for place in places("").await {
        let db = filled(&place).await;
        let ids: Vec<Uuid> = INDEX.search(db.read(), "hopper", 1).await.unwrap();
        let tx = db.begin().await.unwrap();
        let mut grace = Entity::find_by_id(ids[0])
            .one(&tx)
            .await
            .unwrap()
            .unwrap()
            .into_active_model();
        grace.note = Set(Some("wrote a compiler".into()));
        grace.update(&tx).await.unwrap();
        let alan: Vec<Uuid> = INDEX.search(&tx, "turing", 1).await.unwrap();
        Entity::delete_by_id(alan[0]).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(found(&db, "bug").await, Vec::<String>::new());
        assert_eq!(found(&db, "compilers").await, ["Grace Hopper"]);
        assert_eq!(found(&db, "turing").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn nothing_of_a_question_is_read_as_a_language() {
    for place in places("").await {
        let db = filled(&place).await;

        for question in [
            "\"",
            "ada OR grace",
            "name:ada",
            "ada* & !grace | (",
            "';drop table person",
            "a NEAR b",
            ":*",
            "",
        ] {
            let ids: Result<Vec<Uuid>, _> = INDEX.search(db.read(), question, 10).await;
            assert!(ids.is_ok(), "{question}: {ids:?}");
        }
        assert_eq!(found(&db, "ada, LOVELACE!").await, ["Ada Lovelace"]);
        // Read as languages, these would find somebody.
        for question in [
            "lovelace OR hopper",
            "lovelace | hopper",
            "lovelace NOT hopper",
            "lovelace !hopper",
        ] {
            assert_eq!(found(&db, question).await, Vec::<String>::new(), "{question}");
        }
    }
}
