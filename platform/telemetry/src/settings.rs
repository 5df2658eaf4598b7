//! What is told about a process, how, and to whom.

use platform_config::Secret;
use serde::{Deserialize, Serialize};

/// What is logged and how, and where traces go. Section `[telemetry]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// A filter such as `info,platform_lake=debug`; `info` where nothing is said, which a command may know better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Lines for people or for machines; for people where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The collector that takes traces by OTLP over HTTP, such as `http://127.0.0.1:4318`. Without one there are no
    /// traces.
    pub otlp_endpoint: String,
    /// Headers for the collector, such as `authorization=Bearer …`; several are separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_headers: Option<Secret<String>>,
    /// What this process is called in traces.
    pub service_name: String,
    /// The share of traces that is exported, of those that begin here: 1 is all. For others their beginning decided.
    pub sampling: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            log: None,
            format: None,
            otlp_endpoint: String::new(),
            otlp_headers: None,
            service_name: "hansa".into(),
            sampling: 1.0,
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
