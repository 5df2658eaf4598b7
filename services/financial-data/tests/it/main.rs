//! The service from outside: one binary for all tests that start it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
mod deeds;
mod graphql;
mod ready;
mod rest;
