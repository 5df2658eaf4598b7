//! Events: an outbox in the business transaction, a bus, an inbox at the consumer.
//!
//! A service publishes in the transaction that makes the fact true; the relay brings the event to the bus; every group
//! of every service reads the bus from a position of its own, keeps what it wants in its inbox, and handles it in a
//! transaction that also notes that it is handled. Each step may be repeated and none may be left out, so a process may
//! die anywhere: an event that was committed has its effects in every group exactly once, and the events of one
//! aggregate and key have them in order.
//!
//! ```no_run
//! use platform_database::{Database, Tx};
//! use platform_error::Error;
//! use platform_events::{Cause, Consumers, Event, EventError, Events, Received, WithEvents};
//! use platform_service::{Context, Service};
//! use serde::{Deserialize, Serialize};
//!
//! /// Somebody has registered.
//! #[derive(Serialize, Deserialize)]
//! struct Registered {
//!     user: String,
//! }
//!
//! impl Event for Registered {
//!     const TYPE: &'static str = "users.registered";
//!     const AGGREGATE: &'static str = "users";
//!
//!     fn key(&self) -> String {
//!         self.user.clone()
//!     }
//! }
//!
//! #[derive(Clone)]
//! struct Store {
//!     db: Database,
//!     events: Events,
//! }
//!
//! impl AsRef<Events> for Store {
//!     fn as_ref(&self) -> &Events {
//!         &self.events
//!     }
//! }
//!
//! async fn open(context: Context) -> Result<Store, EventError> {
//!     let db = Database::open(&context, &[platform_events::MIGRATIONS]).await?;
//!     let events = Events::open(&context, &db).await?;
//!     Ok(Store { db, events })
//! }
//!
//! async fn register(store: &Store, user: String) -> Result<(), EventError> {
//!     let tx = store.db.begin().await?;
//!     // … the row is written through `tx` …
//!     store.events.publish(&tx, &Registered { user }, &Cause::default()).await?;
//!     Ok(tx.commit().await?)
//! }
//!
//! async fn welcome(store: &Store, tx: &Tx, event: Received<Registered>) -> Result<(), Error> {
//!     // … what follows from it is written through `tx`, for instance a job that sends a mail …
//!     tracing::info!(user.id = event.user, "somebody is new");
//!     Ok(())
//! }
//!
//! fn service() -> Service {
//!     Service::new("users", 8083)
//!         .open(open)
//!         .events(Consumers::new().on("welcome", welcome))
//!         .into()
//! }
//! ```
//!
//! # Decisions
//!
//! - **A bus is a log that is read from a position**, nothing more ([`Bus`]). Positions, retries, dead letters and
//!   competing members are kept in the consumer's database, beside the effects they belong to. So they are the same on
//!   every bus, a replay is one transaction, and no acknowledgement can get lost between a broker and a database.
//! - **The embedded log is a database of its own called `events`** (`events.db`, or the schema `events`), not a table in
//!   each service's: services of one deployment keep separate databases and must not read each other's, but all of them
//!   must find one log, whichever process they run in. `database.services.events` puts it elsewhere.
//! - **On PostgreSQL appends to the log wait for each other.** Numbers that became visible out of order would let a
//!   reader pass over those committed late.
//! - **A failing event holds up its lane** (aggregate and key) until it succeeds or is a dead letter; then the lane goes
//!   on without it. It holds up nothing else, unless thousands of its lane's events fill the inbox behind it: then the
//!   others wait on the bus.
//! - **Handled events are known for a day longer than the bus keeps events**, so nothing that can be read twice has
//!   effects twice.

mod bus;
mod consumers;
mod dispatch;
mod envelope;
mod error;
mod events;
mod inbox;
mod keeper;
mod lag;
mod lease;
mod letters;
mod outbox;
mod pump;
mod relay;
mod settings;

#[cfg(feature = "kafka")]
pub use crate::bus::KafkaBus;
#[cfg(feature = "nats")]
pub use crate::bus::NatsBus;
pub use crate::{
    bus::{Batch, Bus, EmbeddedBus, LOG_MIGRATIONS, Position, Reader, Start},
    consumers::{Consumers, Handler, WithEvents},
    envelope::{Cause, Envelope, Event, LARGEST, Received},
    error::EventError,
    events::{Events, MIGRATIONS},
    keeper::KNOWN_LONGER,
    lag::{GroupLag, Lag},
    letters::{DeadLetter, Letters, Overtaken},
    settings::{BusKind, Settings},
};
