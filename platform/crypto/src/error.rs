//! What can go wrong with keys and secrets. None of these texts repeats a secret.

use std::path::PathBuf;

use platform_error::{Code, Coded};
use serde_json::{Value, json};

/// A key, a secret or a password that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The key ring cannot be read or made.
    #[error("the keys in {file}: {reason}")]
    KeyFile {
        /// Where the keys are.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The key ring's text is not one.
    #[error("keys.ring: {0}")]
    Ring(String),
    /// A change of the key ring that cannot be made.
    #[error("{0}")]
    Change(String),
    /// Settings that no password can be hashed with.
    #[error("passwords: {0}")]
    PasswordSettings(String),
    /// A password of no length, or of a length nobody types.
    #[error("a password has 1 to {0} bytes")]
    PasswordLength(usize),
    /// All processors hash passwords, and enough others wait.
    #[error("too many people sign in at this moment; try again in 1s")]
    Busy,
    /// What is stored was sealed by a key that is not in the ring.
    #[error("a stored field was sealed by the key {0:?}, which is not in the key ring")]
    UnknownKey(String),
    /// What is stored was changed, moved from another row, or never sealed.
    #[error("a stored field cannot be opened")]
    Sealed,
    /// What is stored is not a hash of a password.
    #[error("a stored hash of a password cannot be read")]
    PasswordHash,
    /// What is stored is not a key that signs.
    #[error("a stored signing key cannot be read")]
    SigningKey,
    /// The thread that hashed did not finish.
    #[error("hashing a password was interrupted")]
    Interrupted,
}

impl Coded for CryptoError {
    fn code(&self) -> Code {
        match self {
            Self::KeyFile { .. } => Code::Unavailable,
            Self::Ring(_) | Self::Change(_) | Self::PasswordSettings(_) | Self::PasswordLength(_) => Code::Invalid,
            Self::Busy => Code::Unavailable,
            Self::UnknownKey(_) | Self::Sealed | Self::PasswordHash | Self::SigningKey | Self::Interrupted => {
                Code::Internal
            }
        }
    }

    fn details(&self) -> Option<Value> {
        matches!(self, Self::Busy).then(|| json!({ "retryAfterSeconds": 1 }))
    }
}
