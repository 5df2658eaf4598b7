//! Connections that go from one statement to the next.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::{join_all, try_join_all};
use platform_database::{Database, sql};
use platform_testing::TestPostgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinSet,
    time::timeout,
};

use crate::support::Place;

/// A database with so many connections.
async fn with(connections: u32) -> Option<(Place, Database)> {
    let postgres = TestPostgres::start().await?;
    let place = Place::new(&format!("max-connections = {connections}"), Some(postgres));
    let db = place.open().await;
    Some((place, db))
}

async fn ask(db: &Database, statement: &'static str) -> bool {
    sql::one(db.read(), statement, []).await.is_ok()
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(5), work)
        .await
        .expect("nobody waits for nothing")
}

/// A way to PostgreSQL, and how often something was sent there.
async fn counted(postgres: &TestPostgres) -> (String, Arc<AtomicUsize>) {
    let (database, folder) = postgres.url().rsplit_once("?host=").unwrap();
    let socket = PathBuf::from(folder).join(".s.PGSQL.5432");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("@127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let sent = Arc::new(AtomicUsize::new(0));
    let counts = sent.clone();
    let relay = async move |mut client: TcpStream, server: UnixStream| {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.into_split();
        let questions = async {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                counts.fetch_add(1, Relaxed);
                to_server.write_all(&buffer[..length]).await.unwrap();
            }
        };
        let _ = tokio::join!(questions, copy(&mut from_server, &mut to_client));
    };
    #[expect(clippy::disallowed_methods, reason = "the relay ends with the test")]
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        relay(client, UnixStream::connect(&socket).await.unwrap()).await;
    });
    (
        format!("{}?sslmode=disable", database.replace("@localhost/", &here)),
        sent,
    )
}

#[tokio::test]
async fn a_statement_is_one_message_to_the_server() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let (url, sent) = counted(&postgres).await;
    let db = Place::with(&format!("min-connections = 0\nmax-connections = 1\nurl = \"{url}\""))
        .open()
        .await;
    assert!(ask(&db, "select 1 as one").await && ask(&db, "select 1 as one").await);
    let before = sent.load(Relaxed);

    for _ in 0..50 {
        assert!(ask(&db, "select 1 as one").await);
    }

    assert_eq!(sent.load(Relaxed) - before, 50);
}

#[tokio::test]
async fn a_transaction_has_a_connection_where_all_are_kept_for_statements() {
    let Some((_place, db)) = with(3).await else { return };

    for _ in 0..20 {
        let kept = join_all((0..3).map(|_| ask(&db, "select pg_sleep(0.002)"))).await;
        assert_eq!(kept, [true; 3]);
        let open = in_time(try_join_all((0..3).map(|_| db.begin()))).await.unwrap();
        for tx in open {
            sql::execute(&tx, "select 1", []).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_has_a_connection_while_many_statements_end_at_once() {
    let Some((_place, db)) = with(4).await else { return };

    for _ in 0..100 {
        let statements = (0..8).map(|_| {
            let db = db.clone();
            async move {
                for _ in 0..10 {
                    assert!(ask(&db, "select 1 as one").await);
                }
            }
        });
        let statements = JoinSet::from_iter(statements);
        for _ in 0..10 {
            let tx = in_time(db.begin()).await.unwrap();
            tx.commit().await.unwrap();
        }
        statements.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_and_transactions_take_turns_on_few_connections() {
    let Some((_place, db)) = with(3).await else { return };

    let work = (0..300).map(|number| {
        let db = db.clone();
        async move {
            match number % 3 {
                0 => assert!(ask(&db, "select 1 as one").await),
                1 => {
                    let tx = db.begin().await.unwrap();
                    sql::execute(&tx, "select 1", []).await.unwrap();
                    tx.commit().await.unwrap();
                }
                _ => drop(db.begin().await.unwrap()),
            }
        }
    });

    in_time(join_all(work)).await;
}

#[tokio::test]
async fn what_is_given_up_or_refused_leaves_its_connection_to_others() {
    let Some((_place, db)) = with(2).await else { return };

    for _ in 0..6 {
        let given_up = timeout(Duration::from_millis(20), ask(&db, "select pg_sleep(0.3)")).await;
        assert!(given_up.is_err());
        assert!(!in_time(ask(&db, "select nothing from nowhere")).await);
    }

    let answers = in_time(join_all((0..10).map(|_| ask(&db, "select 1 as one")))).await;
    assert_eq!(answers, [true; 10]);
    assert!(in_time(db.begin()).await.is_ok());
}

#[tokio::test]
async fn a_database_closes_with_connections_that_nobody_uses() {
    let Some((_place, db)) = with(3).await else { return };
    join_all((0..3).map(|_| ask(&db, "select pg_sleep(0.002)"))).await;

    in_time(db.close()).await;

    assert!(!in_time(ask(&db, "select 1 as one")).await);
    assert!(in_time(db.begin()).await.is_err());
}
