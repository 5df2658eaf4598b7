//! Tokens and key sets of two issuers' keys, made for these tests alone.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const TRUSTED: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHJFa9ottcUBJivJUu2+MKpFDxJvQn/C6nHukfgpU41y
-----END PRIVATE KEY-----";
const ROTATED: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHjBRiVBvILsgGQoqoEgfVRxKJh77KV5VxJ/xKFOh7CR
-----END PRIVATE KEY-----";
/// The public half of the first key.
pub(crate) const TRUSTED_X: &str = "qiUtI79OK56NqDopjkAJrgQQXVbFhurc77sH-314LIA";
const ROTATED_X: &str = "CwbqWMPHbuknQpiYWjF0E3rGco6ipdrwwS9DWRq0-DE";
/// Long after any test runs.
const LATER: u64 = 4_102_444_800;

/// A key set with the first key.
pub(crate) fn trusted() -> Value {
    json!({ "keys": [key("trusted", TRUSTED_X)] })
}

/// A key set with both keys.
pub(crate) fn both() -> Value {
    json!({ "keys": [key("trusted", TRUSTED_X), key("rotated", ROTATED_X)] })
}

fn key(id: &str, x: &str) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": id, "x": x })
}

/// A token of the first key that is good for a long time.
pub(crate) fn token(claims: Value) -> String {
    signed("trusted", TRUSTED, claims)
}

/// A token of the second key.
pub(crate) fn rotated(claims: Value) -> String {
    signed("rotated", ROTATED, claims)
}

fn signed(kid: &str, pem: &str, mut claims: Value) -> String {
    let claims = claims.as_object_mut().expect("claims are an object");
    claims.entry("exp").or_insert(LATER.into());
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    let key = EncodingKey::from_ed_pem(pem.as_bytes()).expect("the test's key is a key");
    encode(&header, claims, &key).expect("claims can be signed")
}

/// A token signed with a shared secret, under the first key's name.
pub(crate) fn by_secret(secret: &[u8]) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("trusted".to_owned());
    let claims = json!({ "sub": "mallory", "exp": LATER });
    encode(&header, &claims, &EncodingKey::from_secret(secret)).expect("claims can be signed")
}

/// A token that nobody has signed.
pub(crate) fn unsigned() -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "sub": "mallory", "exp": LATER });
    format!("{}.{}.", part(json!({ "alg": "none", "kid": "trusted" })), part(claims))
}
