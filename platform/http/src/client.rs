//! The outgoing client: the one place that knows `reqwest`.

use std::{
    sync::{Arc, OnceLock},
    time::Duration as Time,
};

pub use axum::http::{Method, StatusCode, Uri};
use platform_config::Duration;
use platform_error::{Code, Error};
use reqwest::redirect::Policy;
pub use reqwest::{RequestBuilder, Response, Url};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{ClientTls, grpc::is_grpc, outside::Outside, problem::code_of, serve::IDLE};

pub(crate) const AGENT: &str = concat!("hansa/", env!("CARGO_PKG_VERSION"));
const EITHER: &[&[u8]] = &[b"h2", b"http/1.1"];
const KEEP_ALIVE: Time = Time::from_secs(20);
/// About how much of a refusal is read, in bytes, and for how long.
const LONGEST_REFUSAL: usize = 64 << 10;
const SLOWEST_REFUSAL: Time = Time::from_secs(5);

/// How long to wait for others.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct ClientSettings {
    /// To reach the other side.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer. The whole of it may take longer: exports are large.
    pub read_timeout: Duration,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(60),
        }
    }
}

/// How connections are kept, for who talks to the same few servers all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Whether answers may come compressed.
    pub compression: bool,
    /// Whether HTTP/2 is spoken without asking first.
    pub http2: bool,
    /// How many idle connections are kept per server.
    pub idle: usize,
}

/// Talks HTTP to others. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    /// For what is handed on: it follows no redirects.
    plain: Arc<OnceLock<reqwest::Client>>,
    /// The same for gRPC, which needs HTTP/2 from the first byte.
    http2: Arc<OnceLock<reqwest::Client>>,
    settings: ClientSettings,
    tls: Option<ClientTls>,
    outside: Option<Outside>,
}

impl Client {
    /// A client with these timeouts.
    pub fn new(settings: &ClientSettings) -> Result<Self, Error> {
        Self::built(settings, builder(settings))
    }

    /// A client with these timeouts and connections of its own; with `tls` it is for one of our own services.
    pub fn tuned(settings: &ClientSettings, tuning: Tuning, tls: Option<&ClientTls>) -> Result<Self, Error> {
        let builder = builder(settings)
            .pool_max_idle_per_host(tuning.idle)
            .tcp_nodelay(true)
            .gzip(tuning.compression)
            .zstd(tuning.compression);
        let builder = match tuning.http2 {
            true => builder.http2_prior_knowledge(),
            false => builder,
        };
        match (tls, tuning.http2) {
            (None, _) => Self::built(settings, builder),
            (Some(tls), true) => Self::protected(settings, builder, tls, &[b"h2"]),
            (Some(tls), false) => Self::protected(settings, builder, tls, EITHER),
        }
    }

    /// A client for our own services, which are verified by our own authority and see our certificate.
    pub fn secured(settings: &ClientSettings, tls: &ClientTls) -> Result<Self, Error> {
        Self::protected(settings, builder(settings), tls, EITHER)
    }

    fn protected(
        settings: &ClientSettings,
        builder: reqwest::ClientBuilder,
        tls: &ClientTls,
        protocols: &[&[u8]],
    ) -> Result<Self, Error> {
        let builder = builder.tls_backend_preconfigured(tls.config(protocols)?);
        Ok(Self {
            tls: Some(tls.clone()),
            ..Self::built(settings, builder)?
        })
    }

    /// How calls are secured that go to one of our own services.
    pub fn tls(&self) -> Option<&ClientTls> {
        self.tls.as_ref()
    }

    /// A client for URLs that others have written: it reaches public addresses alone, without a proxy, and follows no
    /// redirects.
    /// `trusted` are hosts that may have private addresses.
    pub fn outside(settings: &ClientSettings, trusted: &[String]) -> Result<Self, Error> {
        let outside = Outside::new(trusted);
        let builder = builder(settings)
            // A proxy would resolve the names itself, and reach what it reaches.
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(Arc::new(outside.clone()));
        Ok(Self {
            outside: Some(outside),
            ..Self::built(settings, builder)?
        })
    }

    fn built(settings: &ClientSettings, builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        Ok(Self {
            http: builder.build().map_err(Error::internal)?,
            plain: Arc::default(),
            http2: Arc::default(),
            settings: *settings,
            tls: None,
            outside: None,
        })
    }

    fn plain(&self) -> Result<&reqwest::Client, Error> {
        if self.outside.is_some() {
            return Ok(&self.http);
        }
        if let Some(client) = self.plain.get() {
            return Ok(client);
        }
        let builder = builder(&self.settings).redirect(Policy::none());
        let builder = match &self.tls {
            Some(tls) => builder.tls_backend_preconfigured(tls.config(EITHER)?),
            None => builder,
        };
        let client = builder.build().map_err(Error::internal)?;
        Ok(self.plain.get_or_init(|| client))
    }

    fn http2(&self) -> Result<&reqwest::Client, Error> {
        if let Some(client) = self.http2.get() {
            return Ok(client);
        }
        // A stream may be silent for long; a peer that is gone is noticed by what it does not answer.
        let builder = reqwest::Client::builder()
            .user_agent(AGENT)
            .connect_timeout(*self.settings.connect_timeout)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_prior_knowledge()
            .redirect(Policy::none())
            .tcp_nodelay(true)
            .gzip(false)
            .zstd(false);
        let builder = match &self.tls {
            Some(tls) => builder.tls_backend_preconfigured(tls.config(&[b"h2"])?),
            None => builder,
        };
        let client = builder.build().map_err(Error::internal)?;
        Ok(self.http2.get_or_init(|| client))
    }

    /// A POST to an address that was parsed before.
    pub fn post_to(&self, url: Url) -> RequestBuilder {
        self.http.post(url)
    }

    /// A request to build on: query, headers, body (also a stream).
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// A GET to build on.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.http.get(url)
    }

    /// A POST to build on.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.http.post(url)
    }

    /// Sends a request. An answer of 400 or above is an error that says what the other side said.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| unreachable(&error))?;
        if let Some(outside) = &self.outside {
            outside.check(request.url())?;
        }
        let response = client.execute(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            return Err(refused(status, &beginning(response).await));
        }
        Ok(response)
    }

    /// Hands on a request as it is and gives back the answer as it is, a redirect too, both streamed, the answer with
    /// its trailers.
    pub async fn forward(&self, request: axum::extract::Request) -> Result<axum::response::Response, Error> {
        let client = match is_grpc(request.headers()) {
            true => self.http2()?,
            false => self.plain()?,
        };
        let (parts, body) = request.into_parts();
        let outgoing = client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(reqwest::Body::wrap_stream(body.into_data_stream()));
        let answer = outgoing.send().await.map_err(|error| unreachable(&error))?;
        let (parts, body) = axum::http::Response::from(answer).into_parts();
        let mut response = axum::response::Response::new(axum::body::Body::new(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        Ok(response)
    }
}

fn builder(settings: &ClientSettings) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(*settings.connect_timeout)
        .read_timeout(*settings.read_timeout)
        .pool_idle_timeout(IDLE)
}

fn unreachable(error: &reqwest::Error) -> Error {
    let host = error
        .url()
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_else(|| "the server".into());
    match error.is_timeout() {
        true => Error::new(Code::Timeout, format!("{host} did not answer in time")),
        false if error.is_builder() => {
            Error::new(Code::Invalid, "the address must be a URL such as http://127.0.0.1:8001")
        }
        false => Error::new(Code::Unavailable, format!("cannot reach {host}"))
            .with_hint("is it running?")
            .with_cause(innermost(error).to_string()),
    }
}

/// What everything else comes from: the layers above only say that there was something.
fn innermost(error: &reqwest::Error) -> &dyn std::error::Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// The beginning of an answer that is only to be told of: whoever sends it may never end it, and drop by drop.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while body.len() < LONGEST_REFUSAL
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    // What has come by then says what there is to say.
    let _ = timeout(SLOWEST_REFUSAL, read).await;
    body
}

/// What the other side said: its problem document, or its status where it sent none.
fn refused(status: StatusCode, body: &[u8]) -> Error {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let said = problem["detail"].as_str().map(str::to_owned);
    let mut error = Error::new(
        code_of(status),
        said.unwrap_or_else(|| format!("the server answered {status}")),
    );
    if let Some(hint) = problem["hint"].as_str() {
        error = error.with_hint(hint);
    }
    if problem.is_object() {
        error.with_details(problem)
    } else {
        error
    }
}
