//! Connections to PostgreSQL that go from one statement to the next, and turns for all that wants one.
//!
//! Each time a connection comes back to sqlx's pool, the pool asks the server whether it still answers: with statements
//! that are transactions of their own that is every second message. A connection whose statement went well is known to
//! answer, so it waits here for the next one; the pool has it back when a transaction needs it, or when nobody did for
//! a moment.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::connect::{TRUSTED, explained};

/// What to do about turns that do not come. Clients are told only that the database is busy.
const ALL_IN_USE: &str = "all connections of this process to the database are in use: raise database.max-connections, \
    and with it PostgreSQL's max_connections";

type Connection = PoolConnection<Postgres>;

/// The pool's connections, as many of them as there are turns. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    most: usize,
    turns: Arc<Semaphore>,
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The longest idle first.
    idle: Vec<(Connection, Instant)>,
    /// Connections that are idle here, or belong to a turn: never more than the pool has.
    lent: usize,
    is_closed: bool,
}

impl State {
    /// What has been idle for too long to be believed goes back.
    fn stale(&mut self) -> Vec<(Connection, Instant)> {
        let stale = self.idle.partition_point(|(_, since)| since.elapsed() > TRUSTED);
        self.lent -= stale;
        self.idle.drain(..stale).collect()
    }
}

/// The right to one connection, held until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    kept: Kept,
    /// Whether a connection belongs to it. One that it has left here is counted as idle instead.
    is_lent: bool,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_lent {
            self.kept.state().lent -= 1;
        }
    }
}

/// A connection for one statement. Dropped, it goes back to the pool, which looks at what became of it.
pub(crate) struct Held {
    pub(crate) connection: Connection,
    turn: Turn,
}

impl Held {
    /// What a statement came to. One that went well leaves its connection to the next.
    pub(crate) fn settle<T>(self, done: sqlx::Result<T>, kind: fn(RuntimeErr) -> DbErr) -> Result<T, DbErr> {
        let done = done.map_err(|error| kind(RuntimeErr::SqlxError(error.into())))?;
        self.keep();
        Ok(done)
    }

    fn keep(self) {
        let Self { connection, mut turn } = self;
        let kept = turn.kept.clone();
        let mut state = kept.state();
        let stale = state.stale();
        if !state.is_closed {
            // At no moment it is counted twice: who comes in between would look for it in the pool.
            turn.is_lent = false;
            state.idle.push((connection, Instant::now()));
        }
        drop(state);
        drop(stale);
    }
}

impl Kept {
    /// For a pool that nothing else takes connections from; whoever waits for a turn does so for no longer than `patience`.
    pub(crate) fn new(pool: PgPool, patience: Duration) -> Self {
        let most = pool.options().get_max_connections() as usize;
        Self(Arc::new(Inner {
            pool,
            most,
            turns: Arc::new(Semaphore::new(most)),
            patience,
            state: Mutex::default(),
        }))
    }

    /// A connection for one statement.
    pub(crate) async fn hold(&self) -> Result<Held, DbErr> {
        let permit = self.permit().await?;
        let (kept, turn, stale) = {
            let mut state = self.state();
            let stale = state.stale();
            let kept = state.idle.pop();
            // One that was idle here was lent already.
            state.lent += usize::from(kept.is_none());
            (kept, self.turn_of(permit), stale)
        };
        drop(stale);
        let connection = match kept {
            Some((connection, _)) => connection,
            None => match self.0.pool.acquire().await {
                Ok(connection) => connection,
                Err(error) => return Err(self.refused(error).await),
            },
        };
        Ok(Held { connection, turn })
    }

    /// A turn for a transaction, which gets its connection from the pool itself: it will have one.
    pub(crate) async fn turn(&self) -> Result<Turn, DbErr> {
        let permit = self.permit().await?;
        let (turn, spare) = {
            let mut state = self.state();
            let spare = match state.lent == self.0.most {
                true => state.idle.pop(),
                false => None,
            };
            state.lent += usize::from(spare.is_none());
            (self.turn_of(permit), spare)
        };
        drop(spare);
        Ok(turn)
    }

    /// Why somebody who has a turn did not get the connection that goes with it.
    pub(crate) async fn explained(&self, error: DbErr) -> DbErr {
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => self.refused(sqlx::Error::PoolTimedOut).await,
            DbErr::Conn(_) => logged(error),
            error => error,
        }
    }

    async fn refused(&self, error: sqlx::Error) -> DbErr {
        match error {
            sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
            error => logged(explained(&self.0.pool, error).await),
        }
    }

    /// How many connections there are, and how many of them do nothing.
    pub(crate) fn counts(&self) -> (u32, usize) {
        let pool = &self.0.pool;
        (pool.size(), pool.num_idle() + self.state().idle.len())
    }

    /// Closes the pool once all connections are back.
    pub(crate) async fn close(&self) {
        let idle = {
            let mut state = self.state();
            state.is_closed = true;
            state.lent -= state.idle.len();
            mem::take(&mut state.idle)
        };
        drop(idle);
        self.0.pool.close().await;
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let permit = timeout(self.0.patience, self.0.turns.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| {
            tracing::warn!("{ALL_IN_USE}");
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
        })?;
        Ok(permit.expect("the semaphore is never closed"))
    }

    fn turn_of(&self, permit: OwnedSemaphorePermit) -> Turn {
        Turn {
            kept: self.clone(),
            is_lent: true,
            _permit: permit,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients are not told why, so the log is.
fn logged(error: DbErr) -> DbErr {
    tracing::warn!(%error, "the database gives no connection");
    error
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The pool takes a connection back by a task. Where there is no runtime any more the process ends, and they with it.
        if Handle::try_current().is_err() {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(mem::take(&mut state.idle));
        }
    }
}
