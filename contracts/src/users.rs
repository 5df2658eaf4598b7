//! Events about people's accounts, published by the service that has them.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The account's id, which is the person's everywhere.
    pub user: Uuid,
    /// The address they registered with.
    pub email: String,
    /// What they want to be called.
    #[serde(default)]
    pub name: Option<String>,
    /// Their language, for instance `de-CH`.
    #[serde(default)]
    pub locale: Option<String>,
}

/// Somebody's address of mail changed, and they have confirmed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChanged {
    /// Who.
    pub user: Uuid,
    /// The address they have now.
    pub email: String,
}

/// Somebody's account is gone: every service removes what it knows of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Who.
    pub user: Uuid,
}

impl Event for Registered {
    const TYPE: &'static str = "users.registered";
    const AGGREGATE: &'static str = "users";

    fn key(&self) -> String {
        self.user.to_string()
    }
}

impl Event for EmailChanged {
    const TYPE: &'static str = "users.email_changed";
    const AGGREGATE: &'static str = "users";

    fn key(&self) -> String {
        self.user.to_string()
    }
}

impl Event for Deleted {
    const TYPE: &'static str = "users.deleted";
    const AGGREGATE: &'static str = "users";

    fn key(&self) -> String {
        self.user.to_string()
    }
}
