//! The client's side of a subscription: WebSocket, server-sent events, or the parts of one answer.

mod body;
mod connection;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures::{
    Stream, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use platform_error::Code;

pub(crate) use body::stream;
pub(crate) use connection::websocket;

use super::{Ending, Slot, Subscription, hub::Item};
use crate::{
    fault::{Fault, Refusal},
    outcome::Outcome,
};

/// What a client gets for an operation.
pub(crate) enum Started {
    /// Answers as they come, a place that is given back at the end, and what ends when the caller is not believed any
    /// more.
    Stream(Subscription, Slot, BoxFuture<'static, ()>),
    /// One answer.
    Single(Box<Outcome>),
}

/// How answers are written into a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Server-sent events.
    Sse,
    /// Parts, as Apollo has them.
    Multipart,
}

/// What a client takes, if it is a body that may last.
pub(crate) fn transport(headers: &HeaderMap) -> Option<Transport> {
    let accepted = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for media in accepted.flat_map(|value| value.split(',')) {
        let media = media.trim().to_ascii_lowercase();
        if is_refused(&media) {
            continue;
        }
        if media.starts_with("text/event-stream") {
            return Some(Transport::Sse);
        }
        if media.starts_with("multipart/mixed") && media.contains("subscriptionspec") {
            return Some(Transport::Multipart);
        }
    }
    None
}

/// Whether a client says of a media type that it does not take it.
fn is_refused(media: &str) -> bool {
    let mut parameters = media.split(';').skip(1);
    let quality = parameters.find_map(|parameter| parameter.trim().strip_prefix("q="));
    quality.is_some_and(|quality| quality.parse() == Ok(0.0_f32))
}

/// The answers to an operation, and its end as the last item: also where it is refused.
fn answers(start: BoxFuture<'static, Result<Started, Refusal>>) -> BoxStream<'static, Item> {
    stream::once(start).map(started).flatten().boxed()
}

fn started(started: Result<Started, Refusal>) -> BoxStream<'static, Item> {
    match started {
        Ok(Started::Single(outcome)) => stream::iter([Ok(outcome.body()), Err(Ending::Complete)]).boxed(),
        Ok(Started::Stream(subscription, slot, expiry)) => until_the_end(subscription, slot, expiry).boxed(),
        Err(refusal) => stream::iter([Err(Ending::Failed(refusal.faults))]).boxed(),
    }
}

/// A subscription says its end again and again; here it says it once and gives back its place.
fn until_the_end(subscription: Subscription, slot: Slot, expiry: BoxFuture<'static, ()>) -> impl Stream<Item = Item> {
    stream::unfold(Some((subscription, slot, expiry)), |state| async move {
        let (mut subscription, slot, mut expiry) = state?;
        let item = tokio::select! {
            item = subscription.next() => item?,
            () = &mut expiry => Err(Ending::Expired),
        };
        let left = item.is_ok().then_some((subscription, slot, expiry));
        Some((item, left))
    })
}

/// The errors that a client reads at the end of a subscription that did not complete.
fn errors(ending: &Ending) -> Option<Bytes> {
    let faults = match ending {
        Ending::Complete => return None,
        Ending::Failed(faults) => faults.clone(),
        Ending::TooSlow => vec![Fault::new(
            Code::RateLimited,
            "events came faster than this client took them; subscribe again, or ask for less",
        )],
        Ending::Expired => vec![Fault::new(
            Code::Unauthenticated,
            "the token has expired, or its session has ended; sign in and subscribe again",
        )],
        Ending::Stopped => vec![Fault::new(Code::Unavailable, "the gateway stops; subscribe again")],
    };
    Some(serde_json::to_vec(&faults).unwrap_or_else(|_| b"[]".to_vec()).into())
}
