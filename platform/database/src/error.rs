//! What can go wrong with a database, and constraint violations as errors of the domain.

use platform_error::{Code, Coded, Error as Outer};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};

/// PostgreSQL's codes for what cannot be in order, a deadlock, a lock and a time that were waited for too long, and SQLite's
/// for another process that writes, or that mends what a dead one left.
const BUSY: [&str; 8] = ["40001", "40P01", "55P03", "57014", "5", "261", "517", "773"];
/// What to do about a server that takes no more connections. Clients are told only that the database is busy.
pub(crate) const NONE_LEFT: &str = "PostgreSQL has no connection left: raise its max_connections, or lower \
    database.max-connections here and in other processes";

/// A database that cannot be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection could be had, or it broke.
    #[error("the database cannot be reached; try again in a moment")]
    Away(#[source] DbErr),
    /// Others held what a statement needed for too long, a connection too, or each waited for the other. Nothing was
    /// written.
    #[error("{}; try again in a moment", busy(.0))]
    Busy(#[source] DbErr),
    /// There is no schema, and the role may not make one.
    #[error("there is no schema {0} and the role of database.url may not create it: create it for that role")]
    NoSchema(String),
    /// The URL is of no database we know.
    #[error("database.url must begin with postgres:// or sqlite:, or be empty for a file in the data directory")]
    Url,
    /// PostgreSQL counts milliseconds up to a number, and 0 of them are no limit.
    #[error("database.statement-timeout must be from 1ms to 24days, which is what PostgreSQL can count")]
    StatementTimeout,
    /// Migrations are missing and may not be applied now.
    #[error("the database of {service} lacks the migrations {}; run `hansa migrate`", .missing.join(", "))]
    Behind {
        /// The service.
        service: String,
        /// The migrations' names.
        missing: Vec<String>,
    },
    /// A migration that was applied has another text now.
    #[error("the migration {0} was applied with another text; a migration never changes, add a new one")]
    Changed(String),
    /// A migration that fails.
    #[error("the migration {name} failed")]
    Migration {
        /// The migration's name.
        name: String,
        /// Why.
        #[source]
        source: DbErr,
    },
    /// A page that cannot be given.
    #[error("{0}")]
    Page(String),
    /// Another part of the platform.
    #[error("{0}")]
    Platform(Outer),
    /// Any other failure of a statement.
    #[error(transparent)]
    Failed(DbErr),
}

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        match error {
            error if is_busy(&error) => Self::Busy(error),
            error if is_away(&error) => Self::Away(error),
            error => Self::Failed(error),
        }
    }
}

impl From<Outer> for DatabaseError {
    fn from(error: Outer) -> Self {
        Self::Platform(error)
    }
}

/// Who holds a connection may be at anything.
fn busy(error: &DbErr) -> &'static str {
    match error {
        DbErr::Query(_) | DbErr::Exec(_) => "others are at the same",
        _ => "the database is busy",
    }
}

/// Whether there is no connection, or it broke while a statement ran.
fn is_away(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Query(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause)) => cause,
        _ => return false,
    };
    match &**cause {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        // PostgreSQL's class of what operators do: it stops, it starts, it ends our connection.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// Whether a statement may do well when it is tried again.
fn is_busy(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => return true,
        DbErr::Conn(RuntimeErr::Internal(reason)) => return reason == NONE_LEFT,
        DbErr::Query(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause)) => cause,
        _ => return false,
    };
    let code = cause.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| BUSY.contains(&&*code))
}

impl Coded for DatabaseError {
    fn code(&self) -> Code {
        match self {
            Self::Away(_) | Self::Busy(_) | Self::NoSchema(_) | Self::Behind { .. } => Code::Unavailable,
            Self::Url | Self::StatementTimeout | Self::Page(_) => Code::Invalid,
            Self::Changed(_) => Code::Conflict,
            Self::Migration { .. } | Self::Failed(_) => Code::Internal,
            Self::Platform(error) => error.code(),
        }
    }
}

/// Turns a violated constraint into a fact of the domain. Let the database decide: a check before the write races.
pub trait OnConflict<T> {
    /// A row with the same unique value is there already.
    fn on_unique<E: From<DbErr>>(self, fact: impl FnOnce() -> E) -> Result<T, E>;
    /// The row that a foreign key names is not there, or is still named by others.
    fn on_missing<E: From<DbErr>>(self, fact: impl FnOnce() -> E) -> Result<T, E>;
}

impl<T> OnConflict<T> for Result<T, DbErr> {
    fn on_unique<E: From<DbErr>>(self, fact: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => fact(),
            _ => error.into(),
        })
    }

    fn on_missing<E: From<DbErr>>(self, fact: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|error| match error.sql_err() {
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => fact(),
            _ => error.into(),
        })
    }
}
