//! What stands before every service: limits, compression, headers, and a problem document for every refusal.

use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, LazyLock},
    time::Duration as Time,
};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, header},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use platform_config::{ByteSize, Duration};
use platform_error::Error;
use serde::{Deserialize, Serialize};
use tower::{Layer, ServiceExt, service_fn, util::MapRequestLayer};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    cors::{AllowHeaders, Any, CorsLayer},
};

use crate::{
    App, Origin, Problem,
    grpc::{in_grpc, is_grpc},
    guard::Gate,
    observe::{observe, remember_route},
};

/// How long a browser need not ask again whether a page may call.
const PREFLIGHT: Time = Time::from_secs(3600);
/// Bodies smaller than this do not gain from compression.
const WORTH_COMPRESSING: u64 = 1024;

/// What one request, and all of them together, may use. Section `[http]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Limits {
    /// The largest body, before and after decompression. Routes that take more say so with [`crate::allow`].
    pub body: ByteSize,
    /// The longest URL.
    pub url: ByteSize,
    /// How long until the answer must begin.
    pub timeout: Duration,
    /// How many requests may be worked on at once; more wait.
    pub concurrency: usize,
    /// How many may wait, with nothing read of their bodies, within their time; more are refused with 503.
    pub waiting: usize,
    /// Web origins that may call from a browser, such as `https://example.org`; `*` for any. None by default.
    pub cors: Vec<Origin>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: ByteSize::mb(8),
            url: ByteSize(16 << 10),
            timeout: Duration::from_secs(30),
            concurrency: 1024,
            waiting: 15_360,
            cors: Vec::new(),
        }
    }
}

/// Puts the whole edge before a router. From outside in: request id, log line and metrics; the shape of gRPC; security
/// headers; CORS; compression; load, time and URL limits; panics caught; the body measured, decompressed, measured again.
pub fn stack(router: Router, limits: &Limits) -> App {
    // Only inside of the router is it known which route matched.
    let router = router.layer(MapRequestLayer::new(remember_route));
    let edge = Arc::new(Edge {
        gate: Gate::new(limits),
        // Bodies are measured by the gate; the lower limit that axum has of its own would only hide that one.
        router: DefaultBodyLimit::disable().layer(router),
        cors: cors(&limits.cors),
    });
    App::new(move |request| edge.clone().answer(request))
}

/// Answers with this error where no service can: told of like an answer of one, and with the same headers.
pub async fn refuse(request: Request, error: Error) -> Response {
    let is_grpc = is_grpc(request.headers());
    observe(request, async move |_| dressed(Problem(error).into_response(), is_grpc)).await
}

/// An answer with what all of them have, in the shape that its client reads.
fn dressed(mut response: Response, is_grpc: bool) -> Response {
    harden(response.headers_mut());
    if is_grpc { in_grpc(response) } else { response }
}

/// A router whose bodies axum does not limit.
type Unlimited = <DefaultBodyLimit as Layer<Router>>::Service;

/// What stands before a router.
struct Edge {
    gate: Gate,
    router: Unlimited,
    cors: Option<CorsLayer>,
}

impl Edge {
    async fn answer(self: Arc<Self>, request: Request) -> Response {
        let is_grpc = is_grpc(request.headers());
        observe(request, async move |request| {
            let response = match &self.cors {
                None => self.compressed(request).await,
                Some(layer) => {
                    let inner = service_fn(|request| self.compressed(request).map(Ok::<_, Infallible>));
                    let Ok(response) = Box::pin(layer.layer(inner).oneshot(request)).await;
                    response
                }
            };
            dressed(response, is_grpc)
        })
        .await
    }

    /// The answer, compressed where that is worth it and its client takes it.
    async fn compressed(&self, request: Request) -> Response {
        let encodings: HeaderMap = request
            .headers()
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .map(|encoding| (header::ACCEPT_ENCODING, encoding.clone()))
            .collect();
        // It is large, and would be moved by everything around it.
        let response = Box::pin(self.gate.answer(self.router.clone(), request)).await;
        match worth_compressing().should_compress(&response) {
            true => Box::pin(compressed(response, encodings)).await,
            false => response,
        }
    }
}

/// An answer in one of these encodings. Where a client takes none at all the library would make it 406 when the work is
/// done, and who was told so would take what was stored for refused; the answer comes as it is instead.
async fn compressed(mut response: Response, encodings: HeaderMap) -> Response {
    let status = response.status();
    let mut asked = HttpRequest::new(());
    *asked.headers_mut() = encodings;
    let given = service_fn(|_| ready(Ok::<_, Infallible>(std::mem::take(&mut response))));
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(worth_compressing());
    let Ok(response) = compression.layer(given).oneshot(asked).await;
    let mut response = response.map(Body::new);
    *response.status_mut() = status;
    response
}

fn worth_compressing() -> impl Predicate {
    // Arrow and Parquet carry their own compression.
    SizeAbove::new(WORTH_COMPRESSING)
        .and(NotForContentType::const_new("application/vnd.apache.arrow"))
        .and(NotForContentType::const_new("application/vnd.apache.parquet"))
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("image/"))
        .and(NotForContentType::GRPC)
        .and(NotForContentType::SSE)
}

/// Pages of these origins may send tokens, which `*` does not cover, and never cookies.
fn cors(origins: &[Origin]) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_methods(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any)
        .max_age(PREFLIGHT);
    match origins.iter().any(Origin::is_any) {
        _ if origins.is_empty() => None,
        true => Some(layer.allow_origin(Any)),
        false => Some(layer.allow_origin(origins.iter().filter_map(Origin::header).collect::<Vec<_>>())),
    }
}

/// What a browser must not do with an answer, unless the answer itself says otherwise.
fn harden(headers: &mut HeaderMap) {
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        let same_origin = HeaderValue::from_static("same-origin");
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        let headers = [
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                same_origin.clone(),
            ),
            (HeaderName::from_static("cross-origin-resource-policy"), same_origin),
        ];
        headers.into_iter().collect()
    });
    // An answer has fewer headers than there are here, so its own are put among these, over those of the same name.
    let own = std::mem::replace(headers, HEADERS.clone());
    headers.extend(own);
}
