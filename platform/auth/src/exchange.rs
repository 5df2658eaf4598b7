//! API keys: exchanged for a token of minutes at `auth`, and remembered for a moment.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use platform_crypto::{TokenHash, sha256};
use platform_error::Code;
use tokio::sync::Semaphore;

use crate::{AuthError, KEY_PREFIX, calls::Auth};

const REMEMBERED: u64 = 10_000;
/// A key whose revocation was not heard of is believed no longer than this.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// Questions to `auth` at once, however many keys somebody tries.
const AT_ONCE: usize = 16;

/// Whether a text is meant as an API key and not as a token.
pub(crate) fn is_api_key(text: &str) -> bool {
    text.strip_prefix(KEY_PREFIX).is_some_and(|rest| rest.starts_with('_'))
}

/// Knows whose API keys are. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Exchange {
    auth: Auth,
    known: Cache<[u8; 32], Arc<str>>,
    asking: Arc<Semaphore>,
}

impl Exchange {
    pub(crate) fn new(auth: Auth) -> Self {
        Self {
            auth,
            known: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            asking: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The token of a key. A text that cannot be a key is no question to anybody.
    pub(crate) async fn token_of(&self, key: &str) -> Result<Arc<str>, AuthError> {
        TokenHash::of_token(KEY_PREFIX, key).ok_or(AuthError::UnknownKey)?;
        if !self.auth.is_known() {
            return Err(AuthError::NoIssuer);
        }
        let digest = sha256(key.as_bytes());
        if let Some(token) = self.known.get(&digest) {
            return Ok(token);
        }
        let _asking = self.asking.acquire().await.expect("the semaphore is never closed");
        if let Some(token) = self.known.get(&digest) {
            return Ok(token);
        }
        let answer = self.auth.key_token(key).await.map_err(|error| match error.code() {
            Code::NotFound => AuthError::UnknownKey,
            _ => AuthError::Away("auth".into()),
        })?;
        let token: Arc<str> = answer.token.into();
        self.known.insert(digest, token.clone());
        Ok(token)
    }
}
