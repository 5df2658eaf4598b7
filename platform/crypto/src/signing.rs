//! Ed25519 keys that sign tokens.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use platform_config::Secret;
use serde_json::{Value, json};

use crate::{CryptoError, Random, base64url, sha256};

/// A key that signs, known to others by its id.
#[derive(Debug)]
pub struct SigningKey {
    id: String,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// A new key.
    pub fn generate(random: Random) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&random.bytes::<32>()).expect("a seed has 32 bytes");
        Self::new(pair)
    }

    /// A key that was kept.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, CryptoError> {
        let pair = Ed25519KeyPair::from_pkcs8(document).map_err(|_| CryptoError::SigningKey)?;
        Ok(Self::new(pair))
    }

    fn new(pair: Ed25519KeyPair) -> Self {
        let x = base64url(pair.public_key().as_ref());
        // RFC 7638: the members of the key alone, sorted, without spaces.
        let id = base64url(&sha256(
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes(),
        ));
        Self { id, pair }
    }

    /// The key as PKCS#8, to be sealed before it is stored.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        let document = self.pair.to_pkcs8().expect("a key pair is always PKCS#8");
        Secret::new(document.as_ref().to_vec())
    }

    /// The key's id: the thumbprint of its public half (RFC 7638).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half as a JSON Web Key.
    pub fn jwk(&self) -> Value {
        let x = base64url(self.pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.id, "use": "sig", "alg": "EdDSA" })
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(message);
        signature
            .as_ref()
            .try_into()
            .expect("an Ed25519 signature has 64 bytes")
    }
}
