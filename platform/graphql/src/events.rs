//! Subscriptions as server-sent events, in the distinct connections mode of graphql-sse.

use std::{convert::Infallible, time::Duration};

use async_graphql::Response as Answer;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::seal;

const MEDIA_TYPE: &str = "text/event-stream";
/// How often a quiet stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
const ALIVE: &str = ":\n\n";
const COMPLETE: &str = "event: complete\ndata:\n\n";

/// Whether a client asks for events.
pub(crate) fn are_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|media| media.trim().to_ascii_lowercase().starts_with(MEDIA_TYPE))
}

/// A response whose body is one event per answer, and ends early when `stopping` is cancelled.
pub(crate) fn respond(answers: BoxStream<'static, Answer>, stopping: CancellationToken) -> Response {
    let mut response = Response::new(Body::from_stream(written(answers, stopping)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn written(
    answers: BoxStream<'static, Answer>,
    stopping: CancellationToken,
) -> impl Stream<Item = Result<String, Infallible>> {
    stream::unfold((Some(answers), stopping), |(answers, stopping)| async move {
        let mut answers = answers?;
        let next = tokio::select! {
            biased;
            // Nothing says that it is complete, because it is not: the client is to subscribe again.
            () = stopping.cancelled() => return None,
            next = timeout(HEARTBEAT, answers.next()) => next,
        };
        let (written, answers) = match next {
            Err(_) => (Ok(ALIVE.to_owned()), Some(answers)),
            Ok(None) => (Ok(COMPLETE.to_owned()), None),
            Ok(Some(mut answer)) => {
                answer.errors.iter_mut().for_each(seal);
                let json = serde_json::to_string(&answer).unwrap_or_else(|_| "null".to_owned());
                (Ok(format!("event: next\ndata: {json}\n\n")), Some(answers))
            }
        };
        Some((written, (answers, stopping)))
    })
}
