//! Answers as the events or the parts of a body that lasts.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, sleep_until};

use super::{Started, Transport, errors, started};
use crate::{
    fault::Refusal,
    subscribe::hub::{Ending, Item},
};

/// Answers an operation with a body that lasts. A refusal is left to the caller, who knows how to say it; but clients
/// of server-sent events read no other body, so they are told there what is wrong with their operation.
pub(crate) fn stream(
    transport: Transport,
    heartbeat: Duration,
    operation: Result<Started, Refusal>,
) -> Result<Response, Refusal> {
    let answers = started(match operation {
        Err(refusal) if transport != Transport::Sse || !refusal.is_about_the_operation() => return Err(refusal),
        operation => operation,
    });
    let mut response = Response::new(Body::from_stream(written(transport, heartbeat, answers)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, transport.content_type());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Said, so that nothing on the way compresses it: a compressor keeps events back until it has enough of them.
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Transport {
    /// What clients say that take it.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::Multipart => "multipart/mixed",
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Sse => "text/event-stream; charset=utf-8",
            Self::Multipart => "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
        })
    }

    fn opening(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Sse => b":\n\n",
            Self::Multipart => b"--graphql",
        })
    }

    fn alive(self) -> Bytes {
        match self {
            Self::Sse => Bytes::from_static(b":\n\n"),
            Self::Multipart => part(b"{", b"", b"}"),
        }
    }

    fn next(self, answer: &[u8]) -> Bytes {
        match self {
            Self::Sse => event(answer),
            Self::Multipart => part(b"{\"payload\":", answer, b"}"),
        }
    }

    fn end(self, ending: &Ending) -> Bytes {
        let errors = errors(ending);
        match (self, errors) {
            (Self::Sse, None) => Bytes::from_static(b"event: complete\ndata:\n\n"),
            (Self::Sse, Some(errors)) => joined(&[
                b"event: next\ndata: {\"errors\":",
                &errors,
                b"}\n\nevent: complete\ndata:\n\n",
            ]),
            (Self::Multipart, None) => Bytes::from_static(b"--\r\n"),
            (Self::Multipart, Some(errors)) => {
                joined(&[&part(b"{\"payload\":null,\"errors\":", &errors, b"}"), b"--\r\n"])
            }
        }
    }
}

/// A line break would end the field or the event, so each becomes a space: outside of strings, which have none, JSON
/// takes one for the other. Scalars that came in as they are may have some.
fn event(answer: &[u8]) -> Bytes {
    const OPENING: &[u8] = b"event: next\ndata: ";
    let mut out = BytesMut::with_capacity(OPENING.len() + answer.len() + 2);
    out.put_slice(OPENING);
    out.put_slice(answer);
    for byte in &mut out[OPENING.len()..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.put_slice(b"\n\n");
    out.freeze()
}

/// The next boundary goes out with each part: clients hand an event on when they see what follows it.
fn part(before: &[u8], content: &[u8], after: &[u8]) -> Bytes {
    joined(&[
        b"\r\ncontent-type: application/json\r\n\r\n",
        before,
        content,
        after,
        b"\r\n--graphql",
    ])
}

fn joined(pieces: &[&[u8]]) -> Bytes {
    let mut out = BytesMut::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    pieces.iter().for_each(|piece| out.put_slice(piece));
    out.freeze()
}

struct Writing {
    transport: Transport,
    heartbeat: Duration,
    /// Nothing after the end.
    answers: Option<BoxStream<'static, Item>>,
    is_open: bool,
}

fn written(
    transport: Transport,
    heartbeat: Duration,
    answers: BoxStream<'static, Item>,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let writing = Writing {
        transport,
        heartbeat,
        answers: Some(answers),
        is_open: false,
    };
    stream::unfold(writing, |mut writing| async move {
        Some((Ok(writing.next().await?), writing))
    })
}

impl Writing {
    async fn next(&mut self) -> Option<Bytes> {
        let answers = self.answers.as_mut()?;
        if !std::mem::replace(&mut self.is_open, true) {
            return Some(self.transport.opening());
        }
        let quiet = sleep_until(Instant::now() + self.heartbeat);
        let item = tokio::select! {
            item = answers.next() => item.unwrap_or(Err(Ending::Complete)),
            () = quiet => return Some(self.transport.alive()),
        };
        Some(match item {
            Ok(answer) => self.transport.next(&answer),
            Err(ending) => {
                self.answers = None;
                self.transport.end(&ending)
            }
        })
    }
}
