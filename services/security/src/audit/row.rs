//! An entry of the audit log as it is stored.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_crypto::hex;
use platform_database::orm::{DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter, PrimaryKeyTrait};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject, Serialize)]
#[sea_orm(table_name = "audit")]
#[graphql(name = "AuditEntry")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its number: entries are numbered without gaps in the order in which they were written.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// When it was written down.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// The service that saw it.
    pub source: String,
    /// The workspace it belongs to.
    pub workspace: Option<Uuid>,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which one.
    pub target_id: String,
    /// How it ended: `done`, `refused` or `failed`.
    pub outcome: String,
    /// Facts, as JSON, without secrets.
    pub data: String,
    /// What the search looks through.
    #[graphql(skip)]
    #[serde(skip)]
    pub words: String,
    /// The fingerprint of this entry and, through the one before it, of all before it.
    pub hash: String,
    /// The fingerprint under a key that the database does not have.
    #[graphql(skip)]
    #[serde(skip)]
    pub seal: String,
}

platform_database::unrelated!();

impl Model {
    /// The fingerprint after `previous`. Every field has its length before it, so that no two entries read alike.
    pub(super) fn fingerprint(&self, previous: &str) -> String {
        let mut digest = Sha256::new();
        let mut add = |field: &str| {
            digest.update((field.len() as u64).to_be_bytes());
            digest.update(field.as_bytes());
        };
        let workspace = self.workspace.map(|id| id.to_string()).unwrap_or_default();
        let numbers = [self.seq.to_string(), self.at.timestamp_micros().to_string()];
        let fields = [
            previous,
            &numbers[0],
            &self.id.to_string(),
            &numbers[1],
            &self.actor,
            &self.source,
            &workspace,
            &self.action,
            &self.target_kind,
            &self.target_id,
            &self.outcome,
            &self.data,
            &self.words,
        ];
        fields.iter().for_each(|field| add(field));
        hex(&digest.finalize())
    }

    /// Words with spaces between, because the two databases do not agree on what else ends a word.
    pub(super) fn searched(&self) -> String {
        let all = [
            &self.actor,
            &self.action,
            &self.target_kind,
            &self.target_id,
            &self.outcome,
            &self.data,
        ];
        let all = all.map(String::as_str).join(" ").to_lowercase();
        let words = all.split(|letter: char| !letter.is_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}
