//! The server's loop: HTTP/1 and HTTP/2 on one listener, bounded against slow and greedy clients, drained on stop.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration as Time};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, header},
};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use platform_config::{ByteSize, Duration};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{Network, ServerTls, proxies};

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER_COUNT: usize = 100;
const STREAMS_PER_CONNECTION: u32 = 200;
/// A year: who came by TLS comes by TLS.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How connections are treated. Section `[connections]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct ServeSettings {
    /// Connections open at once; more wait to be accepted.
    pub most: usize,
    /// How long a client may take to send the headers of a request.
    pub header_timeout: Duration,
    /// The largest headers of a request, its URL included.
    pub headers: ByteSize,
    /// How long requests may take to finish when the server stops.
    pub drain: Duration,
    /// Proxies that are believed when they say, by `x-forwarded-for` or `forwarded`, whom a request came from.
    pub trusted_proxies: Vec<Network>,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            most: 16_384,
            header_timeout: Duration::from_secs(10),
            headers: ByteSize(64 << 10),
            drain: Duration::from_secs(20),
            trusted_proxies: Vec::new(),
        }
    }
}

/// Where connections come from, and whether they are secured.
pub struct Listener {
    /// The bound port.
    pub tcp: TcpListener,
    /// TLS; plain HTTP where there is none.
    pub tls: Option<ServerTls>,
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, tls: None }
    }
}

/// Answers on `listener` until `shutdown`, then stops accepting and lets requests finish.
pub async fn serve(listener: impl Into<Listener>, app: Router, settings: ServeSettings, shutdown: CancellationToken) {
    let Listener { tcp, tls } = listener.into();
    let connections = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(settings.most));
    let builder = builder(&settings);
    let proxies: Arc<[Network]> = settings.trusted_proxies.into();
    loop {
        let accept = async {
            let slot = slots
                .clone()
                .acquire_owned()
                .await
                .expect("the semaphore is never closed");
            tcp.accept().await.map(|(stream, peer)| (slot, stream, peer))
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            () = shutdown.cancelled() => break,
        };
        let (slot, stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: nothing is gained by asking again at once.
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Time::from_millis(50)).await;
                continue;
            }
        };
        let connection = Connection {
            peer,
            app: app.clone(),
            builder: builder.clone(),
            proxies: proxies.clone(),
            is_secured: tls.is_some(),
        };
        let (watcher, shutdown, wait) = (connections.watcher(), shutdown.clone(), *settings.header_timeout);
        let tls = tls.clone();
        let task = async move {
            tokio::select! {
                greeted = timeout(wait, Greeted::by(stream, tls)) => match greeted {
                    Ok(Ok(Greeted::Plain(stream, is_http2))) => connection.run(stream, is_http2, watcher).await,
                    Ok(Ok(Greeted::Tls(stream, is_http2))) => connection.run(*stream, is_http2, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a connection did not begin well"),
                    Err(_) => tracing::debug!("a connection sent nothing"),
                },
                () = shutdown.cancelled() => {}
            }
            drop(slot);
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the watcher supervises connections: they are drained below"
        )]
        tokio::spawn(task);
    }
    drop(tcp);
    if timeout(*settings.drain, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the time to drain was over");
    }
}

/// A connection after its first bytes, and whether it speaks HTTP/2.
enum Greeted {
    Plain(TcpStream, bool),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>, bool),
}

impl Greeted {
    /// The caller bounds the time.
    async fn by(stream: TcpStream, tls: Option<ServerTls>) -> io::Result<Self> {
        // Answers are written whole; waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        let Some(tls) = tls else {
            let is_http2 = speaks_http2(&stream).await?;
            return Ok(Self::Plain(stream, is_http2));
        };
        let stream = tls.acceptor().accept(stream).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Self::Tls(Box::new(stream), is_http2))
    }
}

struct Connection {
    peer: SocketAddr,
    app: Router,
    builder: Builder<TokioExecutor>,
    proxies: Arc<[Network]>,
    is_secured: bool,
}

impl Connection {
    async fn run<S>(self, stream: S, is_http2: bool, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            peer,
            app,
            builder,
            proxies,
            is_secured,
        } = self;
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            let client = proxies::client(peer, &proxies, request.headers());
            request.extensions_mut().insert(ConnectInfo(client));
            let app = app.clone();
            async move {
                let mut response = app.oneshot(request).await.unwrap_or_else(|never| match never {});
                if is_secured {
                    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let builder = if is_http2 {
            builder.http2_only()
        } else {
            builder.http1_only()
        };
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}

fn builder(settings: &ServeSettings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(*settings.header_timeout)
        .max_headers(HEADER_COUNT)
        .max_buf_size(settings.headers.as_usize().max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(u32::try_from(settings.headers.bytes()).unwrap_or(u32::MAX))
        .keep_alive_interval(Time::from_secs(20))
        .keep_alive_timeout(*settings.header_timeout);
    builder
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
