//! Events about workspaces and who is in them.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody's part in a workspace changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChanged {
    /// Where.
    pub workspace: Uuid,
    /// Who.
    pub user: Uuid,
    /// As what they are in it now: `viewer`, `member`, `admin` or `owner`; nothing when they left.
    pub role: Option<String>,
}

/// A workspace is gone: every service removes what belongs to it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Which.
    pub workspace: Uuid,
}

impl Event for MemberChanged {
    const TYPE: &'static str = "workspaces.member_changed";
    const AGGREGATE: &'static str = "workspaces";

    fn key(&self) -> String {
        self.workspace.to_string()
    }
}

impl Event for Deleted {
    const TYPE: &'static str = "workspaces.deleted";
    const AGGREGATE: &'static str = "workspaces";

    fn key(&self) -> String {
        self.workspace.to_string()
    }
}
