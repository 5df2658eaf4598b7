//! Which metadata file is a table's current one, and the one step that moves it: compare and swap.

mod database;
mod metadata;
mod schema;
mod sql;
mod swap;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use iceberg::spec::TableMetadata;
use iceberg::{TableCreation, TableUpdate};

use crate::error::Result;

pub use self::sql::SqlCatalog;

/// A table's name within a catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The namespace, its levels joined by dots.
    pub namespace: String,
    /// The name within the namespace.
    pub name: String,
}

/// One state of a table.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the metadata file says.
    pub metadata: Arc<TableMetadata>,
    /// The address of the metadata file; two states with the same address are the same.
    pub location: String,
}

/// What is remembered of an acknowledged batch, so that the same batch sent again gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The idempotency key the batch came with.
    pub key: String,
    /// A digest of the batch: another batch under the same key is a mistake of the sender.
    pub fingerprint: String,
    /// The answer that was given, as JSON.
    pub body: String,
    /// When it was acknowledged, kept to the microsecond.
    pub at: DateTime<Utc>,
}

/// A new state of a table, described by its difference from `base`.
#[derive(Debug)]
pub struct Change<'a> {
    /// The state that must still be the current one.
    pub base: &'a Loaded,
    /// What becomes different.
    pub updates: Vec<TableUpdate>,
    /// New files (manifests, their list) to be written together with the metadata file. They belong to this one
    /// attempt and are deleted if it does not succeed.
    pub files: Vec<(String, Bytes)>,
    /// Batches that are acknowledged by this change and with it, or not at all.
    pub receipts: Vec<Receipt>,
    /// The time of the change, for updates that do not carry a snapshot with a time of its own.
    pub now: DateTime<Utc>,
}

/// How an attempt to commit ended without an error.
#[derive(Debug)]
pub enum Outcome {
    /// The change is the current state.
    Committed(Loaded),
    /// Someone else changed the table since `base`: load it and decide again. Nothing was committed.
    Conflict,
    /// The batches with these keys were acknowledged before, by someone else: answer them with their receipts
    /// and leave them out. Nothing was committed.
    Repeated(Vec<String>),
}

/// Where tables are registered. A commit is a list of updates, as in the REST protocol, not a pointer.
#[async_trait]
pub trait Catalog: Send + Sync + fmt::Debug {
    /// Creates a table; if it exists, or someone else is faster, loads theirs.
    async fn create(&self, table: &TableName, creation: TableCreation, now: DateTime<Utc>) -> Result<Loaded>;

    /// The current state, or `None` if there is no such table. Costs one small query while `known` is current.
    async fn load(&self, table: &TableName, known: Option<&Loaded>) -> Result<Option<Loaded>>;

    /// Makes a change durable and visible in one step, or not at all.
    async fn commit(&self, table: &TableName, change: Change<'_>) -> Result<Outcome>;

    /// What is remembered of the batch with this idempotency key.
    async fn receipt(&self, table: &TableName, key: &str) -> Result<Option<Receipt>>;

    /// Remembers a batch that changed nothing. What is remembered of it, if it was acknowledged before.
    async fn acknowledge(&self, table: &TableName, receipt: &Receipt) -> Result<Option<Receipt>>;

    /// Every table, in the order of their names.
    async fn tables(&self) -> Result<Vec<TableName>>;

    /// Forgets a table and its receipts; its files stay.
    async fn drop_table(&self, table: &TableName) -> Result<()>;

    /// Forgets the receipts of batches acknowledged before a time; says how many.
    async fn forget_receipts(&self, older_than: DateTime<Utc>) -> Result<u64>;
}

impl TableName {
    /// The name of a table in a namespace.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}
