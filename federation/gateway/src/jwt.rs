//! Who is asking: bearer tokens verified by the keys of their issuers.

mod keys;
mod principal;
mod settings;

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, header};
use jsonwebtoken::{Header, Validation, decode, decode_header};
use moka::sync::Cache;
use platform_error::{Code, Coded};
use platform_http::Client;
use platform_service::Clock;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use keys::{Key, Source};
pub use principal::Principal;
pub use settings::{JwtSettings, KeySource};

/// Verified tokens that are remembered, so that a client with one token costs one signature.
const REMEMBERED: u64 = 10_000;
/// How long a verified token is remembered; a key that was withdrawn is believed no longer than this.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);
/// Tokens longer than this are refused unread.
const LONGEST_TOKEN: usize = 16 << 10;

/// A token that is not believed. What was wrong with it helps its owner and nobody else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwtError {
    /// No token where one is required.
    #[error("send a token: authorization: Bearer …")]
    Missing,
    /// Not a token of three parts, or of an unknown kind.
    #[error("the token cannot be read: {0}")]
    Malformed(&'static str),
    /// Signed in a way that is not allowed here.
    #[error("the token is signed with an algorithm that is not accepted here")]
    Algorithm,
    /// No key of ours has signed it.
    #[error("the token's signature is not by a key that is trusted here; sign in again")]
    Signature,
    /// Its time is over.
    #[error("the token has expired; sign in again")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; check the clocks")]
    NotYet,
    /// Written by somebody else.
    #[error("the token's issuer is not accepted here")]
    Issuer,
    /// Written for somebody else.
    #[error("the token is meant for another audience")]
    Audience,
    /// The keys cannot be had.
    #[error("the keys to verify tokens with cannot be fetched; try again later")]
    NoKeys,
    /// The settings make no sense.
    #[error("{0}")]
    Settings(String),
}

impl Coded for JwtError {
    fn code(&self) -> Code {
        match self {
            Self::NoKeys => Code::Unavailable,
            Self::Settings(_) => Code::Invalid,
            _ => Code::Unauthenticated,
        }
    }
}

/// Verifies tokens. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub(crate) struct Verifier(Arc<Inner>);

struct Inner {
    settings: JwtSettings,
    sources: Vec<Source>,
    clock: Clock,
    remembered: Cache<[u8; 32], Arc<Principal>>,
}

impl Verifier {
    /// Reads the settings and the keys that are at hand; keys behind a URL are fetched when first needed.
    pub(crate) fn new(settings: &JwtSettings, client: &Client, clock: &Clock) -> Result<Self, JwtError> {
        let allowed = settings.allowed()?;
        let sources = settings
            .sources
            .iter()
            .map(|source| Source::new(source, settings, &allowed, client))
            .collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Inner {
            settings: settings.clone(),
            sources,
            clock: clock.clone(),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .build(),
        })))
    }

    /// Whether tokens are looked at here at all.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.0.sources.is_empty()
    }

    /// Who sent these headers: nobody, somebody who was verified, or a refusal. A token that is there and wrong is
    /// refused even where none is required, so that nobody takes himself for signed in.
    pub(crate) async fn principal(&self, headers: &HeaderMap) -> Result<Option<Arc<Principal>>, JwtError> {
        if !self.is_enabled() {
            return Ok(None);
        }
        match self.token(headers) {
            Some(token) => self.verify(&token).await.map(Some),
            None if self.0.settings.required => Err(JwtError::Missing),
            None => Ok(None),
        }
    }

    /// Verifies one token.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Principal>, JwtError> {
        if token.len() > LONGEST_TOKEN {
            return Err(JwtError::Malformed("it is too long"));
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.0.remembered.get(&digest) {
            self.check_times(&known.claims)?;
            return Ok(known);
        }
        let header = decode_header(token).map_err(|_| JwtError::Malformed("its header names no known algorithm"))?;
        if header.crit.is_some() {
            return Err(JwtError::Malformed("it needs extensions that are not known here"));
        }
        let claims = self.signed_claims(token, &header).await?;
        self.check_times(&claims)?;
        self.check_audience(&claims)?;
        let principal = Arc::new(Principal::new(claims, &self.0.settings));
        self.0.remembered.insert(digest, principal.clone());
        Ok(principal)
    }

    /// The claims of a token that one of the keys has signed. A key id that nobody knows makes sources look again.
    async fn signed_claims(&self, token: &str, header: &Header) -> Result<Map<String, Value>, JwtError> {
        let now = self.0.clock.now().timestamp();
        for source in &self.0.sources {
            source.refresh_when_old(now).await;
        }
        match self.try_keys(token, header) {
            Err(JwtError::Signature | JwtError::NoKeys) => {}
            settled => return settled,
        }
        let mut has_new = false;
        for source in &self.0.sources {
            has_new |= source.refresh(now).await;
        }
        match has_new {
            true => self.try_keys(token, header),
            false if self.0.sources.iter().all(|source| source.keys().is_empty()) => Err(JwtError::NoKeys),
            false => Err(JwtError::Signature),
        }
    }

    fn try_keys(&self, token: &str, header: &Header) -> Result<Map<String, Value>, JwtError> {
        let mut refusal = JwtError::Signature;
        for source in &self.0.sources {
            for key in source.keys().iter().filter(|key| key.may_have_signed(header)) {
                if !key.algorithms.contains(&header.alg) {
                    refusal = JwtError::Algorithm;
                    continue;
                }
                let Some(claims) = claims_by(token, header, key) else {
                    continue;
                };
                return self.check_issuer(&claims, source.issuer()).map(|()| claims);
            }
        }
        Err(refusal)
    }

    fn check_issuer(&self, claims: &Map<String, Value>, of_source: Option<&str>) -> Result<(), JwtError> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        let is_listed = |issuer: &str| self.0.settings.issuers.iter().any(|known| known == issuer);
        let is_accepted = match of_source {
            Some(expected) => issuer == Some(expected),
            None => self.0.settings.issuers.is_empty() || issuer.is_some_and(is_listed),
        };
        is_accepted.then_some(()).ok_or(JwtError::Issuer)
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), JwtError> {
        let wanted = &self.0.settings.audiences;
        let is_wanted = |one: &Value| one.as_str().is_some_and(|one| wanted.iter().any(|known| known == one));
        let is_meant = match claims.get("aud") {
            Some(Value::Array(many)) => many.iter().any(is_wanted),
            Some(one) => is_wanted(one),
            None => false,
        };
        (wanted.is_empty() || is_meant).then_some(()).ok_or(JwtError::Audience)
    }

    fn check_times(&self, claims: &Map<String, Value>) -> Result<(), JwtError> {
        let leeway = i64::try_from(self.0.settings.leeway.as_secs()).unwrap_or(i64::MAX);
        let now = self.0.clock.now().timestamp();
        match claims.get("exp").map(seconds) {
            Some(Some(at)) if now < at.saturating_add(leeway) => {}
            Some(Some(_)) => return Err(JwtError::Expired),
            Some(None) => return Err(JwtError::Malformed("its claim exp is no time")),
            None => return Err(JwtError::Malformed("it has no claim exp")),
        }
        match claims.get("nbf").map(seconds) {
            Some(Some(at)) if now.saturating_add(leeway) < at => Err(JwtError::NotYet),
            Some(None) => Err(JwtError::Malformed("its claim nbf is no time")),
            _ => Ok(()),
        }
    }

    fn token(&self, headers: &HeaderMap) -> Option<String> {
        let settings = &self.0.settings;
        if let Some(value) = headers.get(settings.header.as_str()) {
            // Another scheme, such as Basic, is not for us.
            let value = value.to_str().ok()?;
            if settings.scheme.is_empty() {
                return Some(value.trim().to_owned());
            }
            let (scheme, token) = value.split_once(' ')?;
            return scheme
                .eq_ignore_ascii_case(&settings.scheme)
                .then(|| token.trim().to_owned());
        }
        let wanted = settings.cookie.as_deref()?;
        let cookies = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| (name == wanted).then(|| value.to_owned()))
    }
}

/// The claims, if this key has signed them. Times, issuer and audience are checked by us: by the context's clock.
fn claims_by(token: &str, header: &Header, key: &Key) -> Option<Map<String, Value>> {
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let token = decode::<Map<String, Value>>(token, &key.decoding, &validation).ok()?;
    Some(token.claims)
}

/// A NumericDate, which may have a fraction.
fn seconds(claim: &Value) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large becomes the largest moment"
    )]
    claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds as i64))
}
