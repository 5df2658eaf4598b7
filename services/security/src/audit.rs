//! The audit log: what was done, by whom, to what, in a chain that shows every change made to it afterwards.

mod chain;
mod intake;
mod redact;
mod row;
mod search;
mod verify;

pub use chain::Chain;
pub use contracts::audit::Outcome;
pub use redact::{REDACTED, redacted};
pub use row::{ActiveModel, Column, Entity, Model, PrimaryKey, Relation};
pub use search::{INDEX, Search, search};
pub use verify::{Anchor, Broken, Verified, verify};

use serde_json::Value;
use uuid::Uuid;

use crate::{error::Error, text};

/// The most bytes that the facts of one entry have.
pub const LARGEST: usize = 16 * 1024;
const LONGEST: usize = 200;

/// What is to be written down.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id; the same id is written down once.
    pub id: Uuid,
    /// Who did it: `user:ID`, `service:NAME`, `nobody`.
    pub actor: String,
    /// The service that saw it.
    pub source: String,
    /// The workspace it belongs to.
    pub workspace: Option<Uuid>,
    /// What was done: `grants.granted`.
    pub action: String,
    /// To what: kind and id.
    pub target: (String, String),
    /// How it ended.
    pub outcome: Outcome,
    /// Facts. They are redacted before they are kept.
    pub data: Value,
}

impl Entry {
    /// The entry with its texts looked at and its facts redacted and cut to size.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        self.action = text::word("action", &self.action, 100)?;
        self.source = text::word("source", &self.source, 64)?;
        if !self.target.0.is_empty() {
            self.target.0 = text::word("target kind", &self.target.0, 64)?;
        }
        self.actor = redact::text(&text::clip(&self.actor, LONGEST));
        self.target.1 = redact::text(&text::clip(&self.target.1, LONGEST));
        let data = redacted(self.data);
        let size = data.to_string().len();
        self.data = match size <= LARGEST {
            true => data,
            false => serde_json::json!({ "omitted": "too large", "bytes": size }),
        };
        Ok(self)
    }
}
