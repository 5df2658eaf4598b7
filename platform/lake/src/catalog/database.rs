//! SQLite and PostgreSQL behind one narrow door: every column of a catalog is text.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteError, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ColumnIndex, Connection, Decode, Encode, PgConnection, Postgres, Sqlite, Type};
use tokio::time::timeout;

use crate::error::{Fault, LakeError, Result, Trouble};
use crate::storage::create_synced;

/// How long a statement waits for another process that writes, or for a free connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long somebody who got no connection asks the server why.
const ASKING: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 4;
/// What to do about a server that takes no more connections.
const NONE_LEFT: &str = "the PostgreSQL of the lake's catalog has no connection left: raise its max_connections, or \
    lower database.max-connections in the processes that use it";

/// One row: a text or null per column.
pub(super) type Row = Vec<Option<String>>;

/// An open database.
#[derive(Debug)]
pub(super) enum Database {
    /// One connection writes, because SQLite lets only one; the others read beside it.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction that may write; it is rolled back unless it is committed.
pub(super) enum Transaction {
    Sqlite(Held),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A connection to SQLite that is closed, not reused, unless its transaction ended well: SQLite rolls back by itself
/// on some errors, for instance when the disk is full, and the library then keeps a wrong idea of where it is.
pub(super) struct Held {
    connection: PoolConnection<Sqlite>,
    ended: bool,
}

impl Held {
    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        sqlx::query(sql).execute(&mut *self.connection).await.map(|_| ())
    }

    async fn end(mut self, sql: &'static str) -> sqlx::Result<()> {
        self.run(sql).await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.close_on_drop();
        }
    }
}

impl Database {
    /// Opens `postgres://…`, `sqlite:PATH` or a plain path; the file is created when it is missing.
    pub(super) async fn open(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(|_| unusable("postgres://…"))?;
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(PATIENCE);
            return match pool.connect_with(options.clone()).await {
                Ok(pool) => Ok(Self::Postgres(pool)),
                Err(error) => Err(refused(error, &options).await),
            };
        }
        if url.contains("://") && !url.starts_with("sqlite://") {
            return Err(unusable("a path or postgres://…"));
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        if let Some(directory) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            create_synced(directory).map_err(|e| LakeError::io("creating", directory.display().to_string(), e))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(PATIENCE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(PATIENCE);
        // SQLite does not wait when several processes turn a new file to WAL at once: it is busy without patience.
        let mut tries = 0;
        let writer = loop {
            match pool(1).connect_with(options.clone()).await {
                Err(sqlx::Error::Database(error)) if tries < 200 && error.message().contains("locked") => tries += 1,
                opened => break opened.map_err(failed)?,
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        let readers = pool(CONNECTIONS).connect_with(options).await.map_err(failed)?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// Whether rows can be locked for a reader.
    pub(super) fn locks_rows(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs a query outside any transaction.
    pub(super) async fn read(&self, sql: &'static str, arguments: &[&str]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite { readers, .. } => {
                let rows = query(sql, arguments).try_map(texts).fetch_all(readers).await;
                rows.map_err(failed)
            }
            Self::Postgres(pool) => match query(sql, arguments).try_map(texts).fetch_all(pool).await {
                Ok(rows) => Ok(rows),
                Err(error) => Err(unanswered(error, pool).await),
            },
        }
    }

    /// Begins a transaction that holds the right to write from its start, so that it never fails for having read first.
    pub(super) async fn begin(&self) -> Result<Transaction> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut held = Held {
                    connection: writer.acquire().await.map_err(failed)?,
                    ended: false,
                };
                held.run("begin immediate").await.map_err(failed)?;
                Ok(Transaction::Sqlite(held))
            }
            // Who gives up before the answer gives back a connection within a transaction that sqlx does not know of.
            // Without one of its own there is only reading here, and the next on that connection ends both.
            Self::Postgres(pool) => match pool.begin().await {
                Ok(begun) => Ok(Transaction::Postgres(begun)),
                Err(error) => Err(unanswered(error, pool).await),
            },
        }
    }
}

impl Transaction {
    /// Runs a statement; says how many rows it changed.
    pub(super) async fn execute(&mut self, sql: &'static str, arguments: &[&str]) -> Result<u64> {
        match self {
            Self::Sqlite(it) => query(sql, arguments)
                .execute(&mut *it.connection)
                .await
                .map(|done| done.rows_affected()),
            Self::Postgres(it) => query(sql, arguments)
                .execute(&mut **it)
                .await
                .map(|done| done.rows_affected()),
        }
        .map_err(failed)
    }

    /// Runs a query.
    pub(super) async fn read(&mut self, sql: &'static str, arguments: &[&str]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(it) => {
                query(sql, arguments)
                    .try_map(texts)
                    .fetch_all(&mut *it.connection)
                    .await
            }
            Self::Postgres(it) => query(sql, arguments).try_map(texts).fetch_all(&mut **it).await,
        }
        .map_err(failed)
    }

    /// Makes everything durable. After an error it is not known whether it is.
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(it) => it.end("commit").await,
            Self::Postgres(it) => it.commit().await,
        }
        .map_err(failed)
    }

    /// Undoes everything.
    pub(super) async fn roll_back(self) -> Result<()> {
        match self {
            Self::Sqlite(it) => it.end("rollback").await,
            Self::Postgres(it) => it.rollback().await,
        }
        .map_err(failed)
    }
}

/// Both databases understand `$1`.
fn query<'q, D>(sql: &'static str, arguments: &[&str]) -> Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: Encode<'q, D> + Type<D> + 'q,
{
    arguments
        .iter()
        .fold(sqlx::query(sql), |query, argument| query.bind((*argument).to_owned()))
}

fn texts<R>(row: R) -> sqlx::Result<Row>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    for<'r> Option<String>: Decode<'r, R::Database> + Type<R::Database>,
{
    (0..row.len()).map(|column| row.try_get(column)).collect()
}

fn unusable(expected: &str) -> LakeError {
    LakeError::Setting(format!("the address of the catalog is not usable, expected {expected}"))
}

/// Clients are not told what to do about a server that is full, so the log is.
async fn unanswered(error: sqlx::Error, pool: &PgPool) -> LakeError {
    let error = refused(error, &pool.connect_options()).await;
    if let LakeError::CatalogFull(reason) = &error {
        tracing::warn!("{reason}");
    }
    error
}

/// A pool waits for a server that is full as for one that is away, and does not tell which: the server is asked itself.
async fn refused(error: sqlx::Error, options: &PgConnectOptions) -> LakeError {
    if matches!(error, sqlx::Error::PoolTimedOut)
        && let Ok(Err(reason)) = timeout(ASKING, PgConnection::connect_with(options)).await
    {
        return failed(reason);
    }
    failed(error)
}

/// SQLite shares the disk with the lake, so its troubles are those of storage.
fn failed(error: sqlx::Error) -> LakeError {
    let code = match &error {
        sqlx::Error::Database(cause) => match cause.try_downcast_ref::<SqliteError>() {
            Some(_) => cause
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .map(|code| (code & 0xff).to_string()),
            None => cause.code().map(|code| code.into_owned()),
        },
        _ => None,
    };
    let trouble = match code.as_deref() {
        // SQLITE_FULL, disk_full
        Some("13" | "53100") => Trouble::Full,
        // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN, insufficient_privilege, read_only_sql_transaction
        Some("3" | "8" | "14" | "42501" | "25006") => Trouble::Denied,
        // too_many_connections
        Some("53300") => return LakeError::CatalogFull(NONE_LEFT.into()),
        _ => return LakeError::Catalog(error),
    };
    let fault = Fault {
        action: "using",
        uri: "the catalog's database".to_owned(),
        cause: error.into(),
    };
    LakeError::Storage { trouble, fault }
}

/// Whether the database asks for the transaction to be repeated (serialization_failure, deadlock_detected).
pub(super) fn is_race(error: &LakeError) -> bool {
    let LakeError::Catalog(sqlx::Error::Database(cause)) = error else {
        return false;
    };
    matches!(cause.code().as_deref(), Some("40001" | "40P01"))
}
