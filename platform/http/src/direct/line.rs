//! One open connection, and one exchange over it after the other: a request goes out, an answer comes in whole.

use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use axum::http::HeaderName;
use bytes::{Buf, Bytes, BytesMut};
use platform_config::ByteSize;
use tokio::{io::AsyncWrite, net::TcpStream};
use tokio_util::io::poll_read_buf;

use super::{
    DirectAnswer, DirectError,
    head::{Framing, Head, chunk, malformed},
};

/// How much is read at a time where nothing is known, in bytes.
const PIECE: usize = 4 << 10;
/// The most that is made ready for an answer because the one before was so large.
const GUESS: usize = 64 << 10;
/// The longest line about a chunk, and all fields behind the last one, in bytes.
const CHUNK_TALK: usize = 16 << 10;

/// A connection and what has come over it.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    read: BytesMut,
    /// How much of the request has left.
    sent: usize,
    /// How large the next answer may be, if it is like the last one.
    guess: usize,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            read: BytesMut::new(),
            sent: 0,
            guess: PIECE,
        }
    }

    /// Whether it takes a request: the other side has neither closed it nor said what nobody asked for.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    pub(super) fn has_sent_nothing(&self) -> bool {
        self.sent == 0
    }

    /// Sends a request and reads its answer; and whether the connection can be used for another one.
    pub(super) async fn ask(
        &mut self,
        request: &[u8],
        wanted: &[HeaderName],
        limit: ByteSize,
    ) -> Result<(DirectAnswer, bool), DirectError> {
        self.sent = 0;
        self.read.reserve(self.guess);
        let head = loop {
            match Head::take_from(&mut self.read, wanted)? {
                Some(head) if head.status.is_informational() => {}
                Some(head) => break head,
                None => self.more(request).await?,
            }
        };
        let body = match head.framing {
            Framing::Length(length) => self.sized(request, length, limit).await?,
            Framing::Chunked => self.chunked(request, limit).await?,
            Framing::ToTheEnd => self.until_closed(request, limit).await?,
        };
        let is_over = self.read.is_empty() && self.sent == request.len();
        // Nothing is held for who waits for nothing.
        self.read = BytesMut::new();
        let answer = DirectAnswer {
            status: head.status,
            headers: head.headers,
            body,
        };
        Ok((answer, head.stays_open && is_over))
    }

    async fn sized(&mut self, request: &[u8], length: u64, limit: ByteSize) -> Result<Bytes, DirectError> {
        let length = match usize::try_from(length) {
            Ok(size) if length <= limit.bytes() => size,
            _ => return Err(DirectError::TooLarge),
        };
        while self.read.len() < length {
            // With room for one more byte, so that nothing is left to be asked for when all has come.
            self.read.reserve(length - self.read.len() + 1);
            self.more(request).await?;
        }
        self.guess = (length + length / 8 + PIECE).min(GUESS);
        let mut body = mem::take(&mut self.read);
        if body.len() > length {
            self.read = body.split_off(length);
        }
        Ok(body.freeze())
    }

    async fn until_closed(&mut self, request: &[u8], limit: ByteSize) -> Result<Bytes, DirectError> {
        while self.read.len() as u64 <= limit.bytes() {
            if self.turn(request).await? == 0 {
                return Ok(mem::take(&mut self.read).freeze());
            }
        }
        Err(DirectError::TooLarge)
    }

    async fn chunked(&mut self, request: &[u8], limit: ByteSize) -> Result<Bytes, DirectError> {
        let mut body = BytesMut::new();
        loop {
            let size = loop {
                match chunk(&mut self.read)? {
                    Some(size) => break size,
                    None if self.read.len() > CHUNK_TALK => return Err(malformed("a chunk tells no size").into()),
                    None => self.more(request).await?,
                }
            };
            if size.saturating_add(body.len() as u64) > limit.bytes() {
                return Err(DirectError::TooLarge);
            }
            let Ok(size @ 1..) = usize::try_from(size) else { break };
            while self.read.len() < size + 2 {
                self.more(request).await?;
            }
            body.extend_from_slice(&self.read[..size]);
            if !self.read[size..].starts_with(b"\r\n") {
                return Err(malformed("a chunk is not as long as it says").into());
            }
            self.read.advance(size + 2);
        }
        self.pass_trailers(request).await?;
        Ok(body.freeze())
    }

    async fn pass_trailers(&mut self, request: &[u8]) -> Result<(), DirectError> {
        let mut passed = 0;
        while passed + self.read.len() <= CHUNK_TALK {
            match self.read.windows(2).position(|end| end == b"\r\n") {
                Some(0) => {
                    self.read.advance(2);
                    return Ok(());
                }
                Some(length) => {
                    self.read.advance(length + 2);
                    passed += length + 2;
                }
                None => self.more(request).await?,
            }
        }
        Err(malformed("too much stands behind the last chunk").into())
    }

    async fn more(&mut self, request: &[u8]) -> io::Result<()> {
        match self.turn(request).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Waits until something has come, and tells how much: nothing at the end. What is left of the request leaves meanwhile.
    async fn turn(&mut self, request: &[u8]) -> io::Result<usize> {
        self.read.reserve(1);
        poll_fn(|context| self.poll(request, context)).await
    }

    fn poll(&mut self, request: &[u8], context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while self.sent < request.len() {
            match Pin::new(&mut self.stream).poll_write(context, &request[self.sent..]) {
                Poll::Ready(Ok(written @ 1..)) => self.sent += written,
                // Whoever takes no more may have said why. Otherwise reading fails as well.
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        poll_read_buf(Pin::new(&mut self.stream), context, &mut self.read)
    }
}
