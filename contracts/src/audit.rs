//! The event by which any service writes something down in the audit log.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something was done that must be found later. Who did it is the event's actor, where is the event's workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The service that saw it.
    pub source: String,
    /// What was done, lower case with dots: `sessions.signed_in`.
    pub action: String,
    /// To what kind of thing: `user`.
    #[serde(default)]
    pub target_type: String,
    /// To which one.
    #[serde(default)]
    pub target_id: String,
    /// How it ended.
    #[serde(default)]
    pub outcome: Outcome,
    /// Facts, at most 16 KB of JSON. Secrets are redacted, and are better left out.
    #[serde(default)]
    pub data: Value,
}

/// How what was tried ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    #[default]
    Done,
    /// It was refused.
    Refused,
    /// It failed.
    Failed,
}

impl Outcome {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Event for Recorded {
    const TYPE: &'static str = "audit.recorded";
    const AGGREGATE: &'static str = "audit";

    fn key(&self) -> String {
        format!("{}:{}", self.target_type, self.target_id)
    }
}
