//! People's own things through the real router, on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/annotations.rs"]
mod annotations;
#[path = "it/cached.rs"]
mod cached;
#[path = "it/charts.rs"]
mod charts;
#[path = "it/exports.rs"]
mod exports;
#[path = "it/grpc.rs"]
mod grpc;
#[path = "it/isolation.rs"]
mod isolation;
#[path = "it/limits.rs"]
mod limits;
#[path = "it/lists.rs"]
mod lists;
#[path = "it/permissions.rs"]
mod permissions;
#[path = "it/privacy.rs"]
mod privacy;
#[path = "it/profiles.rs"]
mod profiles;
#[path = "it/races.rs"]
mod races;
#[path = "it/support.rs"]
mod support;
#[path = "it/workspaces.rs"]
mod workspaces;
