//! What a token's header says about how it is to be verified (RFC 7515, 4.1).

use jsonwebtoken::Algorithm;
use platform_crypto::from_base64url;
use serde::{Deserialize, de::IgnoredAny};

use crate::AuthError;

/// The header, as far as it is listened to: what else it says, such as a key of its own, is passed over.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: Algorithm,
    pub(super) kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl Header {
    pub(super) fn of(token: &str) -> Result<Self, AuthError> {
        let mut parts = token.split('.');
        let header = parts.next().filter(|_| parts.count() == 2);
        let header = header.and_then(from_base64url);
        let header: Option<Self> = header.and_then(|header| serde_json::from_slice(&header).ok());
        match header {
            None => Err(AuthError::Malformed("its header names no known algorithm")),
            Some(Self { crit: Some(_), .. }) => {
                Err(AuthError::Malformed("it needs extensions that are not known here"))
            }
            Some(header) => Ok(header),
        }
    }
}
