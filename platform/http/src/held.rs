//! Bodies that keep something while they last, such as answers the permits of their requests.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::{HeaderMap, header},
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::grpc::is_grpc;

/// What a request was given.
pub(crate) struct Permits {
    /// To be here at all.
    pub(crate) _admitted: Option<OwnedSemaphorePermit>,
    /// To be worked on.
    pub(crate) slot: Option<OwnedSemaphorePermit>,
}

impl Permits {
    /// An answer is here until its client has it or is gone, and is worked on until it is whole. Events are neither:
    /// they may come for days, and whoever offers them limits them.
    pub(crate) fn stay_with(self, response: Response) -> Response {
        if response.body().is_end_stream() || is_endless(response.headers()) {
            return response;
        }
        let is_whole = response.body().size_hint().exact().is_some();
        let permits = Self {
            slot: self.slot.filter(|_| !is_whole),
            ..self
        };
        response.map(|body| keeping(body, permits))
    }
}

/// The same body; what it keeps is let go when it is over or dropped.
pub fn keeping(body: Body, kept: impl Send + Unpin + 'static) -> Body {
    Body::new(Held { body, _kept: kept })
}

fn is_endless(headers: &HeaderMap) -> bool {
    let media = headers
        .get(header::CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    is_grpc(headers) || media.starts_with(b"text/event-stream") || media.starts_with(b"multipart/mixed")
}

struct Held<T> {
    body: Body,
    _kept: T,
}

impl<T: Unpin> HttpBody for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
