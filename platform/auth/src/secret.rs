//! How services prove to each other that they are services of this installation, before they have a token.

use axum::http::{HeaderMap, HeaderValue, header};
use platform_config::Secret;
use platform_crypto::{KeyRing, KeySettings, base64url, equal, mac};
use platform_error::Result;
use platform_service::Context;

use crate::{AuthError, IdentitySettings};

const SCHEME: &str = "Service";
const SHORTEST: usize = 16;
/// What keys are derived for.
const PURPOSE: &str = "service credentials";

/// What all processes of an installation share: a secret from the settings, or their key ring. Each service has a
/// credential of its own, derived from it, so that none can pass for another without the secret itself.
#[derive(Clone)]
pub struct ServiceSecret(Origin);

#[derive(Clone)]
enum Origin {
    Settings(Vec<[u8; 32]>),
    /// Asked anew each time: the ring changes while processes run.
    Ring(KeyRing),
}

impl ServiceSecret {
    /// The secret that the settings give, else one that is derived from the key ring.
    pub fn open(context: &Context) -> Result<Self> {
        let settings: IdentitySettings = context.section("identity")?;
        let given = [&settings.service_secret, &settings.service_secret_before].map(Secret::expose);
        if given[0].is_empty() {
            let keys: KeySettings = context.section("keys")?;
            let ring = KeyRing::open(&keys, context.data_dir(), context.random())?;
            return Ok(Self(Origin::Ring(ring)));
        }
        let given: Vec<_> = given.into_iter().filter(|secret| !secret.is_empty()).collect();
        if given.iter().any(|secret| secret.len() < SHORTEST) {
            let text = format!("identity.service-secret must have at least {SHORTEST} characters");
            return Err(AuthError::Settings(text).into());
        }
        let keys = given
            .into_iter()
            .map(|secret| mac(secret.as_bytes(), PURPOSE.as_bytes()));
        Ok(Self(Origin::Settings(keys.collect())))
    }

    /// The keys of credentials that are believed, the one that ours are made with first.
    fn keys(&self) -> Vec<[u8; 32]> {
        match &self.0 {
            Origin::Settings(keys) => keys.clone(),
            Origin::Ring(ring) => ring.derive(PURPOSE),
        }
    }

    /// The header with which a service asks `auth`.
    pub fn header(&self, service: &str) -> HeaderValue {
        let text = format!("{SCHEME} {service}:{}", credential(&self.keys()[0], service));
        let mut value = HeaderValue::from_str(&text).expect("services have plain names");
        value.set_sensitive(true);
        value
    }

    /// The name of the service that sent these headers.
    pub fn check(&self, headers: &HeaderMap) -> Result<String, AuthError> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (service, given) = given
            .and_then(|value| value.strip_prefix(SCHEME)?.strip_prefix(' ')?.split_once(':'))
            .ok_or(AuthError::NotAService)?;
        let is_right = |key: &[u8; 32]| equal(credential(key, service).as_bytes(), given.as_bytes());
        // Every key is tried, so that the time does not say which one it was.
        match self.keys().iter().filter(|key| is_right(key)).count() {
            0 => Err(AuthError::NotAService),
            _ => Ok(service.to_owned()),
        }
    }
}

fn credential(key: &[u8; 32], service: &str) -> String {
    base64url(&mac(key, service.as_bytes()))
}
