//! What the service `auth` and the others say to each other about tokens. JSON over HTTP, for services alone: each
//! request carries the header that [`crate::ServiceSecret`] makes and checks.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The public keys that tokens are signed with. For everybody.
pub const JWKS: &str = "/.well-known/jwks.json";
/// `GET ?since=cursor`: [`Revocations`].
pub const REVOCATIONS: &str = "/internal/revocations";
/// `POST` [`ServiceTokenRequest`]: [`Token`].
pub const SERVICE_TOKENS: &str = "/internal/service-tokens";
/// `POST` [`KeyTokenRequest`]: [`Token`].
pub const KEY_TOKENS: &str = "/internal/key-tokens";

/// Sessions that have ended before their tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocations {
    /// Those since the cursor; all whose tokens may still be alive where there was none.
    pub revoked: Vec<Revoked>,
    /// The cursor to ask with next time.
    pub next: i64,
}

/// One session, or one API key, that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// The claim `sid` of its tokens.
    pub session: Uuid,
    /// When the last of its tokens expires, in seconds since 1970.
    pub until: i64,
}

/// A service asks for a token in its own name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceTokenRequest {
    /// The service it wants to call.
    pub audience: String,
}

/// A service asks who an API key is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyTokenRequest {
    /// The whole key, `hk_…`.
    pub key: String,
}

/// A token and when it ends.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The signed token.
    pub token: String,
    /// In seconds since 1970.
    pub expires_at: i64,
}
