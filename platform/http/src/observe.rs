//! Who asked what, and how it went: the request's id, its span, one line in the log, two metrics.

use std::{
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method},
    response::Response,
};
use metrics::{Counter, Histogram};
use platform_telemetry::{Handles, TraceContext};
use tracing::{Instrument, Span, field::Empty};
use uuid::{Builder, Uuid};

use crate::trace::{self, CURRENT, Current, REQUEST_ID};

const LONGEST_ID: usize = 128;
/// What is told of a request that nobody waited for: no client gets it. The number is nginx's.
const GIVEN_UP: u16 = 499;
/// Below it is what services ask of each other.
const INTERNAL: &str = "/internal/";

/// Names the request, runs it in a span, and says once how it went, also where its client does not wait for it.
pub(crate) async fn observe<F>(mut request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let id = given_id(&request).unwrap_or_else(made_id);
    let span = exported(&request, &id);
    let trace = TraceContext::of(&span).or_else(|| trace::given(request.headers()));
    let mut asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        matched: Matched::default(),
        line: tracing::info_span!("request", request.id = %id, trace.id = Empty),
        span,
        started: Instant::now(),
        is_answered: false,
    };
    if let Some(trace) = &trace {
        asked.line.record("trace.id", trace.trace_id());
    }
    request.extensions_mut().insert(asked.matched.clone());
    // The exported span is the inner one, so that what is exported below finds it.
    // It is large, and would be moved by everything around it.
    let answer = Box::pin(answer(request))
        .instrument(asked.span.clone())
        .instrument(asked.line.clone());
    let mut response = CURRENT.scope(Current { id: id.clone(), trace }, answer).await;
    asked.is_answered = true;
    asked.tell(response.status().as_u16(), "answered");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The span for whoever collects traces, below the place that the caller named.
fn exported(request: &Request, id: &str) -> Span {
    let span = platform_telemetry::span!(
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        request.id = id,
        http.request.method = method_label(request.method()),
        url.path = request.uri().path(),
        http.route = Empty,
        http.response.status_code = Empty,
    );
    if !span.is_disabled()
        && let Some(parent) = trace::given(request.headers())
    {
        parent.adopt(&span);
    }
    span
}

/// A request until it is told how it went.
struct Asked {
    method: Method,
    path: String,
    matched: Matched,
    line: Span,
    span: Span,
    started: Instant,
    is_answered: bool,
}

impl Asked {
    fn tell(&self, status: u16, how: &str) {
        let Self { method, path, .. } = self;
        let seconds = self.started.elapsed().as_secs_f64();
        let route = self.matched.0.get().map_or("none", MatchedPath::as_str);
        self.line.in_scope(|| {
            let duration_ms = seconds * 1e3;
            // What services ask of each other all the time would bury what people ask; a refusal is always worth a line.
            if route.starts_with(INTERNAL) && status < 400 {
                tracing::debug!(http.method = %method, http.path = %path, http.status = status, duration_ms, "{how}");
            } else {
                tracing::info!(http.method = %method, http.path = %path, http.status = status, duration_ms, "{how}");
            }
        });
        self.end(route, status);
        count(method_label(method), route, status, seconds);
    }

    fn end(&self, route: &str, status: u16) {
        let span = &self.span;
        if span.is_disabled() {
            return;
        }
        platform_telemetry::rename(span, format!("{} {route}", method_label(&self.method)));
        span.record("http.route", route);
        if self.is_answered {
            // A number without a sign would be exported as text.
            span.record("http.response.status_code", i64::from(status));
        }
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.is_answered && !std::thread::panicking() {
            self.tell(GIVEN_UP, "its client gave up");
        }
    }
}

fn count(method: &'static str, route: &str, status: u16, seconds: f64) {
    static ROUTES: LazyLock<Handles<String, Arc<Counted>>> = LazyLock::new(Handles::default);
    let counted = ROUTES.get(route, Arc::default);
    let requests = counted.requests.get(&(method, status), || {
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        metrics::counter!("http_requests_total", &labels)
    });
    let durations = counted.durations.get(
        &method,
        || metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route.to_owned()),
    );
    requests.increment(1);
    durations.record(seconds);
}

/// What is counted of a route.
#[derive(Default)]
struct Counted {
    requests: Handles<(&'static str, u16), Counter>,
    durations: Handles<&'static str, Histogram>,
}

/// The route that matches, once that is known, carried out to where the metrics are counted.
#[derive(Clone, Default)]
struct Matched(Arc<OnceLock<MatchedPath>>);

/// Remembers the matched route. Runs inside the router, where it is known.
pub(crate) fn remember_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(matched), Some(path)) = (extensions.get::<Matched>(), extensions.get::<MatchedPath>()) {
        // Nobody else says it.
        let _ = matched.0.set(path.clone());
    }
    request
}

/// A caller's id is taken when it cannot forge a log line or fill the log.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    (is_plain && !id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

/// Ids in the order of time. Randomness, which is a call of the kernel, is asked for once; then it is counted up.
#[expect(
    clippy::disallowed_methods,
    reason = "a request's id is no data: nothing that is kept depends on it"
)]
fn made_id() -> String {
    static START: LazyLock<u64> = LazyLock::new(|| Uuid::new_v4().as_u64_pair().1);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (count, millis) = (
        COUNT.fetch_add(1, Relaxed),
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
    );
    let mut rest = [0; 10];
    rest[2..].copy_from_slice(&START.wrapping_add(count).to_be_bytes());
    let id = Builder::from_unix_timestamp_millis(millis, &rest).into_uuid();
    id.simple().to_string()
}

/// A client can invent methods; a metric's label must not grow with them.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("OTHER")
}
