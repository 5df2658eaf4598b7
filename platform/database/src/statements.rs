//! Single statements, each a transaction of its own.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement, sea_query::Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection, Executor, Postgres, query::Query};

use crate::kept::Kept;

/// Where single statements run. None of them begins a transaction: one that only reads at first and writes later fails on
/// SQLite beside others that write.
#[derive(Debug)]
pub struct Statements(Place);

#[derive(Debug)]
enum Place {
    Sqlite(DatabaseConnection),
    Postgres(Kept),
}

impl Statements {
    pub(crate) fn sqlite(pool: DatabaseConnection) -> Self {
        Self(Place::Sqlite(pool))
    }

    pub(crate) fn postgres(kept: Kept) -> Self {
        Self(Place::Postgres(kept))
    }

    pub(crate) async fn query_all_planned_anew(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Place::Sqlite(pool) => pool.query_all_raw(statement).await,
            Place::Postgres(kept) => {
                // A statement that is prepared for once is planned when its values are known.
                let query = query(&statement.sql, statement.values).persistent(false);
                all(kept, query).await
            }
        }
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        match &self.0 {
            Place::Sqlite(pool) => pool.ping().await,
            Place::Postgres(kept) => {
                let mut held = kept.hold().await?;
                let answered = held.connection.ping().await;
                held.settle(answered, DbErr::Conn)
            }
        }
    }
}

#[async_trait]
impl ConnectionTrait for Statements {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Place::Sqlite(_) => DbBackend::Sqlite,
            Place::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Place::Sqlite(pool) => pool.execute_raw(statement).await,
            Place::Postgres(kept) => {
                let (query, mut held) = (query(&statement.sql, statement.values), kept.hold().await?);
                let done = query.execute(&mut *held.connection).await;
                Ok(held.settle(done, DbErr::Exec)?.into())
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Place::Sqlite(pool) => pool.execute_unprepared(sql).await,
            Place::Postgres(kept) => {
                let mut held = kept.hold().await?;
                let done = held.connection.execute(AssertSqlSafe(sql.to_owned())).await;
                Ok(held.settle(done, DbErr::Exec)?.into())
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            // Asked for one row, the library does not look at how the statement ends, which is when it is committed.
            Place::Sqlite(pool) => Ok(pool.query_all_raw(statement).await?.into_iter().next()),
            Place::Postgres(kept) => {
                let (query, mut held) = (query(&statement.sql, statement.values), kept.hold().await?);
                let row = query.fetch_optional(&mut *held.connection).await;
                Ok(held.settle(row, DbErr::Query)?.map(Into::into))
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Place::Sqlite(pool) => pool.query_all_raw(statement).await,
            Place::Postgres(kept) => all(kept, query(&statement.sql, statement.values)).await,
        }
    }
}

async fn all(kept: &Kept, query: Query<'_, Postgres, SqlxValues>) -> Result<Vec<QueryResult>, DbErr> {
    let mut held = kept.hold().await?;
    let rows = query.fetch_all(&mut *held.connection).await;
    Ok(held.settle(rows, DbErr::Query)?.into_iter().map(Into::into).collect())
}

fn query(sql: &str, values: Option<Values>) -> Query<'_, Postgres, SqlxValues> {
    sqlx::query_with(
        AssertSqlSafe(sql),
        SqlxValues(values.unwrap_or_else(|| Values(Vec::new()))),
    )
}
