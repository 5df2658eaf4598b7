//! What stands before every service: limits, compression, headers, and a problem document for every refusal.

use std::sync::Arc;

use axum::{
    Router,
    body::to_bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use hyper::body::Body as _;
use platform_config::{ByteSize, Duration};
use platform_error::{Code, Error};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    cors::{Any, CorsLayer},
    decompression::RequestDecompressionLayer,
};

use crate::{
    Problem,
    allowance::{Allowance, Metered},
    grpc::{self, is_grpc},
    observe::{observe, remember_route},
    problem::{code_of, retry_after},
    trace::REQUEST_ID,
};

/// The longest explanation taken over from a plain-text refusal.
const LONGEST_TEXT: usize = 4096;
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
    pub cors: Vec<String>,
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

/// Puts the whole edge before a router. From outside in: request id, log line and metrics; the shape of
/// gRPC; security headers; CORS;
/// compression; load, time and URL limits; panics caught; the body measured, decompressed, measured again.
pub fn stack(router: Router, limits: &Limits) -> Router {
    let gate = Gate {
        limits: limits.clone(),
        slots: Arc::new(Semaphore::new(limits.concurrency)),
        admitted: Arc::new(Semaphore::new(limits.concurrency.saturating_add(limits.waiting))),
    };
    let router = router
        // Bodies are measured here; the lower limit that axum has of its own would only hide that one.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(remember_route))
        .layer(from_fn(measure))
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn(measure))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(gate, guard))
        .layer(compression());
    let router = match limits.cors.as_slice() {
        [] => router,
        origins => router.layer(cors(origins)),
    };
    router
        .layer(from_fn(harden))
        .layer(from_fn(grpc::in_grpc))
        .layer(from_fn(observe))
}

/// Marks a request that another service of this process makes while it answers one itself. It waits for no slot: who
/// waits for it holds one already, and with all slots held like that nobody would ever go on.
#[derive(Clone, Copy, Debug)]
pub struct Nested;

#[derive(Clone)]
struct Gate {
    limits: Limits,
    slots: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    if request.uri().to_string().len() as u64 > gate.limits.url.bytes() {
        let error = Error::new(Code::Invalid, format!("the URL is longer than {}", gate.limits.url));
        return Problem(error.with_status(414)).into_response();
    }
    let is_nested = request.extensions().get::<Nested>().is_some();
    let admitted = gate.admitted.try_acquire();
    if admitted.is_err() && !is_nested {
        let error = Error::new(
            Code::Unavailable,
            "too many requests are being worked on; try again in 1s",
        );
        return Problem(error.with_details(retry_after(1))).into_response();
    }
    let asked = format!("{} {}", request.method(), request.uri().path());
    let is_grpc = is_grpc(request.headers());
    let longest = gate.limits.timeout;
    let deadline = grpc::deadline(request.headers()).filter(|_| is_grpc).map(Duration);
    let allowance = Allowance::new(gate.limits.body, deadline.map_or(longest, |asked| asked.min(longest)));
    request.extensions_mut().insert(allowance.clone());
    let answer = async {
        let slot = async { gate.slots.acquire().await.expect("the semaphore is never closed") };
        let _slot = match is_nested {
            true => None,
            false => Some(slot.await),
        };
        next.run(request).await
    };
    let Some(response) = within(&allowance, answer).await else {
        let limit = Duration(allowance.timeout());
        return Problem(Error::new(
            Code::Timeout,
            format!("the answer took longer than {limit}"),
        ))
        .into_response();
    };
    match allowance.exceeded() {
        Some(too_large) if is_grpc || !response.status().is_success() => too_large.into_response(),
        _ => explained(response, &asked).await,
    }
}

/// The answer, unless it takes longer than allowed. A route may raise its allowance after the clock has started.
async fn within<T>(allowance: &Allowance, answer: impl Future<Output = T>) -> Option<T> {
    let started = tokio::time::Instant::now();
    tokio::pin!(answer);
    loop {
        let deadline = started + allowance.timeout();
        tokio::select! {
            answer = &mut answer => return Some(answer),
            () = tokio::time::sleep_until(deadline) => if started + allowance.timeout() <= deadline { return None },
        }
    }
}

async fn measure(request: Request, next: Next) -> Response {
    let Some(allowance) = request.extensions().get::<Arc<Allowance>>().cloned() else {
        return next.run(request).await;
    };
    next.run(request.map(|body| Metered::wrap(body, &allowance))).await
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    metrics::counter!("http_panics_total").increment(1);
    Problem(Error::internal("a handler panicked")).into_response()
}

/// Refusals that axum and tower write as plain text, or with no body, become problem documents too.
async fn explained(response: Response, asked: &str) -> Response {
    let status = response.status();
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_plain = content_type.is_none_or(|value| value.starts_with("text/plain"));
    let is_short = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|size| size <= LONGEST_TEXT as u64);
    if !(status.is_client_error() || status.is_server_error()) || !is_plain || !is_short {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, LONGEST_TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut explained = Problem(refusal(status, &text, asked)).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            explained.headers_mut().insert(name, value.clone());
        }
    }
    *explained.extensions_mut() = parts.extensions;
    explained
}

fn refusal(status: StatusCode, text: &str, asked: &str) -> Error {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        return Error::internal(text);
    }
    let message = match (status.as_u16(), text) {
        (404, "") => format!("nothing answers {asked}"),
        (405, "") => format!("{asked} is not possible; see the header allow"),
        (415, "") => "the body's content-encoding is not known; send gzip, zstd or none".into(),
        (_, "") => status.canonical_reason().unwrap_or("refused").to_lowercase(),
        (_, text) => text.into(),
    };
    Error::new(code_of(status), message).with_status(status.as_u16())
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

fn cors(origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods(Any)
        .allow_headers(Any)
        .expose_headers([REQUEST_ID]);
    match origins.iter().any(|origin| origin == "*") {
        true => layer.allow_origin(Any),
        false => layer.allow_origin(
            origins
                .iter()
                .filter_map(|o| o.parse().ok())
                .collect::<Vec<HeaderValue>>(),
        ),
    }
}

/// What a browser must not do with an answer, unless the answer itself says otherwise.
async fn harden(request: Request, next: Next) -> Response {
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
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
