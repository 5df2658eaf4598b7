//! Events by which a person gets all that is known of them. Erasure is `users.deleted`.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody wants to know what is known of them: every service answers with an [`ExportPart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequested {
    /// The export, which parts name.
    pub export: Uuid,
    /// Who.
    pub user: Uuid,
}

/// What one service knows of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportPart {
    /// The export.
    pub export: Uuid,
    /// Who.
    pub user: Uuid,
    /// The service that answers.
    pub service: String,
    /// What it knows, by kind. Never a secret, and nothing of others.
    pub data: serde_json::Value,
}

impl Event for ExportRequested {
    const TYPE: &'static str = "privacy.export_requested";
    const AGGREGATE: &'static str = "privacy";

    fn key(&self) -> String {
        self.user.to_string()
    }
}

impl Event for ExportPart {
    const TYPE: &'static str = "privacy.export_part";
    const AGGREGATE: &'static str = "privacy";

    fn key(&self) -> String {
        self.user.to_string()
    }
}
