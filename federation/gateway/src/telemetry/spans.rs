//! The spans of an operation, for whoever collects traces. They never hold variables, tokens or the operation's text,
//! and where nothing is exported none of them is made.

use platform_telemetry::{is_exporting, rename, span};
use tracing::{Span, field::Empty};

use super::{LONGEST_NAME, Step};
use crate::{
    outcome::Outcome,
    outline::OperationKind,
    persisted::hex,
    prepare::Parsed,
    subgraph::{Answer, CallError},
};

impl Step {
    /// The step's span. What is done outside of any request, such as warming, has none.
    pub(crate) fn span(self) -> Span {
        if !is_exporting() || Span::current().is_none() {
            return Span::none();
        }
        match self {
            Self::Parse => span!("parse"),
            Self::Validate => span!("validate"),
            Self::Authorize => span!("authorize"),
            Self::Cost => span!("cost"),
            Self::Plan => span!("plan"),
            Self::Execute => span!("execute"),
            Self::Project => span!("project"),
        }
    }
}

/// An operation about to be answered. What it is becomes known later.
pub(crate) fn operation() -> Span {
    span!(
        "operation",
        otel.status_code = Empty,
        graphql.operation.name = Empty,
        graphql.operation.type = Empty,
        graphql.operation.hash = Empty,
        graphql.errors = Empty,
        error.code = Empty,
    )
}

/// What follows an event of a subscription: a trace of its own, because the subscription may last for weeks.
pub(crate) fn event(parsed: &Parsed) -> Span {
    let span = operation();
    span.in_scope(|| describe(parsed));
    rename(&span, "subscription event");
    span
}

/// Says of the operation whose span this is what it is.
pub(crate) fn describe(parsed: &Parsed) {
    if !is_exporting() {
        return;
    }
    let span = Span::current();
    rename(&span, parsed.kind.as_str());
    span.record("graphql.operation.type", parsed.kind.as_str());
    span.record("graphql.operation.hash", hex(&parsed.key));
    if let Some(name) = &parsed.name {
        span.record("graphql.operation.name", name.get(..LONGEST_NAME).unwrap_or(name));
    }
}

/// Says how an operation went.
pub(crate) fn end(span: &Span, outcome: &Outcome) {
    if span.is_disabled() {
        return;
    }
    span.record("graphql.errors", number(outcome.faults.len() as u64));
    if let Some(fault) = outcome.faults.first() {
        span.record("error.code", fault.code.as_ref());
    }
    if outcome.ended() == super::Outcome::Failed {
        span.record("otel.status_code", "ERROR");
    }
}

/// A question to a subgraph, with all its attempts.
pub(crate) fn fetch(subgraph: &str, kind: OperationKind) -> Span {
    span!(
        "fetch",
        otel.kind = "client",
        otel.status_code = Empty,
        subgraph.name = subgraph,
        graphql.operation.type = kind.as_str(),
        http.response.status_code = Empty,
        retries = Empty,
        otel.status_description = Empty,
    )
}

/// Says of the question whose span this is what came of it.
pub(crate) fn fetched(retries: u32, outcome: &Result<Answer, CallError>) {
    if !is_exporting() {
        return;
    }
    let span = Span::current();
    span.record("retries", number(retries.into()));
    match outcome {
        Ok(answer) => {
            span.record("http.response.status_code", number(answer.status.into()));
            if answer.status >= 500 {
                span.record("otel.status_code", "ERROR");
            }
        }
        Err(error) => {
            span.record("otel.status_code", "ERROR");
            span.record("otel.status_description", error.to_string());
        }
    }
}

/// Work for another thread, as part of the caller's span.
pub(crate) fn within<T>(work: impl FnOnce() -> T + Send + 'static) -> impl FnOnce() -> T + Send + 'static {
    let span = if is_exporting() { Span::current() } else { Span::none() };
    move || span.in_scope(work)
}

/// Numbers without a sign would be exported as text.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
