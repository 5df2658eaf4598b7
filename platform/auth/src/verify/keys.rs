//! A key set (RFC 7517), and what its keys may verify.

use jsonwebtoken::{
    Algorithm, DecodingKey, crypto,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use platform_crypto::{VerifyingKey, from_base64url};
use serde::Deserialize;
use serde_json::Value;

use super::header::Header;

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
const HMAC: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// A key and what it may have signed.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    public: Public,
}

/// What verifies: by tables for the kind of key that signs our own tokens, else by the library.
enum Public {
    Ed25519(VerifyingKey),
    Other(DecodingKey),
}

impl Key {
    /// A token that names a key is verified by that key alone.
    pub(super) fn may_have_signed(&self, header: &Header) -> bool {
        match &header.kid {
            Some(wanted) => self.id.as_ref() == Some(wanted),
            None => self.algorithms.contains(&header.alg),
        }
    }

    /// Whether it has signed a message by one of its algorithms; the signature is as a token has it.
    pub(super) fn has_signed(&self, message: &str, signature: &str, algorithm: Algorithm) -> bool {
        let message = message.as_bytes();
        match &self.public {
            Public::Ed25519(key) => {
                from_base64url(signature).is_some_and(|signature| key.has_signed(message, &signature))
            }
            Public::Other(key) => crypto::verify(signature, message, key, algorithm).unwrap_or_default(),
        }
    }
}

/// The keys of a document that can verify a signature here. Others are left out: sets have keys for many purposes.
pub(super) fn parse(document: &[u8], allowed: &[Algorithm]) -> Result<Vec<Key>, String> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }
    let document: Document = serde_json::from_slice(document).map_err(|error| format!("not a key set: {error}"))?;
    let set = JwkSet {
        keys: document
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect(),
    };
    Ok(set.keys.iter().filter_map(|jwk| key(jwk, allowed)).collect())
}

fn key(jwk: &Jwk, allowed: &[Algorithm]) -> Option<Key> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    // The kind of key decides what it may verify, never the token: a public key is not a shared secret.
    let possible: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &RSA,
        AlgorithmParameters::OctetKey(_) => &HMAC,
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(parameters) => match parameters.curve {
            EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
            _ => return None,
        },
    };
    let named: Option<Algorithm> = match jwk.common.key_algorithm {
        Some(named) => Some(named.to_string().parse().ok()?),
        None => None,
    };
    let fits = |algorithm: &&Algorithm| allowed.contains(algorithm) && named.is_none_or(|named| named == **algorithm);
    let algorithms: Vec<_> = possible.iter().filter(fits).copied().collect();
    let public = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(parameters) => {
            Public::Ed25519(VerifyingKey::from_bytes(&from_base64url(&parameters.x)?)?)
        }
        _ => Public::Other(DecodingKey::from_jwk(jwk).ok()?),
    };
    Some(Key {
        id: jwk.common.key_id.clone(),
        algorithms,
        public,
    })
}
