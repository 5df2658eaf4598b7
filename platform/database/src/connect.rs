//! Connections to SQLite and PostgreSQL, set up as every service needs them.

use std::{path::Path, str::FromStr, time::Duration};

use platform_config::Duration as Time;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, SqlitePool,
    pool::PoolOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use tokio::time::{Instant, sleep, timeout};

use crate::{DatabaseError, Settings, error::NONE_LEFT, kept::Kept};

/// How long a write waits for another process that writes.
const BUSY: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// A connection is tried when it comes back to the pool. One that has lain unused for longer than this is tried again
/// before it is used; for the others that would only be one more way there and back with each statement.
pub(crate) const TRUSTED: Duration = Duration::from_secs(1);
/// What PostgreSQL takes as the time for a statement.
const SHORTEST: Time = Time::from_millis(1);
const LONGEST: Time = Time::from_secs(24 * 24 * 3600);
/// Idle connections beyond the smallest number are closed after this.
const IDLE: Duration = Duration::from_secs(300);
/// How long somebody who got no connection asks the server why.
const ASKING: Duration = Duration::from_secs(5);
/// PostgreSQL's code for a right that is lacking.
const NOT_ALLOWED: &str = "42501";
/// PostgreSQL's code for a server, a database or a role without a connection left.
const FULL: &str = "53300";

/// The pools of a database: on SQLite many connections read and one writes, on PostgreSQL one pool does all.
#[derive(Debug)]
pub(crate) enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres { pool: PgPool, kept: Kept },
}

pub(crate) async fn sqlite(file: &Path, settings: &Settings) -> Result<Pools, DatabaseError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged write survives a loss of power too.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let pool = |most: u32| {
        PoolOptions::<sqlx::Sqlite>::new()
            .max_connections(most.max(1))
            .acquire_timeout(settings.acquire_timeout.0)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // SQLite undoes a transaction by itself where the disk is full, and sqlx counts it as open for good: what came
            // after it on this connection would be part of a transaction that nobody commits.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
    };
    // The writer comes first: it makes the file and turns it to WAL, which readers cannot. SQLite does not wait when
    // several processes turn a new file to WAL at once: it is busy without patience.
    let patience = Instant::now() + BUSY;
    let write = loop {
        match pool(1).connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < patience => sleep(LOOK_AGAIN).await,
            connected => break connected.map_err(away)?,
        }
    };
    let read = pool(settings.max_connections)
        .connect_with(options)
        .await
        .map_err(away)?;
    Ok(Pools::Sqlite { read, write })
}

pub(crate) async fn postgres(url: &str, service: &str, settings: &Settings) -> Result<Pools, DatabaseError> {
    let schema = format!("\"{}\"", bare(service));
    let timeout = settings.statement_timeout;
    if !(SHORTEST..=LONGEST).contains(&timeout) {
        return Err(DatabaseError::StatementTimeout);
    }
    let timeout = timeout.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| DatabaseError::Url)?
        .application_name(&format!("hansa {service}"))
        .options([
            ("search_path", schema.as_str()),
            ("statement_timeout", timeout.as_str()),
        ])
        .disable_statement_logging();
    // Lazy: a process that starts takes from a server no more connections than it uses.
    let pool = PoolOptions::<sqlx::Postgres>::new()
        .min_connections(settings.min_connections.min(settings.max_connections))
        .max_connections(settings.max_connections.max(1))
        .acquire_timeout(settings.acquire_timeout.0)
        .idle_timeout(IDLE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    match named(&pool, service).await {
        // Asked first: a role that owns its schema need not be allowed to make one.
        Ok(true) => {}
        Ok(false) => create(&pool, service, &schema).await?,
        Err(error) => return Err(explained(&pool, error).await.into()),
    }
    let kept = Kept::new(pool.clone(), *settings.acquire_timeout);
    Ok(Pools::Postgres { pool, kept })
}

async fn create(pool: &PgPool, service: &str, schema: &str) -> Result<(), DatabaseError> {
    let create = format!("create schema if not exists {schema}");
    // Two processes that start at once may both try; the loser finds the schema there.
    let Err(error) = pool.execute(sqlx::AssertSqlSafe(create.clone())).await else {
        return Ok(());
    };
    tracing::debug!(%error, service, "the schema is made a second time");
    match pool.execute(sqlx::AssertSqlSafe(create)).await {
        Ok(_) => Ok(()),
        Err(error) if has_code(&error, NOT_ALLOWED) => Err(DatabaseError::NoSchema(bare(service))),
        Err(error) => Err(explained(pool, error).await.into()),
    }
}

/// A pool waits for a server that is full as for one that starts, and does not tell which: the server is asked itself.
pub(crate) async fn explained(pool: &PgPool, error: sqlx::Error) -> DbErr {
    let mut reason = error;
    if matches!(reason, sqlx::Error::PoolTimedOut) {
        let options = pool.connect_options();
        if let Ok(Err(said)) = timeout(ASKING, PgConnection::connect_with(&options)).await {
            reason = said;
        }
    }
    DbErr::Conn(match has_code(&reason, FULL) {
        true => RuntimeErr::Internal(NONE_LEFT.to_owned()),
        false => RuntimeErr::SqlxError(reason.into()),
    })
}

/// Whether a server has the schema of a service.
pub(crate) async fn has_schema(url: &str, service: &str, settings: &Settings) -> Result<bool, DatabaseError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| DatabaseError::Url)?;
    let pool = PoolOptions::<sqlx::Postgres>::new()
        .max_connections(1)
        .acquire_timeout(settings.acquire_timeout.0)
        .connect_lazy_with(options.disable_statement_logging());
    let found = match named(&pool, service).await {
        Ok(found) => Ok(found),
        Err(error) => Err(explained(&pool, error).await.into()),
    };
    pool.close().await;
    found
}

async fn named(pool: &PgPool, service: &str) -> Result<bool, sqlx::Error> {
    let schema = sqlx::query("select 1 from pg_namespace where nspname = $1").bind(bare(service));
    Ok(schema.fetch_optional(pool).await?.is_some())
}

/// The name of a service's schema.
fn bare(service: &str) -> String {
    service.replace('"', "")
}

/// SQLITE_BUSY, or one of its kinds.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

fn has_code(error: &sqlx::Error, wanted: &str) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == wanted)
}

fn away(error: sqlx::Error) -> DatabaseError {
    DatabaseError::Away(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}
