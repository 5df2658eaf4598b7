//! The binary from outside: real processes, their output, their exit codes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod documentation;
mod federation;
mod files;
mod help;
mod joining;
mod lake;
mod mail;
mod operators;
mod program;
mod seed;
mod series;
mod serving;
mod settings;
mod stitching;
mod threads;
