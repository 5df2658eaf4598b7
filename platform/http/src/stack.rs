//! What stands before every service: limits, compression, headers, and a problem document for every refusal.

use std::{convert::Infallible, sync::Arc, time::Duration as Time};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use platform_config::{ByteSize, Duration};
use serde::{Deserialize, Serialize};
use tower::{
    Layer, ServiceExt, service_fn,
    util::{MapRequestLayer, option_layer},
};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    cors::{AllowHeaders, Any, CorsLayer},
};

use crate::{
    Origin,
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

/// The status of an answer. Where a client takes no encoding at all the library would make it 406 when the work is done,
/// and who was told so would take what was stored for refused; the answer comes as it is instead.
#[derive(Clone, Copy)]
struct Told(StatusCode);

/// Puts the whole edge before a router. From outside in: request id, log line and metrics; the shape of gRPC; security
/// headers; CORS; compression; load, time and URL limits; panics caught; the body measured, decompressed, measured again.
///
/// They are one service, because each layer of a router is boxed, and cloned with all that is below it, per request.
pub fn stack(router: Router, limits: &Limits) -> Router {
    let gate = Arc::new(Gate::new(limits));
    // Only inside of the router is it known which route matched.
    let router = router.layer(MapRequestLayer::new(remember_route));
    // Bodies are measured by the gate; the lower limit that axum has of its own would only hide that one.
    let router = DefaultBodyLimit::disable().layer(router);
    let guarded = service_fn(move |request: Request| {
        let (gate, router) = (gate.clone(), router.clone());
        async move {
            let mut response = gate.answer(router, request).await;
            let told = Told(response.status());
            response.extensions_mut().insert(told);
            Ok::<_, Infallible>(response)
        }
    });
    let shared = option_layer(cors(&limits.cors)).layer(compression().layer(guarded));
    Router::new().fallback_service(service_fn(move |request: Request| {
        let (shared, is_grpc) = (shared.clone(), is_grpc(request.headers()));
        observe(request, async move |request| {
            let Ok(mut response) = shared.oneshot(request).await.map(|response| response.map(Body::new));
            if let Some(Told(status)) = response.extensions_mut().remove() {
                *response.status_mut() = status;
            }
            harden(response.headers_mut());
            if is_grpc { in_grpc(response) } else { response }
        })
    }))
}

fn compression() -> CompressionLayer<impl Predicate> {
    // Arrow and Parquet carry their own compression.
    let worth_it = SizeAbove::new(WORTH_COMPRESSING)
        .and(NotForContentType::const_new("application/vnd.apache.arrow"))
        .and(NotForContentType::const_new("application/vnd.apache.parquet"))
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("image/"))
        .and(NotForContentType::GRPC)
        .and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(worth_it)
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
pub fn harden(headers: &mut HeaderMap) {
    const HEADERS: [(HeaderName, HeaderValue); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ];
    headers.reserve(HEADERS.len());
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
}
