//! Many clients, few connections.

use futures::future::join_all;
use platform_database::{DatabaseError, orm::EntityTrait, sql};
use platform_testing::TestPostgres;

use crate::support::{Entity, Place, person, places, store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_clients_are_served_by_a_few_connections() {
    for place in places("max-connections = 20").await {
        let db = place.open().await;
        let ada = person(&place.context, "ada");
        let id = ada.id;
        store(&db, [ada]).await;

        let ask = async || Entity::find_by_id(id).one(db.read()).await.map(|found| found.is_some());
        let answers = join_all((0..10_000).map(|_| ask())).await;

        assert!(answers.iter().all(|answer| *answer.as_ref().unwrap()));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_database_that_is_away_for_a_moment() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let place = Place::new("", Some(postgres));
    let db = place.open().await;

    let tx = db.begin().await.unwrap();
    let ended = sql::execute(&tx, "select pg_terminate_backend(pg_backend_pid())", []).await;
    let after = sql::execute(&tx, "select 1", []).await;
    drop(tx);
    let again = sql::one(db.read(), "select 1 as one", []).await;

    for broken in [ended, after] {
        let error = platform_error::Error::from(DatabaseError::from(broken.unwrap_err()));
        assert_eq!(error.code(), platform_error::Code::Unavailable, "{error:?}");
    }
    assert!(again.unwrap().is_some());
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_says_nothing_of_its_address() {
    let settings = "url = \"postgres://somebody:secret@127.0.0.1:1/nothing\"\nacquire-timeout = \"1s\"";
    let place = Place::new(settings, None);

    let refused = place.try_open(crate::support::MIGRATIONS).await.unwrap_err();

    let error = platform_error::Error::from(refused);
    assert_eq!(error.code(), platform_error::Code::Unavailable);
    assert_eq!(error.message(), "the database cannot be reached; try again in a moment");
}
