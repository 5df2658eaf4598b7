//! One request to a subgraph, through a socket or without one.

use std::error::Error as _;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use platform_config::{ByteSize, Duration};
use platform_http::{App, Client, ClientSettings, ClientTls, Direct, DirectError, Tuning, Url, hand_on};

use super::{Answer, CallError};
use crate::{Error, settings::TrafficSettings};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ACCEPT: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
/// What the gateway wants to know of an answer's headers.
const KEPT: [HeaderName; 2] = [header::CACHE_CONTROL, header::AGE];

/// How a subgraph is reached.
pub(super) enum Transport {
    /// The direct way comes first where it will do.
    Http(Client, Url, Option<Box<Direct>>),
    Local(App, Uri),
}

impl Transport {
    pub(super) fn http(
        name: &str,
        url: &str,
        traffic: &TrafficSettings,
        tls: Option<&ClientTls>,
    ) -> Result<Self, Error> {
        let settings = ClientSettings {
            connect_timeout: traffic.connect_timeout,
            // The deadline of the whole answer comes first; this is for connections nobody waits for any more.
            read_timeout: Duration(*traffic.timeout * 2),
        };
        let tuning = Tuning {
            compression: traffic.compression,
            http2: traffic.http2,
            idle: traffic.idle,
        };
        let client = Client::tuned(&settings, tuning, tls).map_err(|error| Error::Setting(error.to_string()))?;
        let parsed = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        match parsed {
            Some(url) => {
                let direct = Direct::new(&url, &settings, tuning, &KEPT).map(Box::new);
                Ok(Self::Http(client, url, direct))
            }
            None => Err(Error::Setting(format!(
                "subgraph {name} has the address {url:?}; set gateway.subgraphs.{name}.url to one such as http://127.0.0.1:8001/graphql"
            ))),
        }
    }

    /// A service in this process; of the address only the path counts.
    pub(super) fn local(app: App, url: &str) -> Self {
        Self::Local(app, path_of(url))
    }

    /// Whether the subgraph is in this process.
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local(..))
    }

    pub(super) async fn send(
        &self,
        body: Bytes,
        headers: &HeaderMap,
        traffic: &TrafficSettings,
        reads: bool,
    ) -> Result<Answer, CallError> {
        match self {
            Self::Http(client, url, direct) => {
                if let Some(direct) = direct {
                    let answer = directly(direct, headers, &body, traffic.answer).await?;
                    if !leads_on(answer.status, reads) {
                        return Ok(answer);
                    }
                    // Where it leads may need everything that the general client can do.
                }
                Box::pin(over_http(client, url.clone(), body, headers.clone(), traffic.answer)).await
            }
            Self::Local(app, uri) => {
                let mut request = Request::new(Body::from(body));
                *request.method_mut() = Method::POST;
                *request.uri_mut() = uri.clone();
                request.headers_mut().clone_from(headers);
                Box::pin(in_process(app, request, traffic.answer)).await
            }
        }
    }
}

/// Adds the headers that say what is sent and wanted, and within which trace.
pub(super) fn complete(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::ACCEPT, ACCEPT);
    hand_on(headers);
}

/// Whether a question is asked again where an answer leads. What changes something is, only where the status says that it
/// was not done here and is to be posted elsewhere: <https://www.rfc-editor.org/rfc/rfc9110#section-15.4>.
fn leads_on(status: u16, reads: bool) -> bool {
    match status {
        307 | 308 => true,
        300..400 => reads,
        _ => false,
    }
}

/// Where a service of this process is asked: at the path of its address, or at the usual one.
pub(crate) fn path_of(url: &str) -> Uri {
    let url = Url::parse(url).ok();
    let path = url.as_ref().map(Url::path).filter(|path| *path != "/");
    path.and_then(|path| path.parse().ok())
        .unwrap_or_else(|| Uri::from_static("/graphql"))
}

async fn directly(direct: &Direct, headers: &HeaderMap, body: &[u8], limit: ByteSize) -> Result<Answer, CallError> {
    let answer = direct.post(headers, body, limit).await.map_err(|error| {
        if let DirectError::TooLarge = error {
            return CallError::TooLarge(limit);
        }
        tracing::warn!(error = %error, cause = ?error.source(), "a subgraph cannot be reached");
        match error {
            DirectError::Unreachable(_) => CallError::Unreachable,
            _ => CallError::Interrupted,
        }
    })?;
    Ok(Answer {
        status: answer.status.as_u16(),
        headers: answer.headers,
        body: answer.body,
    })
}

async fn over_http(
    client: &Client,
    url: Url,
    body: Bytes,
    headers: HeaderMap,
    limit: ByteSize,
) -> Result<Answer, CallError> {
    let request = client.post_to(url).headers(headers).body(body);
    let mut response = request.send().await.map_err(|error| {
        tracing::warn!(error = %error, cause = ?error.source(), "a subgraph cannot be reached");
        // A connection that the other side closed while it was idle breaks on its first use: that is worth a retry
        // as well, so both are the same to the caller.
        if error.is_connect() {
            CallError::Unreachable
        } else {
            CallError::Interrupted
        }
    })?;
    let status = response.status().as_u16();
    let kept = kept(response.headers());
    let announced = response.content_length().unwrap_or_default();
    if announced > limit.bytes() {
        return Err(CallError::TooLarge(limit));
    }
    let interrupted = |_| CallError::Interrupted;
    let first = response.chunk().await.map_err(interrupted)?.unwrap_or_default();
    let Some(second) = response.chunk().await.map_err(interrupted)? else {
        return Ok(Answer {
            status,
            headers: kept,
            body: first,
        });
    };
    let mut whole = BytesMut::with_capacity(usize::try_from(announced).unwrap_or_default().max(first.len() * 2));
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        if (whole.len() + chunk.len()) as u64 > limit.bytes() {
            return Err(CallError::TooLarge(limit));
        }
        whole.extend_from_slice(&chunk);
        next = response.chunk().await.map_err(interrupted)?;
    }
    Ok(Answer {
        status,
        headers: kept,
        body: whole.freeze(),
    })
}

async fn in_process(app: &App, request: Request<Body>, limit: ByteSize) -> Result<Answer, CallError> {
    let response = app.answer(request).await;
    let status = response.status().as_u16();
    let headers = kept(response.headers());
    let mut chunks = response.into_body().into_data_stream();
    let mut body = Bytes::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| CallError::Interrupted)?;
        if (body.len() + chunk.len()) as u64 > limit.bytes() {
            return Err(CallError::TooLarge(limit));
        }
        body = match body.is_empty() {
            true => chunk,
            false => [body, chunk].concat().into(),
        };
    }
    Ok(Answer { status, headers, body })
}

fn kept(headers: &HeaderMap) -> HeaderMap {
    let mut out = HeaderMap::new();
    for name in KEPT {
        for value in headers.get_all(&name) {
            out.append(name.clone(), value.clone());
        }
    }
    out
}
