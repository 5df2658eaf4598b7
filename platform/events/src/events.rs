//! A service's events: what it publishes, and what operators may ask about what it received.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use platform_database::{Database, Migrations, Tx, migration};
use platform_service::Context;
use tokio::{sync::Notify, time::sleep};
use uuid::Uuid;

use crate::{
    Bus, Cause, DeadLetter, Envelope, Event, EventError, Lag, Letters, Overtaken, Position, Settings, Start, bus,
    bus::Watched,
    keeper, lag,
    letters::{self, Replay},
    outbox, relay,
};

/// The tables of outbox and inbox, for `Database::open`.
pub const MIGRATIONS: Migrations = &[migration!("events_0001", split), migration!("events_0002")];

/// How far the clocks of two machines may differ.
const SKEW: TimeDelta = TimeDelta::minutes(5);
const AFTER_PANIC: Duration = Duration::from_secs(1);
/// How long to wait for the first event of a bus that may have none.
const LOOK: Duration = Duration::from_secs(1);

/// A service's events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Events(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    context: Context,
    db: Database,
    bus: Arc<dyn Bus>,
    settings: Settings,
    owner: Uuid,
    published: Arc<Notify>,
}

impl Events {
    /// Events of the service whose database `db` is, on the bus of section `[events]`. From now on what is published
    /// is relayed, until the service stops.
    pub async fn open(context: &Context, db: &Database) -> Result<Self, EventError> {
        let settings = settings(context)?;
        let bus = bus::open(context, &settings).await?;
        Self::on(bus, context, db)
    }

    /// Events on a bus that is open already.
    pub fn on(bus: Arc<dyn Bus>, context: &Context, db: &Database) -> Result<Self, EventError> {
        let events = Self::at_rest(Arc::new(Watched::new(bus, context.service())), context, db)?;
        events.keep("event relay", relay::run);
        events.keep("event keeper", keeper::run);
        Ok(events)
    }

    /// The same for somebody who looks and leaves again: nothing is relayed and nothing forgotten by this process.
    pub async fn look(context: &Context, db: &Database) -> Result<Self, EventError> {
        let bus = bus::open(context, &settings(context)?).await?;
        Self::at_rest(bus, context, db)
    }

    fn at_rest(bus: Arc<dyn Bus>, context: &Context, db: &Database) -> Result<Self, EventError> {
        Ok(Self(Arc::new(Inner {
            context: context.clone(),
            db: db.clone(),
            bus,
            settings: settings(context)?,
            owner: context.ids().v4(),
            published: Arc::default(),
        })))
    }

    /// Publishes an event: when `tx` is committed it will reach every group, and when it is not it never happened.
    ///
    /// Events of one key keep the order of their transactions where these lock the row that they are about first;
    /// so publish after writing it.
    pub async fn publish<E: Event>(&self, tx: &Tx, event: &E, cause: &Cause) -> Result<Uuid, EventError> {
        let id = self.context().ids().v7();
        let data = serde_json::to_value(event);
        let envelope = Envelope {
            id,
            r#type: E::TYPE.into(),
            version: E::VERSION,
            aggregate: E::AGGREGATE.into(),
            key: event.key(),
            workspace: cause.workspace,
            actor: cause.actor.clone(),
            time: self.context().clock().now(),
            correlation: cause.correlation.unwrap_or(id),
            causation: cause.causation,
            data: data.map_err(|error| EventError::Unwritable(E::TYPE, error.to_string()))?,
        };
        outbox::write(tx, E::TYPE, &envelope).await?;
        metrics::counter!("events_published_total", "type" => E::TYPE).increment(1);
        let published = self.0.published.clone();
        tx.on_commit(move || published.notify_one());
        Ok(id)
    }

    /// Dead letters that fit, at most `most` and never more than a thousand.
    pub async fn letters(&self, wanted: &Letters, most: u16) -> Result<Vec<DeadLetter>, EventError> {
        letters::list(self.db(), wanted, most.min(1_000)).await
    }

    /// How far the outbox and every group of this service have come.
    pub async fn lag(&self) -> Result<Lag, EventError> {
        lag::measure(self).await
    }

    /// When the oldest event happened that the bus still keeps: so far a replay reaches back.
    pub async fn oldest(&self) -> Result<Option<DateTime<Utc>>, EventError> {
        let mut reader = self.bus().reader(&Position::default()).await?;
        let first = reader.next(1, LOOK).await?;
        Ok(first.events.first().map(|event| event.time))
    }

    /// Lets a dead letter be tried again.
    pub async fn retry(&self, group: &str, id: Uuid, overtaken: Overtaken) -> Result<(), EventError> {
        let revived = letters::revive(self.db(), group, (Some(id), overtaken), self.now());
        revived.await.map(drop)
    }

    /// Lets all dead letters of a group be tried again, and says how many there were.
    pub async fn retry_all(&self, group: &str, overtaken: Overtaken) -> Result<u64, EventError> {
        letters::revive(self.db(), group, (None, overtaken), self.now()).await
    }

    /// Throws a dead letter away.
    pub async fn discard(&self, group: &str, id: Uuid) -> Result<(), EventError> {
        letters::discard(self.db(), group, id, self.now()).await
    }

    /// Forgets the events about somebody who is gone: of these aggregates, with the key of the event that says so, what
    /// came before it on the bus, where that can find it, and the dead letters of this service. Call it where that event
    /// is handled; other groups that have not read what came before have nothing to forget then.
    pub async fn forget(&self, tx: &Tx, gone: &Envelope, aggregates: &[&str]) -> Result<(), EventError> {
        for aggregate in aggregates {
            let lane = gone.lane_of(aggregate);
            letters::forget(tx, &lane, self.now()).await?;
            self.bus().forget(&lane, gone.id).await?;
        }
        Ok(())
    }

    /// Lets a group handle again everything that happened from `since` on and that the bus still keeps, and its dead
    /// letters from then on. The handlers run again: they must be such that this is what is wanted, for instance after
    /// their table was emptied.
    pub async fn replay(&self, group: &str, since: DateTime<Utc>) -> Result<(), EventError> {
        let replay = Replay {
            since,
            from: self.bus().position(Start::At(since - SKEW)).await?,
            // Events come to the bus in another order than they happened in, though not by much.
            kept_since: self.oldest().await?.map(|oldest| oldest + SKEW),
        };
        letters::replay(self.db(), group, &replay, self.now()).await
    }

    /// Forgets what is older than the settings keep. It happens by itself every few minutes.
    pub async fn forget_old(&self) -> Result<(), EventError> {
        keeper::forget(self).await
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.context.clock().now()
    }

    /// Runs a loop beside the service; a panic does not end it.
    fn keep<Fut>(&self, name: &'static str, run: fn(Self) -> Fut)
    where
        Fut: Future<Output = ()> + Send + 'static,
    {
        let events = self.clone();
        self.context().spawn(name, async move {
            while AssertUnwindSafe(run(events.clone())).catch_unwind().await.is_err() {
                tracing::error!(task.name = name, "a task panicked and begins again");
                sleep(AFTER_PANIC).await;
            }
        });
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    pub(crate) fn db(&self) -> &Database {
        &self.0.db
    }

    pub(crate) fn bus(&self) -> &dyn Bus {
        &*self.0.bus
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// This process among those that share the database.
    pub(crate) fn owner(&self) -> Uuid {
        self.0.owner
    }

    pub(crate) fn published(&self) -> &Notify {
        &self.0.published
    }
}

fn settings(context: &Context) -> Result<Settings, EventError> {
    context.section::<Settings>("events")?.checked()
}
