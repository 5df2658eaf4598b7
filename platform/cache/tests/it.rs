//! Caches of the process, of Redis and of a request, and the limits that processes share.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/alone.rs"]
mod alone;
#[path = "it/counted.rs"]
mod counted;
#[path = "it/limit.rs"]
mod limit;
#[path = "it/loader.rs"]
mod loader;
#[path = "it/missed.rs"]
mod missed;
#[path = "it/shared.rs"]
mod shared;
#[path = "it/support.rs"]
mod support;
#[path = "it/told.rs"]
mod told;
