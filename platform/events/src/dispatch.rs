//! Hands what waits in the inbox to the handlers: lanes beside each other, the events of a lane one after the other.

use std::panic::AssertUnwindSafe;

use futures::{FutureExt, future::join_all};
use platform_error::{Code, Error};
use platform_resilience::Backoff;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    EventError,
    consumers::Member,
    inbox::{self, Claim, Claimed, Failed},
};

/// Lanes that one worker takes at a time.
const LANES: usize = 8;
/// Events of one lane that are handled before other lanes have their turn.
const TURN: u32 = 64;
const LONGEST_ERROR: usize = 500;

/// Runs until the service stops; what is being handled then is handled to its end.
pub(crate) async fn run<S: Send + Sync>(member: &Member<'_, S>) {
    let workers = inbox::workers(member.events.db().kind(), member.events.settings().concurrency);
    join_all((0..workers).map(|_| work(member))).await;
}

async fn work<S: Send + Sync>(member: &Member<'_, S>) {
    let shutdown = member.events.context().shutdown();
    let mut may_be_more = false;
    while !shutdown.is_cancelled() {
        let lanes = match claim_lanes(member, may_be_more).await {
            Ok(lanes) => lanes,
            Err(error) => {
                tracing::warn!(event.group = member.name, %error, "events wait in the inbox: they cannot be claimed");
                Vec::new()
            }
        };
        if !lanes.is_empty() {
            if lanes.len() == LANES {
                // There may be more: one more worker has a look, and wakes the next if so.
                member.arrived.notify_one();
            }
            handle_lanes(member, lanes).await;
            may_be_more = false;
            continue;
        }
        // One of those that have nothing to do looks at the clock for all of them.
        let look = async {
            let _watch = member.watch.lock().await;
            sleep(*member.events.settings().poll).await;
        };
        may_be_more = tokio::select! {
            () = member.arrived.notified() => true,
            () = look => false,
            () = shutdown.cancelled() => break,
        };
    }
}

/// Looks before it claims, unless it knows that something is there: a claim waits for others that write.
async fn claim_lanes<S>(member: &Member<'_, S>, may_be_more: bool) -> Result<Vec<Claimed>, EventError> {
    let db = member.events.db();
    if !may_be_more && inbox::ready(db.read(), member.name, 1).await? == 0 {
        return Ok(Vec::new());
    }
    inbox::claim(db.alone(), member.name, claim(member), LANES).await
}

fn claim<S>(member: &Member<'_, S>) -> Claim {
    let now = member.events.context().clock().now();
    let settings = member.events.settings();
    Claim {
        owner: member.events.owner(),
        now,
        until: now + *settings.handler_timeout + *settings.lease,
    }
}

/// Handles lanes one after the other for as long as they are this worker's, and leaves the others to whoever is free.
async fn handle_lanes<S: Send + Sync>(member: &Member<'_, S>, lanes: Vec<Claimed>) {
    let claimed = Instant::now();
    for first in lanes {
        if claimed.elapsed() < *member.events.settings().lease {
            handle_lane(member, first).await;
        } else {
            note(member, &first, Failed::Untried, String::new()).await;
            member.arrived.notify_one();
        }
    }
}

/// Handles a lane's first event and those behind it, until one fails, none is left or other lanes are due.
async fn handle_lane<S: Send + Sync>(member: &Member<'_, S>, first: Claimed) {
    let mut next = Some(first);
    let mut handled = 0;
    while let Some(event) = next.take() {
        if handled >= TURN || member.events.context().shutdown().is_cancelled() {
            note(member, &event, Failed::Untried, String::new()).await;
            return;
        }
        handled += 1;
        let started = Instant::now();
        let attempt = AssertUnwindSafe(attempt(member, &event)).catch_unwind();
        let error = match timeout(*member.events.settings().handler_timeout, attempt).await {
            Ok(Ok(Ok(following))) => {
                next = following;
                None
            }
            Ok(Ok(Err(error))) => Some(error),
            Ok(Err(_)) => Some(Error::internal("the handler panicked")),
            Err(_) => Some(Error::new(
                Code::Timeout,
                "the handler took longer than events.handler-timeout",
            )),
        };
        metrics::histogram!("event_handling_seconds", "group" => member.name).record(started.elapsed().as_secs_f64());
        if let Some(error) = error {
            fail(member, &event, &error).await;
        }
    }
}

/// The effects, the note that they are there and the claim on what comes next: one transaction.
async fn attempt<S: Send + Sync>(member: &Member<'_, S>, event: &Claimed) -> Result<Option<Claimed>, Error> {
    if u32::try_from(event.attempts).unwrap_or(u32::MAX) > member.events.settings().attempts {
        // The attempts before did not even fail: each time the process died with them.
        return Err(Error::new(Code::Invalid, "no attempt came to an end"));
    }
    let tx = member.events.db().begin().await?;
    if !inbox::settle(&tx, event, claim(member)).await? {
        return Ok(None);
    }
    let kind = event.envelope.r#type.as_str();
    let handle = member.group.handlers.get(kind);
    let handle = handle.ok_or_else(|| Error::new(Code::Unavailable, format!("nothing here handles {kind}")))?;
    handle(member.store, &tx, event.envelope.clone()).await?;
    let next = inbox::claim_next(&tx, member.name, &event.envelope.lane(), claim(member)).await?;
    tx.commit().await?;
    metrics::counter!("events_handled_total", "group" => member.name).increment(1);
    Ok(next)
}

async fn fail<S>(member: &Member<'_, S>, event: &Claimed, error: &Error) {
    let (context, settings) = (member.events.context(), member.events.settings());
    let attempts = u32::try_from(event.attempts).unwrap_or(u32::MAX);
    let is_dead = error.code() == Code::Invalid || attempts >= settings.attempts;
    let cause = error.causes();
    metrics::counter!("event_failures_total", "group" => member.name).increment(1);
    let (id, kind) = (event.envelope.id, &event.envelope.r#type);
    let failed = if is_dead {
        tracing::error!(event.group = member.name, event.id = %id, event.type = kind, attempts, %error, cause,
            "an event is a dead letter");
        Failed::Dead
    } else {
        tracing::warn!(event.group = member.name, event.id = %id, event.type = kind, attempts, %error, cause,
            "an event could not be handled and is tried again");
        let backoff = Backoff {
            first: *settings.first_retry,
            longest: *settings.longest_retry,
        };
        Failed::Again(context.clock().now() + backoff.pause(attempts, context.random().bytes()))
    };
    note(member, event, failed, error.in_full(LONGEST_ERROR)).await;
}

async fn note<S>(member: &Member<'_, S>, event: &Claimed, failed: Failed, error: String) {
    let db = member.events.db().alone();
    if let Err(error) = inbox::fail(db, event, claim(member), (failed, error)).await {
        tracing::warn!(event.group = member.name, %error, "a failure could not be noted; the event's lease runs out");
    }
}
