//! One connection from its first bytes to its end: HTTP/1 or HTTP/2, bounded against slow and greedy clients.

use std::{
    convert::Infallible,
    future::pending,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration as Time,
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Method, Version, header, uri::Authority},
    response::Response,
};
use bytes::Bytes;
use futures::FutureExt;
use hyper::{
    Request,
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use platform_error::{Code, Error};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    App, Network, ServeSettings, ServerTls,
    answers::{Answers, kept_until_taken},
    proxies,
    socket::Socket,
    stack::refuse,
};

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const STREAMS_PER_CONNECTION: u32 = 200;
/// A year: who came by TLS comes by TLS.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What all connections of a listener share.
pub(crate) struct Served {
    pub(crate) app: App,
    pub(crate) tls: Option<ServerTls>,
    pub(crate) proxies: Arc<[Network]>,
    pub(crate) settings: ServeSettings,
    pub(crate) shutdown: CancellationToken,
}

/// A connection after its first bytes, and whether it speaks HTTP/2.
enum Greeted {
    Plain(Socket, bool),
    Tls(Box<tokio_rustls::server::TlsStream<Socket>>, bool),
}

impl Greeted {
    /// The caller bounds the time.
    async fn by(socket: Socket, tls: Option<&ServerTls>) -> io::Result<Self> {
        // Answers are written whole; waiting to fill a packet only delays them.
        socket.stream.set_nodelay(true)?;
        let Some(tls) = tls else {
            let is_http2 = speaks_http2(&socket.stream).await?;
            return Ok(Self::Plain(socket, is_http2));
        };
        let stream = tls.acceptor().accept(socket).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Self::Tls(Box::new(stream), is_http2))
    }
}

impl Served {
    /// Answers what comes over a socket, until either side has had enough.
    pub(crate) async fn answer(self: Arc<Self>, socket: Socket, peer: SocketAddr) {
        let greeting = timeout(*self.settings.header_timeout, Greeted::by(socket, self.tls.as_ref()));
        let greeted = tokio::select! {
            greeted = greeting => greeted,
            () = self.shutdown.cancelled() => return,
        };
        match greeted {
            Ok(Ok(Greeted::Plain(stream, is_http2))) => self.run(stream, peer, is_http2).await,
            Ok(Ok(Greeted::Tls(stream, is_http2))) => self.run(*stream, peer, is_http2).await,
            Ok(Err(error)) => tracing::debug!(%error, "a connection did not begin well"),
            Err(_) => tracing::debug!("a connection sent nothing"),
        }
    }

    async fn run<S>(self: Arc<Self>, stream: S, peer: SocketAddr, is_http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answers = is_http2.then(Arc::<Answers>::default);
        let (served, watched) = (self.clone(), answers.clone());
        let service = service_fn(move |request| {
            let (served, watched) = (served.clone(), watched.clone());
            async move { Ok::<_, Infallible>(served.respond(request, peer, watched.as_deref()).await) }
        });
        let builder = self.builder(is_http2);
        let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let patience = *self.settings.stall_timeout;
        let early = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = stalled(answers.as_deref(), patience) => {
                metrics::counter!("http_stalled_connections_total").increment(1);
                None
            }
            () = self.shutdown.cancelled() => None,
        };
        let ended = match early {
            Some(ended) => ended,
            None => {
                // No request may begin here any more. What is under way gets the time to end.
                connection.as_mut().graceful_shutdown();
                let cut = sleep(patience).then(|()| stalled(answers.as_deref(), patience));
                tokio::select! {
                    ended = connection => ended,
                    () = cut => Err("its client took nothing of an answer".into()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }

    async fn respond(&self, request: Request<Incoming>, peer: SocketAddr, answers: Option<&Answers>) -> Response {
        let is_whole = Arc::new(AtomicBool::new(request.body().is_end_stream()));
        let mut request = request.map(|body| {
            let is_whole = is_whole.clone();
            Body::new(Watched { body, is_whole })
        });
        let client = proxies::client(peer, &self.proxies, request.headers());
        request.extensions_mut().insert(ConnectInfo(client));
        let asks_for_head = request.method() == Method::HEAD;
        let mut response = match answers.is_none() && !names_host(&request) {
            true => refuse(request, nameless()).await,
            false => self.app.answer(request).await,
        };
        if asks_for_head {
            response = without_body(response);
        }
        if self.tls.is_some() {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        if answers.is_none() && !is_whole.load(Ordering::Relaxed) {
            // What nobody read stands before the next request, so the connection ends here, and its client has to know.
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        match answers {
            _ if response.body().is_end_stream() => response,
            None => response.map(kept_until_taken),
            Some(answers) => response.map(|body| answers.watch(body)),
        }
    }

    fn builder(&self, is_http2: bool) -> Builder<TokioExecutor> {
        let settings = &self.settings;
        let mut builder = Builder::new(TokioExecutor::new());
        if is_http2 {
            builder
                .http2()
                .timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS_PER_CONNECTION)
                .max_header_list_size(u32::try_from(settings.headers.bytes()).unwrap_or(u32::MAX))
                .keep_alive_interval(Time::from_secs(20))
                .keep_alive_timeout(*settings.header_timeout);
            return builder.http2_only();
        }
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(*settings.header_timeout)
            .max_buf_size(settings.headers.as_usize().max(8192));
        builder.http1_only()
    }
}

/// Whether a request over HTTP/1 says once for whom it is. RFC 9112, 3.2: who guesses may guess another than a proxy before.
fn names_host(request: &Request<impl HttpBody>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => {
            let host = host.as_bytes();
            host.is_empty() || (Authority::try_from(host).is_ok() && !host.contains(&b'@'))
        }
        (Some(_), Some(_)) => false,
    }
}

fn nameless() -> Error {
    let text = "a request over HTTP/1.1 has one header host, which names a host";
    Error::new(Code::Invalid, text)
}

/// What answers HEAD: the headers of an answer. Over HTTP/2 nobody else would leave the body out.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let (Some(length), false) = (body.size_hint().exact(), body.is_end_stream()) {
        let length = HeaderValue::from(length);
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(length);
    }
    Response::from_parts(parts, Body::empty())
}

/// The body of a request, and whether it was read to its end.
struct Watched {
    body: Incoming,
    is_whole: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_whole.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Waits until a client has let one of its answers lie for so long. Over HTTP/1 there is one at a time, and it is the
/// socket that fails.
async fn stalled(answers: Option<&Answers>, patience: Time) {
    match answers {
        Some(answers) => answers.stalled(patience).await,
        None => pending().await,
    }
}

/// Looks at the first bytes without taking them. The caller bounds the time: hyper's own detection has no limit.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; HTTP2_PREFACE.len()];
    loop {
        let seen = stream.peek(&mut first).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !HTTP2_PREFACE.starts_with(&first[..seen]) {
            return Ok(false);
        }
        if seen == HTTP2_PREFACE.len() {
            return Ok(true);
        }
        sleep(Time::from_millis(5)).await;
    }
}
