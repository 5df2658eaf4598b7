//! Writes access tokens.

use platform_crypto::{SigningKey, base64url};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::Kind;

/// What an access token of ours says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// Who writes it.
    pub iss: String,
    /// Whom it is about: a person's id, or a service's name.
    pub sub: String,
    /// Whom it is for.
    pub aud: String,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it was written, in seconds since 1970.
    pub iat: i64,
    /// The token's own id.
    pub jti: Uuid,
    /// The session, or the API key, it belongs to: what is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// Scopes, with spaces between them.
    pub scope: String,
    /// What the subject is.
    pub kind: Kind,
    /// Whether the subject's address was confirmed.
    pub email_verified: bool,
    /// The workspace the subject acts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Uuid>,
}

/// Signs claims as a token.
pub fn issue(key: &SigningKey, claims: &Claims) -> String {
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": key.id() });
    let claims = serde_json::to_vec(claims).expect("claims are always JSON");
    let signed = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(&claims));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", base64url(&signature))
}
