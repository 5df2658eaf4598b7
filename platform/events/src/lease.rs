//! Who of several processes does what only one should do at a time. Nothing depends on it for being right: a lease
//! keeps others from doing the same work again.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use platform_database::{orm::Value, sql};
use tokio::time::Instant;

use crate::{EventError, Events};

/// A named lease of one process.
pub(crate) struct Lease {
    name: String,
    events: Events,
    /// When it was renewed last, while it is held.
    renewed: Mutex<Option<Instant>>,
}

impl Lease {
    pub(crate) fn new(name: impl Into<String>, events: &Events) -> Self {
        Self {
            name: name.into(),
            events: events.clone(),
            renewed: Mutex::default(),
        }
    }

    /// Whether this process has the lease now. Asking renews it, when half of it is over.
    pub(crate) async fn hold(&self) -> Result<bool, EventError> {
        let is_fresh = |renewed: Instant| renewed.elapsed() < self.round();
        if self
            .renewed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(is_fresh)
        {
            return Ok(true);
        }
        let asked = Instant::now();
        let now = self.events.context().clock().now();
        let values: [Value; 4] = [
            self.name.clone().into(),
            self.events.owner().into(),
            (now + *self.events.settings().lease).into(),
            now.into(),
        ];
        let insert = "insert into event_lease (name, owner, held_until) values ($1, $2, $3)
            on conflict (name) do update set owner = excluded.owner, held_until = excluded.held_until
            where event_lease.owner = excluded.owner or event_lease.held_until < $4";
        let is_held = sql::execute(self.events.db().alone(), insert, values).await? == 1;
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = is_held.then_some(asked);
        Ok(is_held)
    }

    /// How long a process that holds it may go on before it must ask again, and how often the others ask.
    pub(crate) fn round(&self) -> Duration {
        *self.events.settings().lease / 2
    }

    /// Lets the next process have it at once.
    pub(crate) async fn release(&self) {
        let delete = "delete from event_lease where name = $1 and owner = $2";
        let values = [self.name.clone().into(), self.events.owner().into()];
        if let Err(error) = sql::execute(self.events.db().alone(), delete, values).await {
            tracing::debug!(lease = self.name, %error, "a lease was not given back and runs out");
        }
    }
}
