//! Where a piece of work stands in a trace that spans processes, as W3C's `traceparent` and `tracestate` say it.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of spans that are exported and never logged; made with [`span!`](crate::span).
pub const SPANS: &str = "hansa::span";
/// The length that W3C asks everybody to hand on.
const LONGEST_STATE: usize = 512;
/// `sampled`, and `random` of the second edition.
const KNOWN_FLAGS: u8 = 0b11;

static EXPORTS: AtomicBool = AtomicBool::new(false);

/// Whether this process exports spans. Ask before working out what only a span wants to know.
pub fn is_exporting() -> bool {
    EXPORTS.load(Relaxed)
}

pub(crate) fn start() {
    EXPORTS.store(true, Relaxed);
}

/// Gives a span its final name, once it is known. The layer that exports spans takes a name only before a span is asked
/// for its place, and by then it has been.
pub fn rename(span: &Span, name: impl Into<Cow<'static, str>>) {
    if is_exporting() && !span.is_disabled() {
        span.context().span().update_name(name);
    }
}

/// A place in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    parent: String,
    state: Option<String>,
}

impl TraceContext {
    /// What a caller said. `None` where `traceparent` is not what W3C's recommendation describes; a `tracestate` that
    /// is too long to be handed on is left out.
    pub fn new(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let span = parse(traceparent)?;
        let state = tracestate.filter(|state| !state.is_empty() && state.len() <= LONGEST_STATE);
        Some(Self {
            parent: written(&span),
            state: state.map(str::to_owned),
        })
    }

    /// The place of an exported span; `None` for others.
    pub fn of(span: &Span) -> Option<Self> {
        if !is_exporting() || span.is_disabled() {
            return None;
        }
        let context = span.context();
        let span = context.span();
        let span = span.span_context();
        let state = span.trace_state().header();
        span.is_valid().then(|| Self {
            parent: written(span),
            state: (!state.is_empty()).then_some(state),
        })
    }

    /// The place of the span that the caller is in.
    pub fn current() -> Option<Self> {
        is_exporting().then(|| Self::of(&Span::current())).flatten()
    }

    /// Makes a span that has just been created a child of this place.
    pub fn adopt(&self, span: &Span) {
        if !is_exporting() || span.is_disabled() {
            return;
        }
        let Some(parent) = parse(&self.parent) else { return };
        let state: TraceState = self.state.as_deref().unwrap_or_default().parse().unwrap_or_default();
        let parent = SpanContext::new(parent.trace_id(), parent.span_id(), parent.trace_flags(), true, state);
        // It fails where the span is not exported after all, and then it has no parent to be given.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }

    /// The id of the whole trace: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        &self.parent[3..35]
    }

    /// The value of `traceparent`.
    pub fn traceparent(&self) -> &str {
        &self.parent
    }

    /// The value of `tracestate`.
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }
}

fn written(span: &SpanContext) -> String {
    format!(
        "00-{}-{}-{:02x}",
        span.trace_id(),
        span.span_id(),
        span.trace_flags().to_u8() & KNOWN_FLAGS
    )
}

/// Reads `00-<trace>-<span>-<flags>`. Later versions may add to the end.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let mut part = |length: usize| {
        let digits = parts.next().filter(|part| part.len() == length)?;
        let is_hex = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then_some(digits)
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    if version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}
