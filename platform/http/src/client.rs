//! The outgoing client: the one place that knows `reqwest`.

pub use axum::http::{Method, StatusCode, Uri};
use platform_config::Duration;
use platform_error::{Code, Error};
pub use reqwest::{RequestBuilder, Response, Url};
use serde::{Deserialize, Serialize};

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
pub struct Client(reqwest::Client);

impl Client {
    /// A client with these timeouts.
    pub fn new(settings: &ClientSettings) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(*settings.connect_timeout)
            .read_timeout(*settings.read_timeout);
        builder.build().map(Self).map_err(Error::internal)
    }

    /// A client with these timeouts and connections of its own.
    pub fn tuned(settings: &ClientSettings, tuning: Tuning) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(*settings.connect_timeout)
            .read_timeout(*settings.read_timeout)
            .pool_max_idle_per_host(tuning.idle)
            .tcp_nodelay(true)
            .gzip(tuning.compression)
            .zstd(tuning.compression);
        let builder = match tuning.http2 {
            true => builder.http2_prior_knowledge(),
            false => builder,
        };
        builder.build().map(Self).map_err(Error::internal)
    }

    /// A POST to an address that was parsed before.
    pub fn post_to(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }

    /// A request to build on: query, headers, body (also a stream).
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.0.request(method, url)
    }

    /// A GET to build on.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.0.get(url)
    }

    /// A POST to build on.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.0.post(url)
    }

    /// Sends a request. An answer of 400 or above is an error that says what the other side said.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            let body = response.bytes().await.unwrap_or_default();
            return Err(refused(status, &body));
        }
        Ok(response)
    }

    /// Hands on a request as it is and gives back the answer as it is, both streamed.
    pub async fn forward(&self, request: axum::extract::Request) -> Result<axum::response::Response, Error> {
        let (parts, body) = request.into_parts();
        let outgoing = self
            .0
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(reqwest::Body::wrap_stream(body.into_data_stream()));
        let answer = outgoing.send().await.map_err(|error| unreachable(&error))?;
        let mut response = axum::response::Response::new(axum::body::Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = axum::body::Body::from_stream(answer.bytes_stream());
        Ok(response)
    }
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
        false => Error::new(Code::Unavailable, format!("cannot reach {host}")).with_hint("is it running?"),
    }
}

/// What the other side said: its problem document, or its status where it sent none.
fn refused(status: StatusCode, body: &[u8]) -> Error {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let code = match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        409 => Code::Conflict,
        429 => Code::RateLimited,
        504 => Code::Timeout,
        500..=599 => Code::Unavailable,
        _ => Code::Invalid,
    };
    let said = problem["detail"].as_str().map(str::to_owned);
    let mut error = Error::new(code, said.unwrap_or_else(|| format!("the server answered {status}")));
    if let Some(hint) = problem["hint"].as_str() {
        error = error.with_hint(hint);
    }
    if problem.is_object() {
        error.with_details(problem)
    } else {
        error
    }
}
