//! A bus of which is told, once, that it went away, and once that it is back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Batch, Bus, Position, Reader, Start};
use crate::{Envelope, EventError};

/// A service's bus, as all that use it find it.
#[derive(Debug)]
pub(crate) struct Watched {
    bus: Arc<dyn Bus>,
    link: Arc<Link>,
}

/// What was last told.
#[derive(Debug)]
struct Link {
    service: &'static str,
    is_away: AtomicBool,
}

impl Link {
    /// Passes on what came of a call. Only one that the bus must have answered tells that it is there.
    fn seen<T>(&self, done: Result<T, EventError>, answers: impl FnOnce(&T) -> bool) -> Result<T, EventError> {
        let service = self.service;
        match &done {
            Err(error @ EventError::Bus(_)) if !self.is_away.swap(true, Relaxed) => tracing::warn!(
                service,
                %error,
                "the event bus does not answer: until it does, events wait in the outbox and on the bus"
            ),
            Ok(answer) if answers(answer) && self.is_away.swap(false, Relaxed) => {
                tracing::info!(service, "the event bus answers again");
            }
            _ => {}
        }
        done
    }
}

impl Watched {
    pub(crate) fn new(bus: Arc<dyn Bus>, service: &'static str) -> Self {
        let is_away = AtomicBool::new(false);
        Self {
            bus,
            link: Arc::new(Link { service, is_away }),
        }
    }
}

#[async_trait]
impl Bus for Watched {
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError> {
        self.link.seen(self.bus.append(events).await, |()| !events.is_empty())
    }

    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError> {
        let reader = self.link.seen(self.bus.reader(from).await, |_| true)?;
        let link = self.link.clone();
        Ok(Box::new(WatchedReader { reader, link }))
    }

    async fn position(&self, start: Start) -> Result<Position, EventError> {
        // Some buses know their beginning without asking.
        self.link
            .seen(self.bus.position(start).await, |_| start != Start::Beginning)
    }

    async fn trim(&self, before: DateTime<Utc>) -> Result<(), EventError> {
        self.bus.trim(before).await
    }

    async fn forget(&self, lane: &str, before: Uuid) -> Result<(), EventError> {
        self.bus.forget(lane, before).await
    }
}

struct WatchedReader {
    reader: Box<dyn Reader>,
    link: Arc<Link>,
}

#[async_trait]
impl Reader for WatchedReader {
    async fn next(&mut self, most: usize, wait: Duration) -> Result<Batch, EventError> {
        let batch = self.reader.next(most, wait).await;
        // Without events it may only have waited.
        self.link.seen(batch, |batch| !batch.events.is_empty())
    }
}
