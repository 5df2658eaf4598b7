//! Events about roles and who holds them: what a service remembers of decisions is over.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A role was made, changed or deleted: decisions about anybody who holds it may be others now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolesChanged {
    /// The role's key; none where all roles of a workspace are gone.
    #[serde(default)]
    pub role: Option<String>,
    /// The workspace that made it; none for a role for everywhere.
    #[serde(default)]
    pub workspace: Option<Uuid>,
}

/// A subject was given or lost a role: decisions about it may be others now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantsChanged {
    /// Whose: `user:ID` or `service:NAME`.
    pub subject: String,
}

impl Event for RolesChanged {
    const TYPE: &'static str = "roles.changed";
    const AGGREGATE: &'static str = "roles";

    fn key(&self) -> String {
        self.role.clone().unwrap_or_default()
    }
}

impl Event for GrantsChanged {
    const TYPE: &'static str = "grants.changed";
    const AGGREGATE: &'static str = "grants";

    fn key(&self) -> String {
        self.subject.clone()
    }
}
