//! What services and operators see of jobs, on SQLite and PostgreSQL, with workers that are killed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/backlog.rs"]
mod backlog;
#[path = "it/chaos.rs"]
mod chaos;
#[path = "it/claims.rs"]
mod claims;
#[path = "it/counted.rs"]
mod counted;
#[path = "it/leases.rs"]
mod leases;
#[path = "it/operators.rs"]
mod operators;
#[path = "it/queue.rs"]
mod queue;
#[path = "it/schedules.rs"]
mod schedules;
#[path = "it/world.rs"]
mod world;
