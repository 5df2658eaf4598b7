//! What a bus is to us: a log that keeps the order of each key, is read from a position, and outlives its readers.

mod embedded;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(any(feature = "nats", feature = "kafka"))]
mod lanes;
#[cfg(feature = "nats")]
mod nats;
mod position;
mod watched;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use platform_service::Context;
use uuid::Uuid;

#[cfg(feature = "kafka")]
pub use self::kafka::KafkaBus;
#[cfg(feature = "nats")]
pub use self::nats::NatsBus;
pub use self::{
    embedded::{EmbeddedBus, LOG_MIGRATIONS},
    position::Position,
};
pub(crate) use watched::Watched;

use crate::{Envelope, EventError, Settings, settings::BusKind};

/// A log of events. What was appended is there until the retention is over, in the order of each lane.
#[async_trait]
pub trait Bus: fmt::Debug + Send + Sync + 'static {
    /// Appends events, those of one lane in this order, and comes back when they are durable. After an error some of
    /// them may be there; appending them again makes doubles at worst, never another order of their first copies.
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError>;

    /// Begins to read.
    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError>;

    /// Where to begin.
    async fn position(&self, start: Start) -> Result<Position, EventError>;

    /// Forgets what was appended before a time, where the bus does not do so itself.
    async fn trim(&self, _before: DateTime<Utc>) -> Result<(), EventError> {
        Ok(())
    }

    /// Forgets the events of a lane that came before an event, where the bus finds them by their lane; elsewhere they go
    /// when the retention is over.
    async fn forget(&self, _lane: &str, _before: Uuid) -> Result<(), EventError> {
        Ok(())
    }
}

/// Reads a bus from a position on.
#[async_trait]
pub trait Reader: Send {
    /// The next events, as soon as there are some, and at most `most`; none when `wait` is over. After an error the
    /// reader is of no more use: begin a new one from the last position.
    async fn next(&mut self, most: usize, wait: Duration) -> Result<Batch, EventError>;
}

/// Events read at once, and where to go on.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The events, in the order of each lane.
    pub events: Vec<Envelope>,
    /// The position after them.
    pub next: Position,
}

/// Where a group that is new begins, or a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the oldest event that the bus keeps.
    #[default]
    Beginning,
    /// With the next event.
    End,
    /// With what was appended from this time on. It may begin earlier.
    At(DateTime<Utc>),
}

/// The bus that the settings name.
pub(crate) async fn open(context: &Context, settings: &Settings) -> Result<Arc<dyn Bus>, EventError> {
    match settings.bus {
        BusKind::Embedded => Ok(Arc::new(EmbeddedBus::shared(context, *settings.poll).await?)),
        #[cfg(feature = "nats")]
        BusKind::Nats => Ok(Arc::new(NatsBus::new(settings)?)),
        #[cfg(not(feature = "nats"))]
        BusKind::Nats => Err(EventError::NotBuilt("nats")),
        #[cfg(feature = "kafka")]
        BusKind::Kafka => Ok(Arc::new(KafkaBus::new(settings)?)),
        #[cfg(not(feature = "kafka"))]
        BusKind::Kafka => Err(EventError::NotBuilt("kafka")),
    }
}

/// Where to begin in a part of the bus that has the events from `oldest` to before `end`. A position beyond the end is
/// of a log that is no more: what is appended to this one would be passed over until its numbers get there.
fn begin(from: &Position, part: i32, (oldest, end): (i64, i64)) -> Result<i64, EventError> {
    match from.next(part) {
        Some(next) if next < oldest || next > end => Err(EventError::Trimmed(format!(
            "event {next} of part {part}, which has those from {oldest} to before {end}"
        ))),
        next => Ok(next.unwrap_or(oldest)),
    }
}

/// Reads an envelope, or says loudly that something else is in the log. What cannot be read is passed over: it would
/// stop every group for good.
fn decode(bytes: &[u8], at: impl fmt::Display) -> Option<Envelope> {
    match serde_json::from_slice(bytes) {
        Ok(envelope) => Some(envelope),
        Err(error) => {
            metrics::counter!("events_unreadable_total").increment(1);
            tracing::error!(event.position = %at, %error, "what the bus holds here is no event and is passed over");
            None
        }
    }
}
