//! Tables from outside: durable writes, the newest write of a key, deletes, compaction, time travel, other writers.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by panicking"
)]

mod concurrency;
mod counted;
mod engines;
mod evolution;
mod files;
mod large;
mod pages;
mod past;
mod strangers;
mod support;
mod unsorted;
mod upkeep;
