//! The embedded bus: an append-only table in a database of the deployment, shared by all services and processes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use platform_database::{Database, Kind, Migrations, Settings as DatabaseSettings, Tx, migration, orm::Value, sql};
use platform_service::{Clock, Context};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{Batch, Bus, Position, Reader, Start, begin, decode};
use crate::{Envelope, EventError};

/// The log's tables, in the database called `events`.
pub const LOG_MIGRATIONS: Migrations = &[migration!("event_log_0001", split), migration!("event_log_0002", split)];

/// The name of the database that holds the log, as if it were a service.
const DATABASE: &str = "events";
/// Rows of one statement: SQLite and PostgreSQL both bound the number of parameters.
const ROWS: usize = 500;
/// Rows forgotten in one transaction, so that none holds up who appends.
const FORGET: i64 = 5_000;

type Logs = Mutex<HashMap<String, Weak<Log>>>;

/// An append-only table that all services of a deployment share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EmbeddedBus(Arc<Log>);

struct Log {
    db: Database,
    clock: Clock,
    poll: Duration,
    appended: watch::Sender<()>,
}

impl EmbeddedBus {
    /// Opens the log that the settings name: `events.db` in the data directory, or the schema `events`. The services
    /// of one process share one, and with it its connections and its wake-up.
    pub async fn shared(context: &Context, poll: Duration) -> Result<Self, EventError> {
        static LOGS: std::sync::LazyLock<Logs> = std::sync::LazyLock::new(Logs::default);
        let settings: DatabaseSettings = context.section("database")?;
        let url = settings.services.0.get(DATABASE).unwrap_or(&settings.url).expose();
        let key = format!("{} {url}", context.data_dir().display());
        let known = || {
            LOGS.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&key)
                .and_then(Weak::upgrade)
        };
        if let Some(log) = known() {
            return Ok(Self(log));
        }
        let opened = Arc::new(Log::open(context, poll).await?);
        let mut logs = LOGS.lock().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|_, log| log.strong_count() > 0);
        // Somebody else may have opened it meanwhile; the first one stays.
        if let Some(log) = logs.get(&key).and_then(Weak::upgrade) {
            return Ok(Self(log));
        }
        logs.insert(key, Arc::downgrade(&opened));
        Ok(Self(opened))
    }
}

impl Log {
    async fn open(context: &Context, poll: Duration) -> Result<Self, EventError> {
        Ok(Self {
            db: Database::open(&context.named(DATABASE), &[LOG_MIGRATIONS]).await?,
            clock: context.clock().clone(),
            poll,
            appended: watch::Sender::new(()),
        })
    }

    async fn begin(&self) -> Result<Tx, EventError> {
        let tx = self.db.begin().await?;
        if self.db.kind() == Kind::Postgres {
            // Numbers must become visible in their order, or a reader would pass over those committed late.
            let lock = "select pg_advisory_xact_lock(hashtextextended(current_schema() || '.event_log', 0))";
            sql::all(&tx, lock, []).await?;
        }
        Ok(tx)
    }

    async fn read(&self, from: i64, most: usize) -> Result<Vec<(i64, String)>, EventError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let select = "select seq, envelope from event_log where seq >= $1 order by seq limit $2";
        let rows = sql::all(self.db.read(), select, [from.into(), most.into()]).await?;
        let row =
            |row: platform_database::orm::QueryResult| Ok((row.try_get("", "seq")?, row.try_get("", "envelope")?));
        rows.into_iter().map(row).collect()
    }

    async fn number(&self, select: &str, values: impl IntoIterator<Item = Value>) -> Result<Option<i64>, EventError> {
        let row = sql::one(self.db.read(), select, values).await?;
        Ok(row
            .map(|row| row.try_get::<Option<i64>>("", "number"))
            .transpose()?
            .flatten())
    }

    /// The number of the oldest event that is kept.
    async fn oldest(&self) -> Result<i64, EventError> {
        let oldest = self
            .number("select before as number from event_log_trimmed", [])
            .await?;
        Ok(oldest.unwrap_or(1))
    }

    /// The number after that of the newest event, which may be kept no more.
    async fn end(&self) -> Result<i64, EventError> {
        let select = "select coalesce(max(seq), 0) + 1 as number from event_log";
        let after_all = self.number(select, []).await?;
        Ok(after_all.unwrap_or(1).max(self.oldest().await?))
    }

    /// Forgets one slice of what is old, and says whether there may be more.
    async fn trim_slice(&self, before: DateTime<Utc>) -> Result<bool, EventError> {
        let select = "select max(seq) as number from (select seq, appended_at from event_log order by seq limit $1) old
                      where appended_at < $2";
        let Some(last) = self.number(select, [FORGET.into(), before.into()]).await? else {
            return Ok(false);
        };
        let tx = self.db.begin().await?;
        let forgotten = sql::execute(&tx, "delete from event_log where seq <= $1", [last.into()]).await?;
        let values: [Value; 1] = [(last + 1).into()];
        sql::execute(
            &tx,
            "update event_log_trimmed set before = $1 where before < $1",
            values,
        )
        .await?;
        tx.commit().await?;
        Ok(forgotten == FORGET.unsigned_abs())
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

#[async_trait]
impl Bus for EmbeddedBus {
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError> {
        let tx = self.0.begin().await?;
        for events in events.chunks(ROWS) {
            let mut values = Vec::<Value>::with_capacity(events.len() * 4);
            for event in events {
                let text = serde_json::to_string(event).map_err(EventError::bus)?;
                values.extend([
                    event.id.into(),
                    self.0.clock.now().into(),
                    event.lane().into(),
                    text.into(),
                ]);
            }
            let rows = sql::rows(events.len(), 4);
            let insert = format!(
                "insert into event_log (id, appended_at, lane, envelope) values {rows} on conflict (id) do nothing"
            );
            sql::execute(&tx, &insert, values).await?;
        }
        tx.commit().await?;
        self.0.appended.send_replace(());
        Ok(())
    }

    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError> {
        let (oldest, end) = (self.0.oldest().await?, self.0.end().await?);
        Ok(Box::new(LogReader {
            log: self.0.clone(),
            next: begin(from, 0, (oldest, end))?,
            appended: self.0.appended.subscribe(),
            is_behind: true,
        }))
    }

    async fn position(&self, start: Start) -> Result<Position, EventError> {
        let time = match start {
            Start::Beginning => return Ok(Position::default()),
            Start::End => return Ok(Position::single(self.0.end().await?)),
            Start::At(time) => time,
        };
        let select = "select min(seq) as number from event_log where appended_at >= $1";
        let next = match self.0.number(select, [time.into()]).await? {
            Some(next) => next,
            None => self.0.end().await?,
        };
        Ok(Position::single(next.max(self.0.oldest().await?)))
    }

    async fn trim(&self, before: DateTime<Utc>) -> Result<(), EventError> {
        while self.0.trim_slice(before).await? {}
        Ok(())
    }

    async fn forget(&self, lane: &str, before: Uuid) -> Result<(), EventError> {
        let delete = "delete from event_log where lane = $1 and seq < (select seq from event_log where id = $2)";
        sql::execute(self.0.db.alone(), delete, [lane.into(), before.into()]).await?;
        Ok(())
    }
}

struct LogReader {
    log: Arc<Log>,
    next: i64,
    appended: watch::Receiver<()>,
    /// Whether there may be events that were not read yet.
    is_behind: bool,
}

#[async_trait]
impl Reader for LogReader {
    async fn next(&mut self, most: usize, wait: Duration) -> Result<Batch, EventError> {
        let deadline = Instant::now() + wait;
        // What another process appends is found by looking again, and more may follow it.
        let mut is_found = false;
        loop {
            if self.is_behind {
                // Seen before the query, so that no append between it and the wait is missed.
                self.appended.mark_unchanged();
                let rows = self.log.read(self.next, most).await?;
                self.is_behind = rows.len() == most || (is_found && !rows.is_empty());
                if let Some((last, _)) = rows.last() {
                    self.next = last + 1;
                }
                if !rows.is_empty() || Instant::now() >= deadline {
                    let events = rows.iter().filter_map(|(seq, text)| decode(text.as_bytes(), seq));
                    return Ok(Batch {
                        events: events.collect(),
                        next: Position::single(self.next),
                    });
                }
            }
            let again = deadline.min(Instant::now() + self.log.poll);
            is_found = tokio::select! {
                _ = self.appended.changed() => false,
                () = sleep_until(again) => true,
            };
            self.is_behind = true;
        }
    }
}
