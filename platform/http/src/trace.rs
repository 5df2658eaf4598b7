//! Who asked and within which trace, taken from a request's headers and handed on with the requests that follow.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use platform_telemetry::TraceContext;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

tokio::task_local! {
    pub(crate) static CURRENT: Current;
}

/// The request that is being answered.
pub(crate) struct Current {
    pub(crate) id: String,
    /// Where its answer stands in a trace, if anybody follows one.
    pub(crate) trace: Option<TraceContext>,
}

/// The id of the request that is being answered, from `x-request-id` or made here.
pub fn request_id() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// Writes the request that is being answered, and its place in a trace, into the headers of a request to somebody
/// else: `x-request-id`, `traceparent`, `tracestate`. A trace is handed on also where nothing is exported here.
pub fn hand_on(headers: &mut HeaderMap) {
    let given = |current: &Current| {
        set(headers, REQUEST_ID, Some(&current.id));
        current.trace.clone()
    };
    let given = CURRENT.try_with(given).ok().flatten();
    if let Some(trace) = TraceContext::current().or(given) {
        set(headers, TRACEPARENT, Some(trace.traceparent()));
        set(headers, TRACESTATE, trace.tracestate());
    }
}

/// The place in a trace that a request says it comes from.
pub(crate) fn given(headers: &HeaderMap) -> Option<TraceContext> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    TraceContext::new(text(TRACEPARENT)?, text(TRACESTATE))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    match value.and_then(|value| HeaderValue::from_str(value).ok()) {
        Some(value) => drop(headers.insert(name, value)),
        None => drop(headers.remove(name)),
    }
}
