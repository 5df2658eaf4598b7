//! Who is believed, who is not, and what services do in their own name.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attacks;
mod calls;
mod forgery;
mod guards;
mod keys;
mod support;
mod told;
