//! Rows that many ask for at once, read together.

use std::time::Duration;

use futures::future::join_all;
use platform_database::{
    Database, Lookup,
    orm::{ActiveModelTrait, IntoActiveModel, Set},
    sql,
};
use platform_testing::Tap;
use tokio::{
    task::{AbortHandle, JoinSet, yield_now},
    time::timeout,
};

use crate::support::{Entity, Model, Place, person, places, store};

/// As long as any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

async fn people(place: &Place, db: &Database, count: usize) -> Vec<Model> {
    let people: Vec<_> = (0..count)
        .map(|number| person(&place.context, &format!("person{number}")))
        .collect();
    store(db, people.clone()).await;
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_of_a_crowd_gets_the_row_they_asked_for() {
    for place in places("").await {
        let db = place.open().await;
        let everybody = people(&place, &db, 300).await;
        let lookup = Lookup::<Entity>::new(&db);

        let known = everybody.iter().map(|person| (person.id, Some(person.clone())));
        let strangers = (0..50).map(|_| (place.context.ids().v7(), None));
        // Each is asked for twice.
        let asked: Vec<_> = known.clone().chain(strangers).chain(known).collect();
        let answers = join_all(asked.iter().map(|(id, _)| lookup.find(*id))).await;

        for ((_, expected), answer) in asked.iter().zip(answers) {
            assert_eq!(&answer.unwrap(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_before_the_question_is_in_the_answer() {
    for place in places("").await {
        let db = place.open().await;
        let everybody = people(&place, &db, 8).await;
        let lookup = Lookup::<Entity>::new(&db);

        let mut tasks = JoinSet::new();
        for person in everybody {
            let (db, writer, reader, id) = (db.clone(), lookup.clone(), lookup.clone(), person.id);
            tasks.spawn(async move {
                for number in 0..20 {
                    let tx = db.begin().await.unwrap();
                    let mut changed = person.clone().into_active_model();
                    changed.note = Set(Some(number.to_string()));
                    changed.update(&tx).await.unwrap();
                    tx.commit().await.unwrap();
                    let found = writer.find(id).await.unwrap().unwrap();
                    assert_eq!(found.note, Some(number.to_string()));
                }
            });
            tasks.spawn(async move {
                for _ in 0..100 {
                    assert_eq!(reader.find(id).await.unwrap().map(|person| person.id), Some(id));
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }
}

#[tokio::test]
async fn a_crowd_costs_few_statements_and_one_person_one() {
    let Some(tap) = Tap::start().await else { return };
    let place = Place::with(&format!("url = \"{}\"\nmin-connections = 0", tap.url()));
    let db = place.open().await;
    let everybody = people(&place, &db, 200).await;
    let lookup = Lookup::<Entity>::new(&db);

    tap.empty();
    assert!(lookup.find(everybody[0].id).await.unwrap().is_some());
    assert_eq!(tap.about(&["person"]).len(), 1);

    tap.empty();
    let found = join_all(everybody.iter().map(|person| lookup.find(person.id))).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
    // All of them have asked before the first is answered, and no statement asks for more than 128.
    assert_eq!(tap.about(&["person"]).len(), 2);
}

#[tokio::test]
async fn who_gives_up_takes_nobody_elses_answer_away() {
    for place in places("max-connections = 1").await {
        let db = place.open().await;
        let everybody = people(&place, &db, 4).await;
        let lookup = Lookup::<Entity>::new(&db);
        let held = db.begin().await.unwrap();

        let mut asking = JoinSet::new();
        let mut handles = Vec::new();
        for person in &everybody {
            let (lookup, id) = (lookup.clone(), person.id);
            handles.push(asking.spawn(async move { (id, lookup.find(id).await.unwrap().map(|person| person.id)) }));
        }
        for _ in 0..10 {
            yield_now().await;
        }
        // As many as there are statements at once.
        handles[..2].iter().for_each(AbortHandle::abort);
        held.rollback().await.unwrap();

        let mut answered = Vec::new();
        while let Some(asked) = timeout(PATIENCE, asking.join_next()).await.unwrap() {
            if let Ok((id, found)) = asked {
                assert_eq!(found, Some(id));
                answered.push(id);
            }
        }
        for person in &everybody[2..] {
            assert!(answered.contains(&person.id));
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_asked_and_to_nobody_later() {
    let Some(place) = places("statement-timeout = \"300ms\"").await.into_iter().nth(1) else {
        return;
    };
    let db = place.open().await;
    let everybody = people(&place, &db, 10).await;
    let lookup = Lookup::<Entity>::new(&db);
    let held = db.begin().await.unwrap();
    sql::execute(&held, "lock table person in access exclusive mode", [])
        .await
        .unwrap();

    let found = join_all(everybody.iter().map(|person| lookup.find(person.id))).await;
    assert!(found.iter().all(Result::is_err), "{found:?}");

    held.rollback().await.unwrap();
    let found = join_all(everybody.iter().map(|person| lookup.find(person.id))).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
}
