//! Who asked what, and how it went: the request's id, its span, one line in the log, two metrics.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 128;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that is being answered, from `x-request-id` or made here.
pub fn request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Names the request, runs it in a span, and says once how it went.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let id = given_id(&request).unwrap_or_else(made_id);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", request.id = %id);
    let started = Instant::now();
    let mut response = CURRENT
        .scope(id.clone(), next.run(request).instrument(span.clone()))
        .await;
    let seconds = started.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    let route = response
        .extensions()
        .get::<Route>()
        .map_or("none", |route| route.0.as_str())
        .to_owned();
    span.in_scope(|| {
        tracing::info!(http.method = %method, http.path = %path, http.status = status, duration_ms = seconds * 1e3, "answered");
    });
    let labels = [
        ("method", method_label(&method).to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(seconds);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The route that matched, carried out to where the metrics are counted.
#[derive(Clone)]
struct Route(MatchedPath);

/// Remembers the matched route. Runs inside the router, where it is known.
pub(crate) async fn remember_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned().map(Route);
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// A caller's id is taken when it cannot forge a log line or fill the log.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    (is_plain && !id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a request's id is no data: nothing that is kept depends on it"
)]
fn made_id() -> String {
    Uuid::now_v7().simple().to_string()
}

/// A client can invent methods; a metric's label must not grow with them.
fn method_label(method: &axum::http::Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "OTHER",
    }
}
