//! The pump: reads the bus for one group and keeps what it wants in the inbox, together with how far it has read.

use std::time::Duration;

use platform_resilience::Backoff;
use tokio::time::{Instant, sleep};

use crate::{Batch, EventError, Position, Reader, consumers::Member, inbox, lease::Lease};

const BATCH: usize = 500;
/// So many events may wait in an inbox; the others wait on the bus.
const MOST_READY: u64 = 5_000;
/// How long to wait for events before asking whether a replay has moved the group back.
const WAIT: Duration = Duration::from_secs(1);
/// How long a position beyond events that nobody here wants is not written down: who dies meanwhile reads them again.
const UNWRITTEN: Duration = Duration::from_secs(1);
const FULL: Duration = Duration::from_millis(100);
const AFTER_FAILURE: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(15),
};

/// Runs until the service stops. Of several processes one reads: two would only read the same again.
pub(crate) async fn run<S: Send + Sync>(member: &Member<'_, S>) {
    let context = member.events.context();
    let lease = Lease::new(format!("pump {}", member.name), member.events);
    let shutdown = context.shutdown();
    let mut failures = 0;
    while !shutdown.is_cancelled() {
        let began = Instant::now();
        let read = tokio::select! {
            read = read(member, &lease) => read,
            () = shutdown.cancelled() => break,
        };
        if read.is_ok() || began.elapsed() > AFTER_FAILURE.longest {
            failures = 0;
        }
        let pause = match read {
            Ok(pause) => pause,
            Err(error) => {
                failures += 1;
                metrics::counter!("event_pump_failures_total", "group" => member.name).increment(1);
                let group = member.name;
                match error {
                    // It is told of once, by whoever meets it first.
                    EventError::Bus(_) => {
                        tracing::debug!(event.group = group, %error, failures, "events cannot be read")
                    }
                    _ => {
                        tracing::warn!(event.group = group, %error, failures, "events cannot be read and are tried again");
                    }
                }
                AFTER_FAILURE.pause(failures, context.random().bytes())
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
    }
    lease.release().await;
}

/// How far a group has come, as its database says.
struct Written {
    position: Position,
    at: Instant,
}

/// Reads for as long as nothing moves the group's position but this.
async fn read<S: Send + Sync>(member: &Member<'_, S>, lease: &Lease) -> Result<Duration, EventError> {
    if !lease.hold().await? {
        return Ok(lease.round());
    }
    let mut position = position(member).await?;
    let mut reader = reader(member, &mut position).await?;
    let at = Instant::now();
    let mut written = Written { position, at };
    // Counted anew when it is used up.
    let mut room = 0;
    loop {
        if !lease.hold().await? {
            return Ok(lease.round());
        }
        if room == 0 {
            room = MOST_READY - inbox::ready(member.events.db().read(), member.name, MOST_READY).await?;
        }
        if room == 0 {
            sleep(FULL).await;
            continue;
        }
        let batch = reader.next(BATCH, WAIT.min(lease.round())).await?;
        match keep(member, &mut written, &batch).await? {
            Some(kept) => room = room.saturating_sub(kept),
            None => return Ok(Duration::ZERO),
        }
    }
}

/// Keeps what is wanted of a batch together with the position after it, and says how much that was; a position after
/// what nobody wants is written without haste. Nothing comes back where a replay has moved the group.
async fn keep<S>(member: &Member<'_, S>, written: &mut Written, batch: &Batch) -> Result<Option<u64>, EventError> {
    let db = member.events.db();
    let wanted = |event: &crate::Envelope| member.group.handlers.contains_key(event.r#type.as_str());
    let is_wanted = batch.events.iter().any(wanted);
    if !is_wanted && written.at.elapsed() < UNWRITTEN {
        return Ok(Some(0));
    }
    written.at = Instant::now();
    if batch.next == written.position {
        let is_unmoved = inbox::cursor(db.read(), member.name).await?.as_ref() == Some(&written.position);
        return Ok(is_unmoved.then_some(0));
    }
    let tx = db.begin().await?;
    if !inbox::advance(&tx, member.name, &written.position, &batch.next).await? {
        return Ok(None);
    }
    let kept = inbox::receive(&tx, member.name, batch, wanted, member.events.context().clock().now()).await?;
    tx.commit().await?;
    written.position = batch.next.clone();
    if is_wanted {
        metrics::counter!("events_received_total", "group" => member.name).increment(kept);
        member.arrived.notify_one();
    }
    Ok(Some(kept))
}

async fn position<S>(member: &Member<'_, S>) -> Result<Position, EventError> {
    let db = member.events.db();
    if let Some(position) = inbox::cursor(db.read(), member.name).await? {
        return Ok(position);
    }
    let start = member.events.bus().position(member.group.start).await?;
    let tx = db.begin().await?;
    inbox::begin(&tx, member.name, &start).await?;
    tx.commit().await?;
    Ok(inbox::cursor(db.read(), member.name).await?.unwrap_or(start))
}

/// A reader; where the retention has overtaken the group, or the bus was replaced, it is said loudly and the group goes
/// on with what is there. What it has had before is known in its inbox.
async fn reader<S>(member: &Member<'_, S>, at: &mut Position) -> Result<Box<dyn Reader>, EventError> {
    let bus = member.events.bus();
    let lost = match bus.reader(at).await {
        Err(EventError::Trimmed(what)) => what,
        reader => return reader,
    };
    metrics::counter!("events_lost_to_retention_total", "group" => member.name).increment(1);
    tracing::error!(
        event.group = member.name,
        lost,
        "the bus does not have what this group was to read next, which goes on with the oldest that is there; make \
         events.retention longer, unless the bus was replaced, and reconcile"
    );
    let oldest = Position::default();
    let tx = member.events.db().begin().await?;
    inbox::advance(&tx, member.name, at, &oldest).await?;
    tx.commit().await?;
    *at = oldest;
    bus.reader(at).await
}
