//! Whose tokens a service believes.

use platform_config::{Duration, Secret};
use serde::{Deserialize, Serialize};

use crate::KeySource;

/// Whom to believe. Section `[identity]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// What our own `auth` writes into the claim `iss`.
    pub issuer: String,
    /// The claim `aud` of people's tokens. Tokens for one service have its name instead.
    pub audience: String,
    /// The name of our own `auth` among the peers: keys, ended sessions, API keys and service tokens come from there.
    pub peer: String,
    /// A JWKS document with its keys as text, best given as `jwks-file`, where it cannot be asked for them.
    pub jwks: String,
    /// What all processes share to prove that they are services: at least 16 characters, best given as
    /// `service-secret-file`. Derived from the key ring where it is empty.
    pub service_secret: Secret<String>,
    /// The secret before it, believed as well while processes are restarted one after the other.
    pub service_secret_before: Secret<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// How often ended sessions are asked for.
    pub revocation_poll: Duration,
    /// Whether requests without a token are refused, whatever they ask for; at our own `auth`, where tokens come from,
    /// they never are.
    pub required: bool,
    /// Others whose tokens are believed. They are about people, and say nothing of sessions and workspaces here.
    pub issuers: Vec<ForeignIssuer>,
}

/// Somebody else who issues tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ForeignIssuer {
    /// Their claim `iss`.
    pub issuer: String,
    /// The claim `aud` that means us.
    pub audience: String,
    /// Their JWKS document.
    pub url: String,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            issuer: "hansa".into(),
            audience: "hansa".into(),
            peer: "auth".into(),
            jwks: String::new(),
            service_secret: Secret::default(),
            service_secret_before: Secret::default(),
            leeway: Duration::from_secs(30),
            revocation_poll: Duration::from_secs(2),
            required: false,
            issuers: Vec::new(),
        }
    }
}

impl IdentitySettings {
    /// The keys of our own `auth`, as `service` believes them.
    pub(super) fn ours(&self, service: &str) -> KeySource {
        let has_text = !self.jwks.is_empty();
        KeySource {
            jwks: has_text.then(|| self.jwks.clone()),
            peer: (!has_text).then(|| self.peer.clone()),
            issuer: Some(self.issuer.clone()),
            audiences: vec![self.audience.clone(), service.to_owned()],
            ..KeySource::default()
        }
    }

    pub(super) fn foreign(&self) -> impl Iterator<Item = KeySource> {
        self.issuers.iter().map(|foreign| KeySource {
            url: Some(foreign.url.clone()),
            issuer: Some(foreign.issuer.clone()),
            audiences: vec![foreign.audience.clone()],
            ..KeySource::default()
        })
    }
}
