//! Opaque tokens of 256 random bits: the text goes to its owner, the hash to the database.

use platform_config::Secret;

use crate::{Random, base64url, equal, sha256};

const SECRET_BYTES: usize = 32;
/// 256 bits in base64url without padding.
const SECRET_CHARS: usize = 43;

/// A new token.
#[derive(Clone, Debug)]
pub struct Token {
    /// `prefix_secret`: shown to its owner once, and kept nowhere.
    pub text: Secret<String>,
    /// What is stored instead.
    pub hash: TokenHash,
}

impl Token {
    /// Makes a token; its prefix says what it is for, to people and to scanners for leaked secrets.
    pub fn mint(prefix: &str, random: Random) -> Self {
        let text = format!("{prefix}_{}", base64url(&random.bytes::<SECRET_BYTES>()));
        let hash = TokenHash::of(&text);
        let text = Secret::new(text);
        Self { text, hash }
    }
}

/// The SHA-256 of a token. Tokens are random, so that nothing slower is needed. Compared in constant time.
#[derive(Clone, Copy, Debug, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token's text.
    pub fn of(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }

    /// The hash of a text that looks like a token with this prefix; nothing for other texts, which need no question
    /// to the database.
    pub fn of_token(prefix: &str, text: &str) -> Option<Self> {
        let secret = text.strip_prefix(prefix)?.strip_prefix('_')?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (secret.len() == SECRET_CHARS && secret.bytes().all(is_plain)).then(|| Self::of(text))
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}
