//! Whose tokens are believed, and where they are found.

use jsonwebtoken::Algorithm;
use platform_config::Duration;
use serde::{Deserialize, Serialize};

use crate::AuthError;

/// Verification of tokens; off while there is no source of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct JwtSettings {
    /// Where keys come from.
    pub sources: Vec<KeySource>,
    /// Accepted issuers (`iss`); any where the list is empty.
    pub issuers: Vec<String>,
    /// Accepted audiences (`aud`); any where the list is empty.
    pub audiences: Vec<String>,
    /// Accepted algorithms. Shared secrets (HS256 and its kin) only where they are named here.
    pub algorithms: Vec<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// The header with the token.
    pub header: String,
    /// The word before the token; empty for none.
    pub scheme: String,
    /// A cookie with the token, looked at where the header is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// Whether requests without a token are refused.
    pub required: bool,
    /// How often keys are fetched again.
    pub refresh: Duration,
    /// The shortest time between two fetches, however many unknown key ids arrive.
    pub refresh_pause: Duration,
    /// The claim with the scopes, as a list or as text with spaces.
    pub scopes_claim: String,
    /// The claim with the names of the policies that hold, as a list or as text with spaces.
    pub policies_claim: String,
}

/// A set of keys: exactly one of `url`, `file`, `jwks` and `peer`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct KeySource {
    /// A JWKS document to fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A JWKS document in a file, read again when a key is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A JWKS document as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// The service that serves a JWKS document, by its name among the peers. What it signs is ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The audiences of tokens that these keys have signed; those accepted from everybody where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// The only issuer whose tokens these keys may sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Default for JwtSettings {
    fn default() -> Self {
        let algorithms = [
            "EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
        ];
        Self {
            sources: Vec::new(),
            issuers: Vec::new(),
            audiences: Vec::new(),
            algorithms: algorithms.map(Into::into).to_vec(),
            leeway: Duration::from_secs(30),
            header: "authorization".into(),
            scheme: "Bearer".into(),
            cookie: None,
            required: false,
            refresh: Duration::from_secs(15 * 60),
            refresh_pause: Duration::from_secs(30),
            scopes_claim: "scope".into(),
            policies_claim: "policies".into(),
        }
    }
}

impl JwtSettings {
    pub(super) fn allowed(&self) -> Result<Vec<Algorithm>, AuthError> {
        let parsed = self.algorithms.iter().map(|name| {
            name.parse().map_err(|_| {
                AuthError::Settings(format!(
                    "{name:?} is not an algorithm for tokens; use EdDSA, ES256 or RS256"
                ))
            })
        });
        parsed.collect()
    }
}
