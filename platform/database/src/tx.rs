//! A transaction that may write, and what happens once it is committed.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::DatabaseError;

type After = Box<dyn FnOnce() + Send>;

/// A transaction that may write. Dropping it undoes everything.
pub struct Tx {
    inner: DatabaseTransaction,
    after: Mutex<Vec<After>>,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction) -> Self {
        Self {
            inner,
            after: Mutex::default(),
        }
    }

    /// Runs `after` once the transaction is committed, and never otherwise: to wake who waits for what was written.
    pub fn on_commit(&self, after: impl FnOnce() + Send + 'static) {
        let mut waiting = self.after.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Box::new(after));
    }

    /// Makes everything durable, or nothing.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        self.inner.commit().await?;
        let waiting = self.after.into_inner().unwrap_or_else(PoisonError::into_inner);
        waiting.into_iter().for_each(|after| after());
        Ok(())
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
