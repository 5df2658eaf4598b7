//! An authenticator in software: it makes keys for one site and signs as a phone or a security key would.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use platform_crypto::{Random, sha256};
use serde_json::{Value, json};

/// The user is present and was verified.
const VERIFIED: u8 = 0x05;
/// A key comes with it.
const ATTESTED: u8 = 0x40;

/// A device with one key.
pub(crate) struct Authenticator {
    key: SigningKey,
    id: [u8; 16],
    user: String,
    counter: u32,
    /// Where its browser believes to be.
    pub(crate) origin: String,
    /// What it says of the user.
    pub(crate) flags: u8,
}

impl Authenticator {
    pub(crate) fn new() -> Self {
        Self {
            key: SigningKey::from_slice(&Random::system().bytes::<32>()).unwrap(),
            id: Random::system().bytes(),
            user: String::new(),
            counter: 0,
            origin: "http://localhost:8081".into(),
            flags: VERIFIED,
        }
    }

    /// Answers the question for a new key.
    pub(crate) fn register(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        self.user = asked["user"]["id"].as_str().unwrap().to_owned();
        let client = self.client("webauthn.create", asked);
        let mut data = self.data(asked["rp"]["id"].as_str().unwrap(), self.flags | ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(self.id);
        data.extend(self.cose());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "extensions": {},
            "response": { "attestationObject": text(&object), "clientDataJSON": text(client.as_bytes()) },
        })
    }

    /// Answers the question who it is.
    pub(crate) fn sign(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        self.counter += 1;
        let client = self.client("webauthn.get", asked);
        let data = self.data(asked["rpId"].as_str().unwrap(), self.flags);
        let signed = [data.as_slice(), &sha256(client.as_bytes())].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": text(&data),
                "clientDataJSON": text(client.as_bytes()),
                "signature": text(signature.to_der().as_bytes()),
                "userHandle": self.user,
            },
        })
    }

    fn client(&self, what: &str, asked: &Value) -> String {
        let data =
            json!({ "type": what, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false });
        data.to_string()
    }

    fn data(&self, site: &str, flags: u8) -> Vec<u8> {
        let mut data = sha256(site.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key as COSE writes it.
    fn cose(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
        cose.extend_from_slice(point.x().unwrap());
        cose.extend(b"\x22\x58\x20");
        cose.extend_from_slice(point.y().unwrap());
        cose
    }
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
