//! Somebody whose token was verified.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{JwtSettings, seconds};

/// Who is asking, and what the issuer says about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// All claims, verified.
    pub claims: Map<String, Value>,
    /// What they were given to do.
    pub scopes: BTreeSet<String>,
    /// The policies that hold for them.
    pub policies: BTreeSet<String>,
    /// When the token ends, in seconds since 1970.
    pub expires_at: i64,
    identity: String,
}

impl Principal {
    /// Reads what a token says.
    pub(crate) fn new(claims: Map<String, Value>, settings: &JwtSettings) -> Self {
        Self {
            scopes: words(claims.get(&settings.scopes_claim)),
            policies: words(claims.get(&settings.policies_claim)),
            expires_at: claims.get("exp").and_then(seconds).unwrap_or_default(),
            identity: identity(&claims),
            claims,
        }
    }

    /// The subject, where the token names one.
    pub fn subject(&self) -> Option<&str> {
        self.claims.get("sub").and_then(Value::as_str)
    }

    /// What tells this principal from all others: two tokens of one person with other rights are two of them.
    pub fn identity(&self) -> &str {
        &self.identity
    }
}

/// A digest of everything but the times and the token's own id, so that a renewed token is the same principal.
fn identity(claims: &Map<String, Value>) -> String {
    let lasting: Vec<_> = claims
        .iter()
        .filter(|(name, _)| !["exp", "iat", "nbf", "jti"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .collect();
    let digest = Sha256::digest(format!("{lasting:?}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn words(claim: Option<&Value>) -> BTreeSet<String> {
    match claim {
        Some(Value::String(text)) => text.split_whitespace().map(Into::into).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(Into::into)).collect(),
        _ => BTreeSet::new(),
    }
}
