//! Plain HTTP/1 to one server, without a task per connection: who waits for an answer drives the connection itself.

use std::{
    error::Error as Cause,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration as Time,
};

use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::{
    body::{Body, Incoming},
    client::conn::{
        TrySendError,
        http1::{self, Connection, SendRequest},
    },
};
use hyper_util::{
    client::{legacy::connect::HttpConnector, proxy::matcher::Matcher},
    rt::TokioIo,
};
use platform_config::ByteSize;
use reqwest::Url;
use tokio::{net::TcpStream, time::Instant};
use tower::ServiceExt;

use crate::{
    client::{AGENT, ClientSettings, Tuning},
    serve::IDLE,
};

const PROBE: Time = Time::from_secs(15);
const PROBES: u32 = 3;

/// Posts to one address. Faster than [`crate::Client`], for who asks the same server thousands of times in a second.
#[derive(Debug)]
pub struct Direct {
    connector: HttpConnector,
    server: Uri,
    path: Uri,
    host: HeaderValue,
    most: usize,
    idle: Mutex<Vec<(Line, Instant)>>,
}

/// What a server answered.
#[derive(Debug)]
pub struct DirectAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
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
    /// The connection broke before the answer was whole.
    #[error("the connection broke")]
    Interrupted(#[source] hyper::Error),
    /// The answer is larger than it may be.
    #[error("the answer is too large")]
    TooLarge,
}

impl Direct {
    /// For an address that needs nothing but HTTP/1: no TLS, no HTTP/2, no compression, no proxy, no password. For
    /// others there is the general client.
    pub fn new(url: &Url, settings: &ClientSettings, tuning: Tuning) -> Option<Self> {
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
            path: path.parse().ok()?,
            host: host.parse().ok()?,
            most: tuning.idle,
            idle: Mutex::default(),
        })
    }

    /// Posts, and reads an answer of at most so many bytes. Redirects are not followed. The caller bounds the time.
    pub async fn post(&self, headers: HeaderMap, body: Bytes, limit: ByteSize) -> Result<DirectAnswer, DirectError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        let headers = request.headers_mut();
        headers.entry(header::HOST).or_insert_with(|| self.host.clone());
        headers
            .entry(header::USER_AGENT)
            .or_insert(const { HeaderValue::from_static(AGENT) });
        let (mut line, response) = loop {
            let (mut line, is_used) = match self.used() {
                Some(line) => (line, true),
                None => (self.connect().await?, false),
            };
            match line.send(request).await {
                Ok(response) => break (line, response),
                // It was closed while nobody used it, and nothing of the request has left.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_used => request = unsent,
                    _ => return Err(DirectError::Interrupted(error.into_error())),
                },
            }
        };
        let (parts, body) = response.into_parts();
        let body = line.read(body, limit).await?;
        if line.is_idle() {
            self.keep(line);
        }
        Ok(DirectAnswer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    async fn connect(&self) -> Result<Line, DirectError> {
        let unreachable = |error: Box<dyn Cause + Send + Sync>| DirectError::Unreachable(error);
        let stream = self.connector.clone().oneshot(self.server.clone());
        let stream = stream.await.map_err(|error| unreachable(error.into()))?;
        let (sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| unreachable(error.into()))?;
        Ok(Line {
            sender,
            connection: Some(Box::pin(connection)),
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Line, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that was used before and is still open.
    fn used(&self) -> Option<Line> {
        loop {
            let (mut line, since) = self.idle().pop()?;
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

/// An open connection.
#[derive(Debug)]
struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// Nothing when it is over.
    connection: Option<Driven>,
}

type Driven = Pin<Box<Connection<TokioIo<TcpStream>, Full<Bytes>>>>;
type Unsent = Box<TrySendError<Request<Full<Bytes>>>>;

impl Line {
    fn drive(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && connection.as_mut().poll(context).is_ready()
        {
            // A request that it was given and has not begun to send comes back when it is dropped.
            self.connection = None;
        }
    }

    /// Whether it takes a request: the other side has neither closed it nor said what nobody asked for.
    fn is_idle(&mut self) -> bool {
        // Nobody waits for it, so nobody is to be woken.
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.connection.is_some() && self.sender.is_ready()
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unsent> {
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|context| {
            self.drive(context);
            answer.as_mut().poll(context).map_err(Box::new)
        })
        .await
    }

    async fn read(&mut self, mut body: Incoming, limit: ByteSize) -> Result<Bytes, DirectError> {
        let announced = body.size_hint().lower();
        if announced > limit.bytes() {
            return Err(DirectError::TooLarge);
        }
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        while let Some(frame) = poll_fn(|context| self.frame(&mut body, context)).await {
            let frame = frame.map_err(DirectError::Interrupted)?;
            let Ok(chunk) = frame.into_data() else { continue };
            if (first.len() + whole.len() + chunk.len()) as u64 > limit.bytes() {
                return Err(DirectError::TooLarge);
            }
            if first.is_empty() && whole.is_empty() {
                first = chunk;
                continue;
            }
            if whole.is_empty() {
                let announced = usize::try_from(announced).unwrap_or_default();
                whole.reserve(announced.max(2 * (first.len() + chunk.len())));
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(match whole.is_empty() {
            true => first,
            false => whole.freeze(),
        })
    }

    fn frame(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>> {
        // Asked first, so that the connection knows that somebody wants more.
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.drive(context);
        Pin::new(body).poll_frame(context)
    }
}
