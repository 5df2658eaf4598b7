//! The service from outside, on SQLite and on PostgreSQL: what people do, and what attackers try.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administration;
mod attacks;
mod document;
mod forgotten;
mod given_back;
mod graphql;
mod keys;
mod mail;
mod mail_change;
mod oidc;
mod passkeys;
mod passwords;
mod providers;
mod registration;
mod resets;
mod returns;
mod sessions;
mod signing_keys;
mod support;
mod told;
mod totp;
mod trust;
mod work;
mod workspaces;
