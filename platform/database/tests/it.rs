//! Relational data on SQLite and on PostgreSQL: every sentence holds on both.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/conflicts.rs"]
mod conflicts;
#[path = "it/exact.rs"]
mod exact;
#[path = "it/geo.rs"]
mod geo;
#[path = "it/kept.rs"]
mod kept;
#[path = "it/lookup.rs"]
mod lookup;
#[path = "it/migrate.rs"]
mod migrate;
#[path = "it/page.rs"]
mod page;
#[path = "it/pool.rs"]
mod pool;
#[path = "it/support.rs"]
mod support;
#[path = "it/text.rs"]
mod text;
#[path = "it/tx.rs"]
mod tx;
