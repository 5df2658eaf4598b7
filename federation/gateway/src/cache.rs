//! Answers kept for a while: whole ones and single entities, as `@cacheControl` and the subgraphs' headers allow.

mod entities;
mod hints;
mod invalidation;
mod response;
mod store;
mod subgraph;

use platform_config::{ByteSize, Duration};
use serde::{Deserialize, Serialize};

pub(crate) use hints::Hints;
pub(crate) use invalidation::{Invalidation, Taken};
pub(crate) use response::Needs;
pub(crate) use store::{Entity, Fresh, Key, Store, Tags};
pub(crate) use subgraph::{Keeper, Keeping, said};

/// What is kept, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct CacheSettings {
    /// Whether whole answers are kept.
    pub responses: bool,
    /// Whether entities and root answers of subgraphs are kept.
    pub entities: bool,
    /// The memory for both.
    pub memory: ByteSize,
    /// The longest time anything is kept, whatever its hints say.
    pub longest: Duration,
    /// How long a root field without a hint may be kept. Zero: not at all.
    pub default_max_age: Duration,
    /// Whether clients are told by a header `cache-control` how long they may keep an answer.
    pub header: bool,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            responses: false,
            entities: false,
            memory: ByteSize::mb(64),
            longest: Duration::from_secs(24 * 60 * 60),
            default_max_age: Duration::from_secs(0),
            header: true,
        }
    }
}

impl CacheSettings {
    /// Whether anything is kept here at all.
    pub(crate) fn is_used(&self) -> bool {
        self.responses || self.entities
    }
}

/// How long an answer may be kept, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// In seconds; zero for not at all.
    pub max_age: u64,
    /// Whether it is for one principal alone.
    pub is_private: bool,
}

impl Policy {
    /// Nothing is known that limits it.
    pub(crate) const UNLIMITED: Self = Self {
        max_age: u64::MAX,
        is_private: false,
    };
    /// It must not be kept.
    pub(crate) const NEVER: Self = Self {
        max_age: 0,
        is_private: false,
    };

    /// Both at once: the shorter time, and private if one of them is.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            max_age: self.max_age.min(other.max_age),
            is_private: self.is_private || other.is_private,
        }
    }

    /// Whether it may be kept.
    pub(crate) fn is_kept(self) -> bool {
        self.max_age > 0 && self.max_age != u64::MAX
    }

    /// Reads a header `cache-control`.
    pub(crate) fn parse(header: &str) -> Self {
        let mut policy = Self::NEVER;
        let mut shared = None;
        for directive in header.split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || value.trim().trim_matches('"').parse().unwrap_or(0);
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return Self::NEVER,
                "private" => policy.is_private = true,
                "max-age" => policy.max_age = seconds(),
                "s-maxage" => shared = Some(seconds()),
                _ => {}
            }
        }
        // This is a shared cache: what is said to such counts before what is said to browsers.
        policy.max_age = shared.unwrap_or(policy.max_age);
        policy
    }

    /// The header `cache-control` for clients.
    pub(crate) fn header(self) -> String {
        if !self.is_kept() {
            return "no-store".into();
        }
        let scope = if self.is_private { "private" } else { "public" };
        format!("max-age={}, {scope}", self.max_age)
    }
}
