//! The relay: brings what waits in the outbox to the bus, in order, and forgets it there when the bus has it.

use std::time::Duration;

use platform_resilience::Backoff;
use tokio::time::sleep;

use crate::{Envelope, EventError, Events, lease::Lease, outbox};

/// Events brought to the bus at once.
const BATCH: usize = 500;
const AFTER_FAILURE: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(15),
};

/// Runs until the service stops. Of several processes one relays: two would not break anything, only send doubles.
pub(crate) async fn run(events: Events) {
    let lease = Lease::new("relay", &events);
    let shutdown = events.context().shutdown();
    let mut failures = 0;
    while !shutdown.is_cancelled() {
        let relayed = round(&events, &lease).await;
        // Who does not relay need not wake up for what is published.
        let is_relay = matches!(relayed, Ok(true));
        let pause = match relayed {
            Ok(true) => *events.settings().poll,
            Ok(false) => lease.round(),
            Err(error) => {
                failures += 1;
                metrics::counter!("event_relay_failures_total").increment(1);
                match error {
                    // It is told of once, by whoever meets it first.
                    EventError::Bus(_) => tracing::debug!(%error, failures, "events wait in the outbox"),
                    _ => {
                        tracing::warn!(%error, failures, "events wait in the outbox: the relay failed and tries again");
                    }
                }
                AFTER_FAILURE.pause(failures, events.context().random().bytes())
            }
        };
        if is_relay {
            failures = 0;
        }
        tokio::select! {
            () = events.published().notified(), if is_relay => {}
            () = sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
    }
    lease.release().await;
}

/// Relays until nothing waits. `false`: another process does.
async fn round(events: &Events, lease: &Lease) -> Result<bool, EventError> {
    while lease.hold().await? {
        let waiting = outbox::first(events.db().read(), BATCH).await?;
        if waiting.is_empty() {
            return Ok(true);
        }
        let (seqs, batch): (Vec<i64>, Vec<Envelope>) = waiting.into_iter().map(|row| (row.seq, row.envelope)).unzip();
        events.bus().append(&batch).await?;
        outbox::forget(events.db().alone(), &seqs).await?;
        metrics::counter!("events_relayed_total").increment(batch.len() as u64);
        if batch.len() < BATCH {
            // What this process writes from now on wakes the relay; what others write is found when it looks again.
            return Ok(true);
        }
    }
    Ok(false)
}
