//! Who asks or is asked about.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{error::Error, text};

/// Somebody who may hold roles. An API key is its user, with fewer rights.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// A person.
    User(Uuid),
    /// A service of ours, by name.
    Service(String),
    /// Who did not sign in.
    Nobody,
}

impl Subject {
    /// The user's id, for what a user owns.
    pub fn user(&self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(*id),
            Self::Service(_) | Self::Nobody => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Service(name) => write!(f, "service:{name}"),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

impl FromStr for Subject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::field("subject", "is user:ID, service:NAME or nobody");
        match text.split_once(':') {
            None if text == "nobody" => Ok(Self::Nobody),
            Some(("user", id)) => Ok(Self::User(id.parse().map_err(|_| wrong())?)),
            Some(("service", name)) => Ok(Self::Service(text::word("subject", name, 64).map_err(|_| wrong())?)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}
