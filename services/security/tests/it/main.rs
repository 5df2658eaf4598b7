//! The service from outside, on SQLite and on PostgreSQL: every sentence holds on both.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administrators;
mod attacks;
mod audit;
mod borders;
mod chain;
mod docs;
mod events;
mod grants;
mod grpc;
mod isolation;
mod lists;
mod many;
mod memory;
mod parts;
mod people;
mod rest;
mod roles;
mod rules;
mod support;
