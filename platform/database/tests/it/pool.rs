//! Many clients, few connections.

use futures::future::join_all;
use platform_database::{
    DatabaseError,
    orm::{self, ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel},
    sql,
};
use platform_testing::{Log, TestPostgres};
use tracing::Level;

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
async fn what_is_written_after_the_disk_was_full_is_there() {
    let place = Place::new("", None);
    let db = place.open().await;
    let run = async |sql: &str| sql::execute(db.alone(), sql, []).await.unwrap();
    run("create table large (data blob)").await;
    run("pragma max_page_count = 64").await;
    let tx = db.begin().await.unwrap();
    let full = sql::execute(&tx, "insert into large values (zeroblob(1000000))", []).await;
    assert!(full.is_err());
    drop(tx);
    run("pragma max_page_count = 100000").await;

    let undone = db.begin().await.unwrap();
    let bob = person(&place.context, "bob").into_active_model().reset_all();
    bob.insert(&undone).await.unwrap();
    undone.rollback().await.unwrap();
    store(&db, [person(&place.context, "ada")]).await;

    let found = Entity::find().all(db.read()).await.unwrap();
    assert_eq!(found.iter().map(|person| &*person.name).collect::<Vec<_>>(), ["ada"]);
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

#[tokio::test]
async fn a_time_for_statements_that_postgresql_cannot_count_is_refused() {
    for time in ["0s", "999us", "25days"] {
        let url = "url = \"postgres://somebody@127.0.0.1:1/nothing\"";
        let place = Place::new(&format!("{url}\nstatement-timeout = \"{time}\""), None);

        let refused = place.try_open(crate::support::MIGRATIONS).await.unwrap_err();

        let reason = refused.to_string();
        assert!(
            reason.starts_with("database.statement-timeout must be"),
            "{time}: {reason}"
        );
    }
}

#[tokio::test]
async fn opening_takes_no_more_connections_than_it_uses() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let settings = format!("min-connections = 20\nurl = \"{}\"", postgres.url());
    let place = Place::with(&settings);
    let db = place.open().await;

    let mine = "select count(*) as count from pg_stat_activity where datname = current_database()";
    let found = sql::one(db.read(), mine, []).await.unwrap().unwrap();
    let open: i64 = found.try_get("", "count").unwrap();

    assert!(open < 5, "{open} connections are open");
}

/// Runs what makes a role as the server's administrator, and gives the URL of that role.
async fn role(postgres: &TestPostgres, name: &str, statements: &str) -> String {
    let admin = orm::Database::connect(postgres.url()).await.unwrap();
    admin.execute_unprepared(statements).await.unwrap();
    admin.close().await.unwrap();
    postgres.url().replace("postgres@", &format!("{name}@"))
}

#[tokio::test]
async fn a_role_that_owns_its_schema_needs_no_right_to_make_one() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let make = "create role tenant login; create schema people authorization tenant";
    let url = role(&postgres, "tenant", make).await;

    let db = Place::with(&format!("url = \"{url}\"")).open().await;

    assert!(db.ready().await.is_ok());
}

#[tokio::test]
async fn a_role_that_may_not_make_its_schema_is_told_so() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let url = role(&postgres, "guest", "create role guest login").await;

    let place = Place::with(&format!("url = \"{url}\""));
    let refused = place.try_open(crate::support::MIGRATIONS).await.unwrap_err();

    assert_eq!(
        refused.to_string(),
        "there is no schema people and the role of database.url may not create it: create it for that role"
    );
}

#[tokio::test]
async fn a_server_without_a_connection_left_is_told_from_one_that_is_away() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let url = role(&postgres, "crowd", "create role crowd login connection limit 0").await;

    let place = Place::with(&format!("url = \"{url}\"\nacquire-timeout = \"500ms\""));
    let refused = place.try_open(crate::support::MIGRATIONS).await.unwrap_err();

    // Clients read the first, who starts a process the cause as well.
    let cause = std::error::Error::source(&refused).map(ToString::to_string);
    assert_eq!(refused.to_string(), BUSY);
    assert!(cause.as_ref().is_some_and(|cause| cause.ends_with(FULL)), "{cause:?}");
}

/// What clients are told where no connection is free.
const BUSY: &str = "the database is busy; try again in a moment";
/// What operators are told of a server without a connection left.
const FULL: &str = "PostgreSQL has no connection left: raise its max_connections, or lower database.max-connections \
    here and in other processes";
/// The same of a process whose own are all in use.
const SPENT: &str = "all connections of this process to the database are in use: raise database.max-connections, and \
    with it PostgreSQL's max_connections";

fn refused<T>(result: Result<T, impl Into<DatabaseError>>) -> (platform_error::Code, String) {
    let error = platform_error::Error::from(result.err().expect("there is no connection").into());
    (error.code(), error.message().to_owned())
}

#[tokio::test]
async fn a_server_without_a_connection_left_is_named_by_whatever_asks_it() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let make = "create role throng login; create schema people authorization throng";
    let url = role(&postgres, "throng", make).await;
    let settings = format!("min-connections = 0\nurl = \"{url}\"\nacquire-timeout = \"500ms\"");
    let place = Place::with(&settings);
    let db = place.open().await;
    let end = "alter role throng connection limit 0;
        select pg_terminate_backend(pid) from pg_stat_activity where usename = 'throng'";
    role(&postgres, "throng", end).await;
    // A connection that was used a moment ago is believed to be there.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let log = Log::listen(Level::WARN);

    let statement = sql::one(db.read(), "select 1 as one", []).await;
    let alone = sql::execute(db.alone(), "select 1", []).await;
    let ready = db.ready().await;
    let begun = db.begin().await;
    let exists = platform_database::Database::exists(&place.context).await;

    for said in [
        refused(statement),
        refused(alone),
        refused(ready),
        refused(begun),
        refused(exists),
    ] {
        assert_eq!(said, (platform_error::Code::Unavailable, BUSY.to_owned()));
    }
    // Whether there is a database is asked by a command, which says it itself.
    assert_eq!(log.count(FULL), 4, "{}", log.text());
}

#[tokio::test]
async fn a_process_whose_connections_are_all_in_use_says_so_and_in_the_log_what_to_do() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let place = Place::new("max-connections = 1\nacquire-timeout = \"300ms\"", Some(postgres));
    let db = place.open().await;
    let tx = db.begin().await.unwrap();
    let log = Log::listen(Level::WARN);

    let statement = sql::one(db.read(), "select 1 as one", []).await;
    let begun = db.begin().await;

    for said in [refused(statement), refused(begun)] {
        assert_eq!(said, (platform_error::Code::Unavailable, BUSY.to_owned()));
    }
    assert_eq!(log.count(SPENT), 2, "{}", log.text());
    drop(tx);
    assert!(db.ready().await.is_ok(), "one is free again");
}

#[tokio::test]
async fn who_waits_for_a_connection_to_a_file_for_too_long_is_told_that_it_is_busy() {
    let place = Place::new("max-connections = 1\nacquire-timeout = \"300ms\"", None);
    let db = place.open().await;
    let tx = db.begin().await.unwrap();
    let long =
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000000) select max(i) from n";

    let begun = refused(db.begin().await);
    let alone = refused(sql::execute(db.alone(), "delete from person", []).await);
    let (held, read) = tokio::join!(
        sql::one(db.read(), long, []),
        sql::one(db.read(), "select 1 as one", [])
    );

    for said in [begun, alone, refused(read)] {
        assert_eq!(said, (platform_error::Code::Unavailable, BUSY.to_owned()));
    }
    assert!(held.is_ok(), "{held:?}");
    drop(tx);
}
