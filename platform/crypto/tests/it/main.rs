//! Keys, sealed fields, tokens and passwords as a service uses them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fields;
mod passwords;
mod reload;
mod ring;
mod tokens;
mod verifying;

/// The bytes that pairs of digits stand for.
fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
