//! What one request may use: the size of its body, before and after decompression, and its time.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use platform_config::{ByteSize, Duration};
use platform_error::{Code, Error};
use serde_json::json;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::Problem;

/// A request's limits, shared by the middleware that enforces them and a route that changes them.
#[derive(Debug)]
pub(crate) struct Allowance {
    body: AtomicU64,
    milliseconds: AtomicU64,
    exceeded: AtomicBool,
    began: Instant,
    /// Since when the body has been waited for, in milliseconds after the beginning and one more; 0 while it is not.
    awaited: AtomicU64,
}

impl Allowance {
    pub(crate) fn new(body: ByteSize, timeout: Duration) -> Arc<Self> {
        let (body, milliseconds) = (AtomicU64::new(body.bytes()), AtomicU64::new(milliseconds(timeout)));
        Arc::new(Self {
            body,
            milliseconds,
            exceeded: AtomicBool::new(false),
            began: Instant::now(),
            awaited: AtomicU64::new(0),
        })
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// Since when the client has been waited for to send more of the body, while it is.
    pub(crate) fn awaited(&self) -> Option<Instant> {
        let after = self.awaited.load(Relaxed).checked_sub(1)?;
        Some(self.began + std::time::Duration::from_millis(after))
    }

    fn wait(&self) {
        if self.awaited.load(Relaxed) == 0 {
            let after = milliseconds(Duration(self.began.elapsed()));
            self.awaited.store(after + 1, Relaxed);
        }
    }

    fn wait_no_more(&self) {
        self.awaited.store(0, Relaxed);
    }

    pub(crate) fn timeout(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.milliseconds.load(Relaxed))
    }

    /// The refusal to answer with when the body was larger than allowed.
    pub(crate) fn exceeded(&self) -> Option<Problem> {
        self.exceeded.load(Relaxed).then(|| {
            let limit = self.body.load(Relaxed);
            let error = Error::new(Code::Invalid, format!("the body is larger than {}", ByteSize(limit)))
                .with_status(413)
                .with_hint("send it in parts; the limit counts the bytes after decompression")
                .with_details(json!({ "limitBytes": limit }));
            Problem(error)
        })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Gives the routes it is put on a larger (or smaller) body and more (or less) time than the server's default.
pub fn allow(body: ByteSize, timeout: Duration) -> Allow {
    Allow { body, timeout }
}

/// The layer made by [`allow`].
#[derive(Clone, Copy, Debug)]
pub struct Allow {
    body: ByteSize,
    timeout: Duration,
}

impl<S> Layer<S> for Allow {
    type Service = Allowed<S>;

    fn layer(&self, inner: S) -> Allowed<S> {
        Allowed { inner, allow: *self }
    }
}

/// A route with its own limits.
#[derive(Clone, Debug)]
pub struct Allowed<S> {
    inner: S,
    allow: Allow,
}

impl<S: Service<Request>> Service<Request> for Allowed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        if let Some(allowance) = request.extensions().get::<Arc<Allowance>>() {
            allowance.body.store(self.allow.body.bytes(), Relaxed);
            allowance.milliseconds.store(milliseconds(self.allow.timeout), Relaxed);
        }
        self.inner.call(request)
    }
}

/// A body that fails when more has been read of it than allowed, and says when it is waited for.
pub(crate) struct Metered {
    body: Body,
    read: u64,
    allowance: Arc<Allowance>,
}

impl Metered {
    pub(crate) fn wrap(body: Body, allowance: &Arc<Allowance>) -> Body {
        Body::new(Self {
            body,
            read: 0,
            allowance: allowance.clone(),
        })
    }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let limit = self.allowance.body.load(Relaxed);
        if self.read == 0 && self.body.size_hint().lower() > limit {
            return Poll::Ready(Some(Err(self.refuse(limit))));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            self.allowance.wait();
            return Poll::Pending;
        };
        self.allowance.wait_no_more();
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                self.read += frame.data_ref().map_or(0, |data| data.len() as u64);
                Some(if self.read > limit {
                    Err(self.refuse(limit))
                } else {
                    Ok(frame)
                })
            }
            Some(Err(error)) => Some(Err(error.into())),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        self.allowance.wait_no_more();
    }
}

impl Metered {
    fn refuse(&self, limit: u64) -> axum::BoxError {
        self.allowance.exceeded.store(true, Relaxed);
        format!("the body is larger than {}", ByteSize(limit)).into()
    }
}
