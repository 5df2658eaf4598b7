//! Logs to standard error, metrics for Prometheus and traces by OTLP, set up once per process.

mod error;
mod handles;
mod otlp;
mod settings;
mod trace;

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use tracing::{Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use self::{
    error::TelemetryError,
    handles::Handles,
    otlp::flush,
    settings::{Format, Settings},
    trace::{SPANS, TraceContext, is_exporting, rename},
};

#[doc(hidden)]
pub use tracing as tracing_for_macros;

/// How often histograms are emptied into their buckets when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);
/// Bounds in seconds: a cached point read takes microseconds, a bulk load takes minutes.
const SECONDS: [f64; 14] = [
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0,
];

/// A span that is exported and never logged, written like `tracing::info_span!`. Without an exporter it is disabled,
/// which costs the look at a flag.
#[macro_export]
macro_rules! span {
    ($name:literal $(, $($fields:tt)*)?) => {
        $crate::tracing_for_macros::info_span!(target: $crate::SPANS, $name $(, $($fields)*)?)
    };
}

/// The process's metrics. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    metrics: PrometheusHandle,
}

impl Telemetry {
    /// All metrics in the text format that Prometheus scrapes.
    pub fn render(&self) -> String {
        self.metrics.render()
    }
}

/// Sets up logs on standard error, the recorder of metrics and, where an endpoint is named, the export of traces.
/// Once per process; call [`flush`] at its end.
pub fn init(settings: &Settings) -> Result<Telemetry, TelemetryError> {
    let mut layers = vec![logs(settings)?];
    let provider = otlp::provider(settings)?;
    if let Some(provider) = &provider {
        let exported = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("hansa"))
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && is_exported(metadata)));
        layers.push(exported.boxed());
    }
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(|_| TelemetryError::Twice)?;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|_| TelemetryError::Twice)?;
    handles::recording();
    keep(metrics.clone())?;
    if let Some(provider) = provider {
        otlp::start(provider);
    }
    Ok(Telemetry { metrics })
}

fn logs(settings: &Settings) -> Result<Box<dyn Layer<Registry> + Send + Sync>, TelemetryError> {
    let filter = settings.log.as_deref().unwrap_or("info");
    let filter = EnvFilter::try_new(filter).map_err(|_| TelemetryError::Filter(filter.into()))?;
    // The hint keeps the filter's own: without one every disabled line of a log would be looked at.
    let apart = filter_fn(|metadata| !is_exported(metadata)).with_max_level_hint(LevelFilter::TRACE);
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    Ok(match settings.format.unwrap_or_default() {
        Format::Text => lines.with_filter(filter.and(apart)).boxed(),
        Format::Json => lines.json().flatten_event(true).with_filter(filter.and(apart)).boxed(),
    })
}

fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.target() == SPANS
}

fn keep(metrics: PrometheusHandle) -> io::Result<()> {
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP);
            metrics.run_upkeep();
        }
    };
    std::thread::Builder::new()
        .name("metrics-upkeep".into())
        .spawn(upkeep)
        .map(drop)
}
