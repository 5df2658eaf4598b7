//! Keeps the tables small and says how they are: what is old goes, and what waits is measured.

use std::time::Duration;

use chrono::TimeDelta;
use platform_database::Database;
use tokio::time::sleep;

use crate::{EventError, Events, inbox, outbox, sql};

const REPORT: Duration = Duration::from_secs(15);
const FORGET: Duration = Duration::from_secs(300);
/// Doubles are known for longer than the bus keeps what could be read twice.
const LONGER: TimeDelta = TimeDelta::days(1);

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
    let (waiting, since) = outbox::waiting(events.db().read()).await?;
    let age = since.map_or(0.0, |since| (events.context().clock().now() - since).as_seconds_f64());
    metrics::gauge!("event_outbox_waiting", "service" => service).set(waiting as f64);
    metrics::gauge!("event_outbox_age_seconds", "service" => service).set(age);
    let select = "select c.group_name, coalesce(sum(case when i.state = 'ready' then 1 else 0 end), 0) as ready,
            coalesce(sum(case when i.state = 'dead' then 1 else 0 end), 0) as dead
        from event_cursor c left join event_inbox i on i.group_name = c.group_name and i.state in ('ready', 'dead')
        group by c.group_name";
    for row in sql::all(events.db().read(), select, []).await? {
        let group: String = row.try_get("", "group_name")?;
        for state in ["ready", "dead"] {
            let count: i64 = row.try_get("", state)?;
            metrics::gauge!("event_inbox_waiting", "service" => service, "group" => group.clone(), "state" => state)
                .set(count as f64);
        }
    }
    Ok(())
}

/// Forgets what is older than the settings keep.
pub(crate) async fn forget(events: &Events) -> Result<(), EventError> {
    let (now, settings) = (events.context().clock().now(), events.settings());
    let kept = TimeDelta::from_std(*settings.retention).unwrap_or(TimeDelta::MAX / 4);
    let dead = TimeDelta::from_std(*settings.keep_dead).unwrap_or(TimeDelta::MAX / 4);
    events.bus().trim(now - kept).await?;
    slices(events.db(), "done", now - kept - LONGER).await?;
    slices(events.db(), "dead", now - dead).await
}

async fn slices(db: &Database, state: &str, before: chrono::DateTime<chrono::Utc>) -> Result<(), EventError> {
    loop {
        let tx = db.begin().await?;
        let more = inbox::forget(&tx, state, before).await?;
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}
