//! The lake: Apache Iceberg tables that are durable when a write returns, fast to read by their lead column, open to
//! every other engine at every moment, and able to say what they held before.
//!
//! A [`Lake`] is a warehouse of files and a catalog of pointers. A [`Table`] takes writes ([`Table::append`] for
//! batches, [`Table::stage`] for bulk), deletes and compactions; a [`Snapshot`] answers reads.

pub mod catalog;
mod commit;
mod compact;
mod data_file;
mod encode;
mod env;
mod error;
pub mod fault;
mod files;
mod foreign;
mod lake;
mod maintain;
mod memory;
mod merge;
mod output;
mod pages;
mod passes;
mod place;
mod reader;
mod retention;
mod rewrite;
mod schema;
mod shared;
mod snapshot;
mod stage;
mod staging;
pub mod storage;
mod table;
mod touched;
mod writer;

pub use crate::catalog::Receipt;
pub use crate::env::Env;
pub use crate::error::{LakeError, Result, Trouble};
pub use crate::lake::{Lake, LakeConfig};
pub use crate::maintain::{LEAST_GRACE, SnapshotInfo, Stats, Swept};
pub use crate::memory::Memory;
pub use crate::reader::LeadRange;
pub use crate::retention::Retention;
pub use crate::rewrite::{Compacted, Effort};
pub use crate::schema::{Column, Kind, SchemaChange, TableDef};
pub use crate::snapshot::Snapshot;
pub use crate::stage::Stage;
pub use crate::storage::S3Options;
pub use crate::table::{Moment, Table};
pub use crate::writer::{Committed, Written};
