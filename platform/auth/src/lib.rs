//! Who asks: principals, tokens verified, guards for GraphQL, REST and gRPC, and calls in a service's own name.

mod calls;
mod edge;
mod error;
mod exchange;
mod guard;
mod identity;
mod issue;
mod principal;
mod revocations;
mod secret;
mod verify;
pub mod wire;

pub use crate::{
    calls::Channel,
    edge::principal_of,
    error::AuthError,
    guard::{SignedIn, caller, principal},
    identity::{ForeignIssuer, Identity, IdentitySettings},
    issue::{Claims, issue},
    principal::{Kind, Principal},
    revocations::Revocations,
    secret::ServiceSecret,
    verify::{JwtSettings, KeySource, Verifier},
};

/// What the text of an API key begins with, before an underscore.
pub const KEY_PREFIX: &str = "hk";
