//! Events about sessions, published by the service that begins and ends them.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session, or an API key, is over before its tokens are: nobody believes them any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// The session, or the key: the claim `sid` of its tokens.
    pub session: Uuid,
    /// Whose it was.
    pub user: Uuid,
    /// When the last of its tokens expires, in seconds since 1970.
    pub until: i64,
}

impl Event for Revoked {
    const TYPE: &'static str = "sessions.revoked";
    const AGGREGATE: &'static str = "sessions";

    fn key(&self) -> String {
        self.user.to_string()
    }
}
