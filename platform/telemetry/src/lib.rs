//! Logs to standard error and metrics for Prometheus, set up once per process.

use std::{io, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// How often histograms are emptied into their buckets when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);
/// Bounds in seconds: a cached point read takes microseconds, a bulk load takes minutes.
const SECONDS: [f64; 14] = [
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0,
];

/// What is logged, and how. Section `[telemetry]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// A filter such as `info` or `info,platform_lake=debug`.
    pub log: String,
    /// Lines for people or for machines.
    pub format: Format,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            log: "info".into(),
            format: Format::Text,
        }
    }
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Telemetry that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be parsed.
    #[error("telemetry.log must be a filter such as \"info\" or \"info,platform_lake=debug\", got {0:?}")]
    Filter(String),
    /// Something in this process has already set up logs or metrics.
    #[error("telemetry is set up already in this process")]
    Twice,
    /// The metrics' upkeep cannot run.
    #[error("cannot start the thread that keeps the metrics")]
    Upkeep(#[from] io::Error),
}

impl Coded for TelemetryError {
    fn code(&self) -> Code {
        match self {
            Self::Filter(_) => Code::Invalid,
            Self::Twice | Self::Upkeep(_) => Code::Internal,
        }
    }
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

/// Sets up logs on standard error and the recorder of metrics, once per process.
pub fn init(settings: &Settings) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|_| TelemetryError::Filter(settings.log.clone()))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let started = match settings.format {
        Format::Text => logs.try_init(),
        Format::Json => logs.json().flatten_event(true).try_init(),
    };
    started.map_err(|_| TelemetryError::Twice)?;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|_| TelemetryError::Twice)?;
    keep(metrics.clone())?;
    Ok(Telemetry { metrics })
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
