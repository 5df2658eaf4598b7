//! An issuer of tokens for tests of services that believe `auth` without running it.

use chrono::TimeDelta;
use platform_auth::{Claims, Kind, issue};
use platform_crypto::{Random, SigningKey};
use platform_service::Clock;
use serde_json::json;
use uuid::Uuid;

use crate::service::noon;

/// Signs tokens with a key of its own, by a clock that stands still.
pub struct TestIssuer {
    key: SigningKey,
    clock: Clock,
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::at(Clock::manual(noon()))
    }
}

impl TestIssuer {
    /// An issuer at this clock; the default one stands at noon of 15 January 2026.
    pub fn at(clock: Clock) -> Self {
        let key = SigningKey::generate(Random::system());
        Self { key, clock }
    }

    /// The settings of a service that believes this issuer.
    pub fn settings(&self) -> Vec<(String, String)> {
        let keys = json!({ "keys": [self.key.jwk()] });
        vec![("identity.jwks".into(), keys.to_string())]
    }

    /// The issuer's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The issuer's key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The claims of a person's token that is good for ten minutes, to be changed and signed.
    pub fn claims(&self, user: Uuid) -> Claims {
        let now = self.clock.now();
        Claims {
            iss: "hansa".into(),
            sub: user.to_string(),
            aud: "hansa".into(),
            exp: (now + TimeDelta::minutes(10)).timestamp(),
            iat: now.timestamp(),
            jti: Uuid::nil(),
            sid: None,
            scope: String::new(),
            kind: Kind::User,
            email_verified: true,
            workspace: None,
        }
    }

    /// A person's token.
    pub fn user(&self, user: Uuid) -> String {
        self.sign(&self.claims(user))
    }

    /// The token of a service, for calls to `audience` alone.
    pub fn service(&self, name: &str, audience: &str) -> String {
        let claims = Claims {
            sub: name.into(),
            aud: audience.into(),
            kind: Kind::Service,
            ..self.claims(Uuid::nil())
        };
        self.sign(&claims)
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Claims) -> String {
        issue(&self.key, claims)
    }
}
