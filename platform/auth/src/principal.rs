//! Somebody whose token was verified.

use std::collections::BTreeSet;

use platform_crypto::{base64url, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::AuthError;

/// What a principal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A person who has signed in.
    #[default]
    User,
    /// A program with a person's API key.
    Key,
    /// A service of ours.
    Service,
}

/// Who is asking, and what the issuer says about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What they are. A foreign issuer's word is not taken for it: its tokens are people's.
    pub kind: Kind,
    /// Who says so.
    pub issuer: Option<String>,
    /// The session, or the API key, that the token belongs to.
    pub session: Option<Uuid>,
    /// The workspace they act in.
    pub workspace: Option<Uuid>,
    /// Whether their address was confirmed.
    pub is_email_verified: bool,
    /// What they were given to do.
    pub scopes: BTreeSet<String>,
    /// The policies that hold for them.
    pub policies: BTreeSet<String>,
    /// When the token ends, in seconds since 1970.
    pub expires_at: i64,
    /// All claims, verified.
    pub claims: Map<String, Value>,
    is_ours: bool,
    identity: String,
}

/// How a token's claims are read.
pub(crate) struct Reading<'a> {
    pub(crate) scopes_claim: &'a str,
    pub(crate) policies_claim: &'a str,
    /// Whether the issuer is ours, so that its word about kinds, sessions and workspaces counts.
    pub(crate) is_ours: bool,
}

impl Principal {
    /// Reads what a verified token says.
    pub(crate) fn new(claims: Map<String, Value>, reading: &Reading<'_>) -> Result<Self, AuthError> {
        let ours = |name: &str| claims.get(name).filter(|_| reading.is_ours);
        let id = |name: &str| match ours(name) {
            None | Some(Value::Null) => Ok(None),
            Some(claim) => {
                let id = claim.as_str().and_then(|text| text.parse().ok());
                id.map(Some)
                    .ok_or(AuthError::Malformed("its claims sid and workspace must be ids"))
            }
        };
        let kind = match ours("kind") {
            None => Kind::User,
            Some(kind) => {
                Kind::deserialize(kind).map_err(|_| AuthError::Malformed("its claim kind is not known here"))?
            }
        };
        Ok(Self {
            kind,
            issuer: claims.get("iss").and_then(Value::as_str).map(Into::into),
            session: id("sid")?,
            workspace: id("workspace")?,
            is_email_verified: claims
                .get("email_verified")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            scopes: words(claims.get(reading.scopes_claim)),
            policies: words(claims.get(reading.policies_claim)),
            expires_at: claims.get("exp").and_then(seconds).unwrap_or_default(),
            is_ours: reading.is_ours,
            identity: identity(&claims),
            claims,
        })
    }

    /// The subject, where the token names one.
    pub fn subject(&self) -> Option<&str> {
        self.claims.get("sub").and_then(Value::as_str)
    }

    /// What tells this principal from all others: two tokens of one person with other rights are two of them.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The person who asks, in person or by a key of theirs. Never take a person's id from the input instead.
    pub fn user(&self) -> Result<Uuid, AuthError> {
        let refused = AuthError::Kind("people who have signed in here");
        if !self.is_ours || self.kind == Kind::Service {
            return Err(refused);
        }
        self.subject().and_then(|subject| subject.parse().ok()).ok_or(refused)
    }

    /// The service that asks.
    pub fn service(&self) -> Result<&str, AuthError> {
        let name = self.subject().filter(|_| self.kind == Kind::Service);
        name.ok_or(AuthError::Kind("services alone"))
    }

    /// Refuses unless the principal was given a scope.
    pub fn require_scope(&self, scope: &str) -> Result<(), AuthError> {
        match self.scopes.contains(scope) {
            true => Ok(()),
            false => Err(AuthError::Scope(scope.to_owned())),
        }
    }
}

/// A NumericDate, which may have a fraction.
pub(crate) fn seconds(claim: &Value) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large becomes the largest moment"
    )]
    claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds as i64))
}

/// A digest of everything but the times and the token's own id, so that a renewed token is the same principal.
fn identity(claims: &Map<String, Value>) -> String {
    let is_lasting = |name: &str| !["exp", "iat", "nbf", "jti"].contains(&name);
    let mut lasting: Vec<_> = claims.iter().filter(|(name, _)| is_lasting(name)).collect();
    lasting.sort_unstable_by_key(|(name, _)| *name);
    let text = serde_json::to_vec(&lasting).expect("claims are always JSON");
    base64url(&sha256(&text)[..16])
}

fn words(claim: Option<&Value>) -> BTreeSet<String> {
    match claim {
        Some(Value::String(text)) => text.split_whitespace().map(Into::into).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(Into::into)).collect(),
        _ => BTreeSet::new(),
    }
}
