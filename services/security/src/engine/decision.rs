//! What comes out: a verdict, and a decision that says why.

use std::{fmt, sync::Arc};

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::place::EVERYWHERE;

/// Allowed or not, and the policies that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    is_allowed: bool,
    is_fault: bool,
    policies: Vec<Arc<str>>,
}

/// A verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "AccessDecision")]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, as a word.
    pub reason: Reason,
    /// Why, as a sentence.
    pub explanation: String,
    /// The policies that allowed it, or those that forbade it.
    pub policies: Vec<String>,
    /// The roles through which it is allowed. None where it is denied.
    pub roles: Vec<Via>,
}

/// A role through which something is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "AccessThrough")]
#[serde(rename_all = "camelCase")]
pub struct Via {
    /// The role's key.
    pub role: String,
    /// Where it was granted: `everywhere`, `workspace:ID` or `KIND:ID`.
    pub place: String,
    /// The permission of it that counts.
    pub permission: String,
    /// The grant, or nothing for a role that the settings give.
    pub grant: Option<Uuid>,
}

/// Why a decision is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
#[graphql(name = "AccessReason")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// A policy permits it and none forbids it.
    Allowed,
    /// No permission has this name.
    UnknownPermission,
    /// No role that is held allows it anywhere.
    NotHeld,
    /// A role that is held allows it, but elsewhere.
    Elsewhere,
    /// A role that is held here allows it only on what one owns.
    NotOwner,
    /// A policy forbids it.
    Forbidden,
    /// It would be done to a person who may administrate what the one who asks may not.
    Outranked,
    /// The policies could not be asked.
    Fault,
}

impl Verdict {
    pub(crate) fn new(is_allowed: bool, mut policies: Vec<Arc<str>>) -> Self {
        policies.sort_unstable();
        Self {
            is_allowed,
            is_fault: false,
            policies,
        }
    }

    pub(crate) fn denied() -> Self {
        Self::new(false, Vec::new())
    }

    pub(crate) fn fault() -> Self {
        Self {
            is_fault: true,
            ..Self::denied()
        }
    }

    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        self.is_allowed
    }

    /// The policies that allowed or forbade it. A denial without one means that no policy permitted it.
    pub fn policies(&self) -> &[Arc<str>] {
        &self.policies
    }

    pub(crate) fn is_fault(&self) -> bool {
        self.is_fault
    }
}

impl Decision {
    /// That it would be done to somebody who may administrate more.
    pub(crate) fn outranked() -> Self {
        Self {
            allowed: false,
            reason: Reason::Outranked,
            explanation: "the person it would be done to may administrate what the one who asks may not".to_owned(),
            policies: Vec::new(),
            roles: Vec::new(),
        }
    }
}

impl Reason {
    /// The reason's name on the wire, for instance `NOT_HELD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::UnknownPermission => "UNKNOWN_PERMISSION",
            Self::NotHeld => "NOT_HELD",
            Self::Elsewhere => "ELSEWHERE",
            Self::NotOwner => "NOT_OWNER",
            Self::Forbidden => "FORBIDDEN",
            Self::Outranked => "OUTRANKED",
            Self::Fault => "FAULT",
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the role {} granted {} holds {}",
            self.role,
            here(&self.place),
            self.permission
        )
    }
}

/// Where a place is, as the end of a sentence.
fn here(place: &str) -> String {
    match place {
        EVERYWHERE => place.to_owned(),
        place => format!("on {place}"),
    }
}
