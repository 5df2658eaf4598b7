//! Keeps the tables small and says how they are: what is old goes, and what waits is measured.

use std::time::Duration;

use platform_database::Database;
use tokio::time::sleep;

use crate::{EventError, Events, inbox, lag};

const REPORT: Duration = Duration::from_secs(15);
const FORGET: Duration = Duration::from_secs(300);
/// How long handled events are known after the bus has forgotten them, so that nothing that could be read twice is
/// handled twice.
pub const KNOWN_LONGER: Duration = Duration::from_secs(24 * 3600);

/// Runs until the service stops.
pub(crate) async fn run(events: Events) {
    let shutdown = events.context().shutdown();
    let mut since_forgotten = FORGET;
    while !shutdown.is_cancelled() {
        let mut done = report(&events).await;
        if since_forgotten >= FORGET {
            since_forgotten = Duration::ZERO;
            done = done.and(forget(&events).await);
        }
        if let Err(error) = done {
            tracing::warn!(%error, "the event tables could not be kept; it is tried again");
        }
        tokio::select! {
            () = sleep(REPORT) => since_forgotten += REPORT,
            () = shutdown.cancelled() => {}
        }
    }
}

async fn report(events: &Events) -> Result<(), EventError> {
    let service = events.context().service();
    let lag = lag::of_tables(events).await?;
    let since = lag.waiting_since;
    let age = since.map_or(0.0, |since| (events.context().clock().now() - since).as_seconds_f64());
    metrics::gauge!("event_outbox_waiting", "service" => service).set(lag.waiting as f64);
    metrics::gauge!("event_outbox_age_seconds", "service" => service).set(age);
    for group in lag.groups {
        for (state, count) in [("ready", group.ready), ("dead", group.dead)] {
            let name = group.group.clone();
            metrics::gauge!("event_inbox_waiting", "service" => service, "group" => name, "state" => state)
                .set(count as f64);
        }
    }
    Ok(())
}

/// Forgets what is older than the settings keep.
pub(crate) async fn forget(events: &Events) -> Result<(), EventError> {
    let (clock, settings) = (events.context().clock(), events.settings());
    events.bus().trim(clock.ago(*settings.retention)).await?;
    let known = settings.retention.saturating_add(KNOWN_LONGER);
    slices(events.db(), "done", clock.ago(known)).await?;
    slices(events.db(), "dead", clock.ago(*settings.keep_dead)).await
}

async fn slices(db: &Database, state: &str, before: chrono::DateTime<chrono::Utc>) -> Result<(), EventError> {
    while inbox::forget(db.alone(), state, before).await? {}
    Ok(())
}
