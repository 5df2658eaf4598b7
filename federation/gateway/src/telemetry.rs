//! What the gateway tells Prometheus: time per step, subgraph and operation, under names that cannot become too many.

mod spans;

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock},
    time::{Duration, Instant},
};

use metrics::{Counter, Histogram, Label, SharedString};
use platform_error::Code;
use platform_telemetry::Handles;

pub(crate) use self::spans::{describe, end, event, fetch, fetched, operation, within};
use crate::{fault::Fault, outcome, outline::OperationKind, prepare::Parsed};

/// Operations with a label of their own; the names of all others are the client's to invent, and count as `other`.
const MOST_OPERATIONS: usize = 200;
const LONGEST_NAME: usize = 64;

/// How long something takes, by how it ends.
pub(crate) type Durations = Handles<Outcome, Histogram>;

/// A step of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The text becomes a document.
    Parse,
    /// The document is compared with the schema.
    Validate,
    /// What the caller may not see is taken out.
    Authorize,
    /// What it costs is estimated.
    Cost,
    /// The plan is made.
    Plan,
    /// Subgraphs are asked.
    Execute,
    /// The answer is written.
    Project,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Validate => "validate",
            Self::Authorize => "authorize",
            Self::Cost => "cost",
            Self::Plan => "plan",
            Self::Execute => "execute",
            Self::Project => "project",
        }
    }
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// Without an error.
    Ok,
    /// With errors in the answer.
    Errors,
    /// Not at all: it was refused, or nobody answered.
    Failed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Errors => "errors",
            Self::Failed => "failed",
        }
    }
}

/// Measures a step.
pub(crate) fn measured<T>(step: Step, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = step.span().in_scope(work);
    record_step(step, started.elapsed());
    done
}

/// Counts a step that took so long.
pub(crate) fn record_step(step: Step, took: Duration) {
    static STEPS: LazyLock<Handles<Step, Histogram>> = LazyLock::new(Handles::default);
    let make = || metrics::histogram!("gateway_step_duration_seconds", "step" => step.as_str());
    STEPS.get(&step, make).record(took.as_secs_f64());
}

/// Counts a request to a subgraph, whose durations these are.
pub(crate) fn record_subgraph(durations: &Durations, subgraph: &str, outcome: Outcome, took: Duration) {
    let make = || {
        let labels = [
            Label::new("subgraph", subgraph.to_owned()),
            Label::from_static_parts("outcome", outcome.as_str()),
        ];
        metrics::histogram!("gateway_subgraph_duration_seconds", labels.iter())
    };
    durations.get(&outcome, make).record(took.as_secs_f64());
}

/// An operation of a client whose time runs. What it is becomes known on the way.
pub(crate) struct Clocked {
    started: Instant,
    asked: OnceLock<Arc<Parsed>>,
}

impl Clocked {
    /// It begins now.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            asked: OnceLock::new(),
        }
    }

    /// This is what is asked.
    pub(crate) fn asked(&self, parsed: &Arc<Parsed>) {
        // It is asked once.
        let _ = self.asked.set(parsed.clone());
    }

    /// Counts it and what was wrong with it.
    pub(crate) fn record(&self, outcome: &outcome::Outcome) {
        let took = self.started.elapsed().as_secs_f64();
        let ended = outcome.ended();
        let duration = match self.asked.get() {
            Some(parsed) => {
                let make = || operation_duration(parsed.name.as_deref(), parsed.kind, ended);
                parsed.durations.get(&ended, make)
            }
            None => operation_duration(None, OperationKind::Query, ended),
        };
        duration.record(took);
        record_errors(&outcome.faults);
    }
}

/// Counts what clients are told went wrong, by code and by the subgraph it came from.
pub(crate) fn record_errors(faults: &[Fault]) {
    for fault in faults {
        // Subgraphs may invent codes.
        let code = Code::named(&fault.code).map_or("OTHER", Code::as_str);
        let subgraph = fault.service.clone().unwrap_or_default();
        metrics::counter!("gateway_errors_total", "code" => code, "subgraph" => subgraph).increment(1);
    }
}

/// Counts a look into a cache.
pub(crate) fn record_cache(cache: &'static str, is_hit: bool) {
    static CACHES: LazyLock<Handles<(&'static str, bool), Counter>> = LazyLock::new(Handles::default);
    let make = || {
        let result = if is_hit { "hit" } else { "miss" };
        metrics::counter!("gateway_cache_total", "cache" => cache, "result" => result)
    };
    CACHES.get(&(cache, is_hit), make).increment(1);
}

/// Counts subscriptions that last: up when one begins, down when it ends.
pub(crate) fn record_subscriptions(side: &'static str, change: f64) {
    metrics::gauge!("gateway_subscriptions", "side" => side).increment(change);
}

/// Counts events handed to clients, and clients that were too slow for them.
pub(crate) fn record_events(what: &'static str, count: u64) {
    metrics::counter!("gateway_subscription_events_total", "what" => what).increment(count);
}

fn operation_duration(name: Option<&str>, kind: OperationKind, ended: Outcome) -> Histogram {
    let labels = [
        Label::new("operation", operation_label(name)),
        Label::from_static_parts("kind", kind.as_str()),
        Label::from_static_parts("outcome", ended.as_str()),
    ];
    metrics::histogram!("gateway_operation_duration_seconds", labels.iter())
}

fn operation_label(name: Option<&str>) -> SharedString {
    static SEEN: OnceLock<RwLock<HashSet<String>>> = OnceLock::new();
    let Some(name) = name else {
        return Cow::Borrowed("anonymous").into();
    };
    let name = name.get(..LONGEST_NAME).unwrap_or(name);
    let seen = SEEN.get_or_init(RwLock::default);
    if seen.read().unwrap_or_else(PoisonError::into_inner).contains(name) {
        return name.to_owned().into();
    }
    let mut seen = seen.write().unwrap_or_else(PoisonError::into_inner);
    if seen.len() >= MOST_OPERATIONS && !seen.contains(name) {
        return Cow::Borrowed("other").into();
    }
    seen.insert(name.to_owned());
    name.to_owned().into()
}
