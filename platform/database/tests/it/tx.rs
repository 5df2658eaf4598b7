//! The one door for writes.

use std::{
    sync::{Arc, atomic::AtomicU32, atomic::Ordering::SeqCst},
    time::Duration,
};

use futures::{FutureExt, future::join_all, poll};
use platform_database::DatabaseError;
use platform_database::orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set, entity::prelude::*};
use platform_testing::TestPostgres;
use tokio::time::{sleep, timeout};

use crate::support::{Entity, Place, person, places, store};

#[tokio::test]
async fn what_is_committed_is_read_and_what_is_dropped_never_was() {
    for place in places("").await {
        let db = place.open().await;
        store(&db, [person(&place.context, "ada")]).await;

        let tx = db.begin().await.unwrap();
        person(&place.context, "bob")
            .into_active_model()
            .reset_all()
            .insert(&tx)
            .await
            .unwrap();
        drop(tx);

        assert_eq!(Entity::find().count(db.read()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_callback_runs_after_the_commit_and_never_without_it() {
    for place in places("").await {
        let db = place.open().await;
        let runs = Arc::new(AtomicU32::new(0));
        let count = |runs: &Arc<AtomicU32>| {
            let runs = runs.clone();
            move || {
                runs.fetch_add(1, SeqCst);
            }
        };

        let kept = db.begin().await.unwrap();
        kept.on_commit(count(&runs));
        kept.commit().await.unwrap();
        let undone = db.begin().await.unwrap();
        undone.on_commit(count(&runs));
        undone.rollback().await.unwrap();

        assert_eq!(runs.load(SeqCst), 1);
    }
}

#[tokio::test]
async fn a_callback_runs_also_where_nobody_waits_for_the_commit_any_more() {
    for place in places("").await {
        let db = place.open().await;
        let runs = Arc::new(AtomicU32::new(0));
        let tx = db.begin().await.unwrap();
        let ada = person(&place.context, "ada").into_active_model().reset_all();
        ada.insert(&tx).await.unwrap();
        let counted = runs.clone();
        tx.on_commit(move || {
            counted.fetch_add(1, SeqCst);
        });

        drop(tx.commit().now_or_never());

        let called = async {
            while runs.load(SeqCst) == 0 {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), called).await.unwrap();
        assert_eq!(Entity::find().count(db.read()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn who_gives_up_while_a_transaction_begins_leaves_none_behind() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let place = Place::new("max-connections = 1", Some(postgres));
    let (db, others) = (place.open().await, place.open().await);

    for steps in 1..=8 {
        let mut begin = Box::pin(db.begin());
        for _ in 0..steps {
            if poll!(begin.as_mut()).is_ready() {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        drop(begin);
        let next = person(&place.context, &format!("person{steps}"));
        next.into_active_model().reset_all().insert(db.alone()).await.unwrap();

        assert_eq!(Entity::find().count(others.read()).await.unwrap(), steps);
    }
}

#[tokio::test]
async fn who_waits_too_long_for_a_row_is_told_to_try_again() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let place = Place::new("statement-timeout = \"100ms\"", Some(postgres));
    let db = place.open().await;
    let ada = person(&place.context, "ada");
    store(&db, [ada.clone()]).await;
    let holder = db.begin().await.unwrap();
    holder.hold::<Entity>(ada.id).await.unwrap();

    let waiter = db.begin().await.unwrap();
    let waited = waiter.hold::<Entity>(ada.id).await.unwrap_err();

    let told = platform_error::Error::from(DatabaseError::from(waited));
    assert_eq!(told.code(), platform_error::Code::Unavailable);
    assert_eq!(told.message(), "others are at the same; try again in a moment");
}

#[tokio::test]
async fn writers_that_read_first_and_write_later_lose_nothing() {
    for place in places("").await {
        let db = place.open().await;
        let counter = person(&place.context, "counter");
        let id = counter.id;
        store(&db, [counter]).await;

        let add = async || {
            for _ in 0..25 {
                let tx = db.begin().await.unwrap();
                let locked = Entity::find_by_id(id).lock_exclusive().one(&tx).await.unwrap().unwrap();
                let mut next = locked.clone().into_active_model();
                let sum = locked.balance.0 + platform_database::Exact::from(1).0;
                next.balance = Set(platform_database::Exact(sum));
                next.update(&tx).await.unwrap();
                tx.commit().await.unwrap();
            }
        };
        join_all((0..8).map(|_| add())).await;

        let sum = Entity::find_by_id(id).one(db.read()).await.unwrap().unwrap().balance;
        assert_eq!(sum, platform_database::Exact::from(200));
    }
}

#[tokio::test]
async fn times_come_back_as_they_were_stored() {
    for place in places("").await {
        let db = place.open().await;
        let ada = person(&place.context, "ada");
        store(&db, [ada.clone()]).await;

        let read = Entity::find_by_id(ada.id).one(db.read()).await.unwrap();

        assert_eq!(read, Some(ada));
    }
}
