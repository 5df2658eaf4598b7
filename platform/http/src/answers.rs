//! What clients have yet to take of their answers: a body ends long before its last byte has left, and nobody else says
//! when that is.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, sleep};

/// The most of an answer that is handed on at once over HTTP/2, so that a slow client is seen to take something.
const PIECE: usize = 64 << 10;
/// Answers remembered before those that were taken are forgotten: more than a connection has under way.
const MANY: usize = 1_024;

/// The answers of one connection over HTTP/2, where a client may leave single ones lying.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Vec<Weak<Answer>>>);

impl Answers {
    /// Notes from now on what the client takes of an answer.
    pub(crate) fn watch(&self, body: Body) -> Body {
        let body = Taken::new(body, PIECE);
        let mut all = lock(&self.0);
        if all.len() >= MANY {
            all.retain(|answer| answer.strong_count() > 0);
        }
        all.push(Arc::downgrade(&body.answer));
        Body::new(body)
    }

    /// Waits until the client has taken nothing of one of them for so long.
    pub(crate) async fn stalled(&self, patience: Duration) {
        while !lock(&self.0)
            .iter()
            .filter_map(Weak::upgrade)
            .any(|answer| answer.is_stalled(patience))
        {
            sleep((patience / 4).max(Duration::from_millis(1))).await;
        }
    }
}

/// The same body; what it holds is let go when the client has its last byte.
pub(crate) fn kept_until_taken(body: Body) -> Body {
    Body::new(Taken::new(body, usize::MAX))
}

/// An answer as long as anything of it is here.
struct Answer {
    handed: Mutex<Handed>,
    /// The body that has given everything.
    over: Mutex<Body>,
}

/// What was handed on and has not left.
struct Handed {
    pieces: usize,
    /// When the client began to be waited for, or last took one.
    since: Instant,
}

impl Answer {
    fn hand(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        let mut handed = lock(&self.handed);
        if handed.pieces == 0 {
            handed.since = Instant::now();
        }
        handed.pieces += 1;
        drop(handed);
        let answer = self.clone();
        Bytes::from_owner(Piece { bytes, answer })
    }

    fn is_stalled(&self, patience: Duration) -> bool {
        let handed = lock(&self.handed);
        handed.pieces > 0 && handed.since.elapsed() >= patience
    }
}

/// Bytes that tell when they are needed no more.
struct Piece {
    bytes: Bytes,
    answer: Arc<Answer>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut handed = lock(&self.answer.handed);
        handed.pieces -= 1;
        handed.since = Instant::now();
    }
}

/// A body cut into pieces.
struct Taken {
    body: Body,
    largest: usize,
    left: Bytes,
    answer: Arc<Answer>,
}

impl Taken {
    fn new(body: Body, largest: usize) -> Self {
        let handed = Handed {
            pieces: 0,
            since: Instant::now(),
        };
        Self {
            body,
            largest,
            left: Bytes::new(),
            answer: Arc::new(Answer {
                handed: Mutex::new(handed),
                over: Mutex::default(),
            }),
        }
    }
}

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.left = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let size = self.left.len().min(self.largest);
        let piece = self.left.split_to(size);
        Poll::Ready(Some(Ok(Frame::data(self.answer.hand(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (left, rest) = (self.left.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(left + rest.lower());
        if let Some(upper) = rest.upper() {
            hint.set_upper(left + upper);
        }
        hint
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *lock(&self.answer.over) = std::mem::take(&mut self.body);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
