//! A role: a named set of permissions.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Permissions;
use crate::error::Error;

const CUSTOM: &str = "custom/";
const LONGEST: usize = 100;

/// The name by which a role is granted: `markets/member`, or `custom/` and the id of a role that was made here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleKey(Arc<str>);

/// A set of permissions with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name by which it is granted.
    pub key: RoleKey,
    /// Its name for people.
    pub name: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// The workspace that made it. Built-in roles and those for everywhere have none.
    pub workspace: Option<Uuid>,
    /// The permissions it was given.
    pub stated: Permissions,
    /// Those and all that they imply.
    pub holds: Permissions,
}

impl RoleKey {
    /// The key of a built-in role.
    pub fn built_in(system: &str, name: &str) -> Self {
        Self(format!("{system}/{name}").into())
    }

    /// The key of a role that was made here.
    pub fn custom(id: Uuid) -> Self {
        Self(format!("{CUSTOM}{id}").into())
    }

    /// The id of a role that was made here, or nothing for a built-in one.
    pub fn custom_id(&self) -> Option<Uuid> {
        self.0.strip_prefix(CUSTOM)?.parse().ok()
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RoleKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_word = |word: &str| {
            let is_letter =
                |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_-".contains(&letter);
            !word.is_empty() && word.bytes().all(is_letter)
        };
        match text.split_once('/') {
            Some((system, name)) if text.len() <= LONGEST && is_word(system) && is_word(name) => Ok(Self(text.into())),
            _ => Err(Error::field("role", "is a role's key, for instance markets/member")),
        }
    }
}

impl TryFrom<String> for RoleKey {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<RoleKey> for String {
    fn from(key: RoleKey) -> Self {
        key.0.as_ref().to_owned()
    }
}
