//! A transaction, with what happens once it is committed.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult, PrimaryKeyTrait, QueryResult,
    QuerySelect, Statement, prelude::Uuid, sea_query::LockType,
};

use crate::{DatabaseError, kept::Turn, whole::Whole};

type After = Box<dyn FnOnce() + Send>;

/// A transaction that may write. Dropping it undoes everything.
pub struct Tx {
    inner: DatabaseTransaction,
    after: Mutex<Vec<After>>,
    /// Given back after the connection.
    turn: Option<Turn>,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction, turn: Option<Turn>) -> Self {
        Self {
            inner,
            after: Mutex::default(),
            turn,
        }
    }

    /// Runs `after` once the transaction is committed, and never otherwise: to wake who waits for what was written.
    pub fn on_commit(&self, after: impl FnOnce() + Send + 'static) {
        let mut waiting = self.after.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Box::new(after));
    }

    /// Lifts the bound on the time of a statement, for what touches many rows or waits for other processes.
    pub async fn take_time(&self) -> Result<(), DatabaseError> {
        if self.inner.get_database_backend() == DbBackend::Postgres {
            self.inner.execute_unprepared("set local statement_timeout = 0").await?;
        }
        Ok(())
    }

    /// A row, held until the transaction ends, so that of two who write at once the second sees what the first has done:
    /// whoever holds it too waits, whoever only refers to it does not. On SQLite a transaction has the database to itself.
    pub async fn hold<E>(&self, id: Uuid) -> Result<Option<E::Model>, DbErr>
    where
        E: EntityTrait,
        Uuid: Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
    {
        E::find_by_id(id).lock(LockType::NoKeyUpdate).one(self).await
    }

    /// Makes everything durable, or nothing. It goes on also where nobody waits for it any more: the database may have
    /// committed then, and those who wait for what was written are to be woken.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        let waiting = self.after.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (inner, turn) = (self.inner, self.turn);
        let committed = Whole::new(async move {
            let committed = inner.commit().await;
            drop(turn);
            if committed.is_ok() {
                waiting.into_iter().for_each(|after| after());
            }
            committed
        });
        Ok(committed.await?)
    }

    /// Undoes everything, at once instead of when the connection is used next.
    pub async fn rollback(self) -> Result<(), DatabaseError> {
        Ok(self.inner.rollback().await?)
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
