//! Keys, sealed fields, tokens and passwords as a service uses them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fields;
mod passwords;
mod reload;
mod ring;
mod tokens;
