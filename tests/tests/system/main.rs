//! The system from outside: processes killed at every step, several of them on one lake, other engines beside it.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by panicking"
)]

mod access;
mod crash;
mod deeds;
mod developers;
mod engines;
mod model;
mod processes;
mod scenario;
