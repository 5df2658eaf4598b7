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

/// A response whose body is one event per answer.
pub(crate) fn respond(answers: BoxStream<'static, Answer>) -> Response {
    let mut response = Response::new(Body::from_stream(written(answers)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn written(answers: BoxStream<'static, Answer>) -> impl Stream<Item = Result<String, Infallible>> {
    stream::unfold(Some(answers), |answers| async move {
        let mut answers = answers?;
        Some(match timeout(HEARTBEAT, answers.next()).await {
            Err(_) => (Ok(ALIVE.to_owned()), Some(answers)),
            Ok(None) => (Ok(COMPLETE.to_owned()), None),
            Ok(Some(mut answer)) => {
                answer.errors.iter_mut().for_each(seal);
                let json = serde_json::to_string(&answer).unwrap_or_else(|_| "null".to_owned());
                (Ok(format!("event: next\ndata: {json}\n\n")), Some(answers))
            }
        })
    })
}
