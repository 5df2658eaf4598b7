//! What services, operators and buses see of events, on SQLite and PostgreSQL, with real brokers and killed processes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/backlog.rs"]
mod backlog;
#[path = "it/bus.rs"]
mod bus;
#[path = "it/chaos.rs"]
mod chaos;
#[path = "it/delivery.rs"]
mod delivery;
#[path = "it/failures.rs"]
mod failures;
#[path = "it/forgetting.rs"]
mod forgetting;
#[path = "it/operators.rs"]
mod operators;
#[path = "it/pump.rs"]
mod pump;
#[path = "it/service.rs"]
mod service;
#[path = "it/told.rs"]
mod told;
#[path = "it/unreadable.rs"]
mod unreadable;
#[path = "it/world.rs"]
mod world;
