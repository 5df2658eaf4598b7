//! Plain HTTP/1 to one server, without a task per connection: who waits for an answer drives the connection itself.

mod head;
mod line;

use std::{
    error::Error as Cause,
    io::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration as Time,
};

use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use bytes::Bytes;
use hyper_util::client::{legacy::connect::HttpConnector, proxy::matcher::Matcher};
use platform_config::ByteSize;
use reqwest::Url;
use tokio::time::Instant;
use tower::ServiceExt;

use crate::{
    client::{AGENT, ClientSettings, Tuning},
    serve::IDLE,
};
use line::Line;

const PROBE: Time = Time::from_secs(15);
const PROBES: u32 = 3;

/// Posts to one address. Faster than [`crate::Client`], for who asks the same server thousands of times in a second.
#[derive(Debug)]
pub struct Direct {
    connector: HttpConnector,
    server: Uri,
    host: String,
    /// How every request begins.
    opening: String,
    wanted: Box<[HeaderName]>,
    most: usize,
    idle: Mutex<Vec<(Line, Instant)>>,
}

/// What a server answered.
#[derive(Debug)]
pub struct DirectAnswer {
    /// The status.
    pub status: StatusCode,
    /// Those of its headers that were asked for.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DirectError {
    /// There is no connection.
    #[error("cannot connect")]
    Unreachable(#[source] Box<dyn Cause + Send + Sync>),
    /// The connection broke before the answer was whole, or what came is not HTTP/1.
    #[error("the connection broke")]
    Interrupted(#[from] io::Error),
    /// The answer is larger than it may be.
    #[error("the answer is too large")]
    TooLarge,
}

impl Direct {
    /// For an address that needs nothing but HTTP/1: no TLS, no HTTP/2, no compression, no proxy, no password. For
    /// others there is the general client. Of an answer's headers it gives those that are `wanted`.
    pub fn new(url: &Url, settings: &ClientSettings, tuning: Tuning, wanted: &[HeaderName]) -> Option<Self> {
        let has_password = !url.username().is_empty() || url.password().is_some();
        if url.scheme() != "http" || tuning.http2 || tuning.compression || has_password {
            return None;
        }
        let host = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str()?),
            None => url.host_str()?.to_owned(),
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let server: Uri = format!("http://{host}/").parse().ok()?;
        if Matcher::from_system().intercept(&server).is_some() {
            return None;
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(*settings.connect_timeout));
        connector.set_nodelay(true);
        connector.set_keepalive(Some(PROBE));
        connector.set_keepalive_interval(Some(PROBE));
        connector.set_keepalive_retries(Some(PROBES));
        Some(Self {
            connector,
            server,
            host,
            opening: format!("POST {path} HTTP/1.1\r\n"),
            wanted: wanted.into(),
            most: tuning.idle,
            idle: Mutex::default(),
        })
    }

    /// Posts, and reads an answer of at most so many bytes. Redirects are not followed. The caller bounds the time, and
    /// gives no headers that are for one connection or tell a length.
    pub async fn post(&self, headers: &HeaderMap, body: &[u8], limit: ByteSize) -> Result<DirectAnswer, DirectError> {
        let request = self.request(headers, body);
        loop {
            let (mut line, is_used) = match self.used() {
                Some(line) => (line, true),
                None => (self.connect().await?, false),
            };
            match line.ask(&request, &self.wanted, limit).await {
                Ok((answer, stays_open)) => {
                    if stays_open {
                        self.keep(line);
                    }
                    return Ok(answer);
                }
                // It was closed while nobody used it.
                Err(DirectError::Interrupted(_)) if is_used && line.has_sent_nothing() => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn request(&self, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
        const PER_HEADER: usize = 64;
        let mut request = Vec::with_capacity(body.len() + self.opening.len() + (headers.len() + 5) * PER_HEADER);
        request.extend_from_slice(self.opening.as_bytes());
        let mut header = |name: &HeaderName, value: &[u8]| {
            for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
                request.extend_from_slice(part);
            }
        };
        for (name, usual) in [(header::HOST, self.host.as_str()), (header::USER_AGENT, AGENT)] {
            if !headers.contains_key(&name) {
                header(&name, usual.as_bytes());
            }
        }
        for (name, value) in headers {
            header(name, value.as_bytes());
        }
        // Nothing fails that is written to memory.
        let _ = write!(request, "content-length: {}\r\n\r\n", body.len());
        request.extend_from_slice(body);
        request
    }

    async fn connect(&self) -> Result<Line, DirectError> {
        let stream = self.connector.clone().oneshot(self.server.clone()).await;
        let stream = stream.map_err(|error| DirectError::Unreachable(error.into()))?;
        Ok(Line::new(stream.into_inner()))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Line, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that was used before and is still open.
    fn used(&self) -> Option<Line> {
        loop {
            let (line, since) = self.idle().pop()?;
            if since.elapsed() < IDLE && line.is_idle() {
                return Some(line);
            }
        }
    }

    fn keep(&self, line: Line) {
        let now = Instant::now();
        let mut idle = self.idle();
        // The last one comes first, so those that are needed no more are in front.
        if idle.first().is_some_and(|(_, since)| now - *since >= IDLE) {
            idle.remove(0);
        }
        if idle.len() < self.most {
            idle.push((line, now));
        }
    }
}
