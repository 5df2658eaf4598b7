//! Why telemetry cannot be set up.

use std::io;

use platform_error::{Code, Coded};

/// Telemetry that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be parsed.
    #[error("telemetry.log must be a filter such as \"info\" or \"info,platform_lake=debug\", got {0:?}")]
    Filter(String),
    /// The collector's address is none.
    #[error("telemetry.otlp-endpoint must be a URL such as http://127.0.0.1:4318, got {0:?}")]
    Endpoint(String),
    /// What is said of headers has no pairs. The text is not repeated: it holds secrets.
    #[error("telemetry.otlp-headers must be pairs such as \"authorization=Bearer token\", separated by commas")]
    Headers,
    /// The share is none.
    #[error("telemetry.sampling must be a number from 0 to 1, got {0}")]
    Sampling(f64),
    /// The exporter refuses the settings.
    #[error("cannot set up the export of traces")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
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
            Self::Filter(_) | Self::Endpoint(_) | Self::Headers | Self::Sampling(_) => Code::Invalid,
            Self::Exporter(_) | Self::Twice | Self::Upkeep(_) => Code::Internal,
        }
    }
}
