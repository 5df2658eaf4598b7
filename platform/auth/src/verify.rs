//! Bearer tokens verified by the keys of their issuers.

mod header;
mod keys;
mod settings;
mod source;

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use axum::http::HeaderMap;
use moka::sync::Cache;
use platform_crypto::{from_base64url, sha256};
use platform_http::{Client, cookie};
use platform_service::{Clock, Peers};
use rustc_hash::FxBuildHasher;
use serde_json::{Map, Value};

use header::Header;
use keys::Key;
pub use settings::{JwtSettings, KeySource};
use source::Source;

use crate::{
    AuthError, Principal, Revocations,
    exchange::{Exchange, is_api_key},
    principal::{Reading, seconds},
};

/// Verified tokens that are remembered, so that a client with one token costs one signature.
const REMEMBERED: u64 = 10_000;
/// How long a verified token is remembered; a key that was withdrawn is believed no longer than this.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);
/// Tokens longer than this are refused unread.
const LONGEST_TOKEN: usize = 16 << 10;

/// Verifies tokens. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    settings: JwtSettings,
    sources: Vec<Source>,
    clock: Clock,
    /// By their digests, which need no hash that nobody can foresee.
    remembered: Cache<[u8; 32], Arc<Principal>, FxBuildHasher>,
    revocations: Revocations,
    exchange: Option<Exchange>,
    /// Whether an operator was told that there is nobody to ask.
    told: Once,
}

/// Where a verifier stands.
pub(crate) struct Surroundings<'a> {
    pub(crate) client: &'a Client,
    pub(crate) clock: &'a Clock,
    pub(crate) peers: &'a Peers,
    /// Sessions that have ended.
    pub(crate) revocations: Revocations,
    /// Who knows API keys.
    pub(crate) exchange: Option<Exchange>,
}

impl Verifier {
    /// Reads the settings and the keys that are at hand; keys behind a URL are fetched when first needed. A source
    /// that names a peer finds none here: see [`Verifier::among`].
    pub fn new(settings: &JwtSettings, client: &Client, clock: &Clock) -> Result<Self, AuthError> {
        Self::among(settings, client, clock, &Peers::default())
    }

    /// The same for who knows the services that can be called. A peer's keys are believed to be ours.
    pub fn among(settings: &JwtSettings, client: &Client, clock: &Clock, peers: &Peers) -> Result<Self, AuthError> {
        let surroundings = Surroundings {
            client,
            clock,
            peers,
            revocations: Revocations::default(),
            exchange: None,
        };
        Self::within(settings, surroundings, |source| source.peer.is_some())
    }

    pub(crate) fn within(
        settings: &JwtSettings,
        surroundings: Surroundings<'_>,
        is_ours: impl Fn(&KeySource) -> bool,
    ) -> Result<Self, AuthError> {
        let allowed = settings.allowed()?;
        let origins = (surroundings.client, surroundings.peers);
        let sources = settings
            .sources
            .iter()
            .map(|source| Source::new(source, settings, &allowed, origins).map(|kept| kept.believed(is_ours(source))))
            .collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Inner {
            settings: settings.clone(),
            sources,
            clock: surroundings.clock.clone(),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .build_with_hasher(FxBuildHasher),
            revocations: surroundings.revocations,
            exchange: surroundings.exchange,
            told: Once::new(),
        })))
    }

    /// Whether tokens are looked at here at all.
    pub fn is_enabled(&self) -> bool {
        !self.0.sources.is_empty()
    }

    /// Who sent these headers: nobody, somebody who was verified, or a refusal. A token that is there and wrong is
    /// refused even where none is required, so that nobody takes himself for signed in.
    pub async fn principal(&self, headers: &HeaderMap) -> Result<Option<Arc<Principal>>, AuthError> {
        if !self.is_enabled() {
            return Ok(None);
        }
        match self.token(headers) {
            Some(token) => self.verify(&token).await.map(Some),
            None if self.0.settings.required => Err(AuthError::Missing),
            None => Ok(None),
        }
    }

    /// Verifies one token, or one API key where somebody knows them.
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        let exchange = self.0.exchange.as_ref().filter(|_| is_api_key(token));
        let verified = match exchange {
            Some(exchange) => match exchange.token_of(token).await {
                Ok(token) => self.verify_token(&token).await,
                Err(error) => Err(error),
            },
            None => self.verify_token(token).await,
        };
        if matches!(verified, Err(AuthError::NoIssuer)) {
            self.0.told.call_once(|| {
                tracing::warn!(
                    "tokens come in and are refused: no issuer is configured here; name the service auth in [peers], or \
                     another issuer in identity.issuers"
                );
            });
        }
        verified
    }

    /// Whether somebody who was verified before is still believed: for connections that outlast a request.
    pub fn recheck(&self, principal: &Principal) -> Result<(), AuthError> {
        self.check_times(&principal.claims)?;
        self.check_session(principal)
    }

    async fn verify_token(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        if token.len() > LONGEST_TOKEN {
            return Err(AuthError::Malformed("it is too long"));
        }
        let digest = sha256(token.as_bytes());
        if let Some(known) = self.0.remembered.get(&digest) {
            self.recheck(&known)?;
            return Ok(known);
        }
        let header = Header::of(token)?;
        let principal = Arc::new(self.signed(token, &header).await?);
        self.check_session(&principal)?;
        self.0.remembered.insert(digest, principal.clone());
        Ok(principal)
    }

    /// The principal of a token that one of the keys has signed. A key id that nobody knows makes sources look again.
    async fn signed(&self, token: &str, header: &Header) -> Result<Principal, AuthError> {
        if self.0.sources.iter().all(Source::is_nobody) {
            return Err(AuthError::NoIssuer);
        }
        let now = self.0.clock.now().timestamp();
        for source in &self.0.sources {
            source.refresh_when_old(now).await;
        }
        let seen: Vec<_> = self.0.sources.iter().map(Source::fetched).collect();
        match self.try_keys(token, header) {
            Err(AuthError::Signature | AuthError::NoKeys) => {}
            settled => return settled,
        }
        let mut has_new = false;
        for (source, seen) in self.0.sources.iter().zip(seen) {
            has_new |= source.refresh(now, seen).await;
        }
        match has_new {
            true => self.try_keys(token, header),
            false if self.0.sources.iter().all(|source| source.keys().is_empty()) => Err(AuthError::NoKeys),
            false => Err(AuthError::Signature),
        }
    }

    fn try_keys(&self, token: &str, header: &Header) -> Result<Principal, AuthError> {
        let mut refusal = AuthError::Signature;
        for source in &self.0.sources {
            for key in source.keys().iter().filter(|key| key.may_have_signed(header)) {
                if !key.algorithms.contains(&header.alg) {
                    refusal = AuthError::Algorithm;
                    continue;
                }
                let Some(claims) = claims_by(token, header, key) else {
                    continue;
                };
                return self.believe(claims, source);
            }
        }
        Err(refusal)
    }

    fn believe(&self, claims: Map<String, Value>, source: &Source) -> Result<Principal, AuthError> {
        self.check_issuer(&claims, source.issuer())?;
        self.check_times(&claims)?;
        self.check_audience(&claims, source.audiences())?;
        let reading = Reading {
            scopes_claim: &self.0.settings.scopes_claim,
            policies_claim: &self.0.settings.policies_claim,
            is_ours: source.is_ours(),
        };
        Principal::new(claims, &reading)
    }

    fn check_session(&self, principal: &Principal) -> Result<(), AuthError> {
        match principal.session {
            Some(session) if self.0.revocations.has(session) => Err(AuthError::Revoked),
            _ => Ok(()),
        }
    }

    fn check_issuer(&self, claims: &Map<String, Value>, of_source: Option<&str>) -> Result<(), AuthError> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        let is_listed = |issuer: &str| self.0.settings.issuers.iter().any(|known| known == issuer);
        let is_accepted = match of_source {
            Some(expected) => issuer == Some(expected),
            None => self.0.settings.issuers.is_empty() || issuer.is_some_and(is_listed),
        };
        is_accepted.then_some(()).ok_or(AuthError::Issuer)
    }

    fn check_audience(&self, claims: &Map<String, Value>, of_source: &[String]) -> Result<(), AuthError> {
        let wanted = match of_source {
            [] => &self.0.settings.audiences,
            of_source => of_source,
        };
        let is_wanted = |one: &Value| one.as_str().is_some_and(|one| wanted.iter().any(|known| known == one));
        let is_meant = match claims.get("aud") {
            Some(Value::Array(many)) => many.iter().any(is_wanted),
            Some(one) => is_wanted(one),
            None => false,
        };
        (wanted.is_empty() || is_meant).then_some(()).ok_or(AuthError::Audience)
    }

    fn check_times(&self, claims: &Map<String, Value>) -> Result<(), AuthError> {
        let leeway = i64::try_from(self.0.settings.leeway.as_secs()).unwrap_or(i64::MAX);
        let now = self.0.clock.now().timestamp();
        match claims.get("exp").map(seconds) {
            Some(Some(at)) if now < at.saturating_add(leeway) => {}
            Some(Some(_)) => return Err(AuthError::Expired),
            Some(None) => return Err(AuthError::Malformed("its claim exp is no time")),
            None => return Err(AuthError::Malformed("it has no claim exp")),
        }
        match claims.get("nbf").map(seconds) {
            Some(Some(at)) if now.saturating_add(leeway) < at => Err(AuthError::NotYet),
            Some(None) => Err(AuthError::Malformed("its claim nbf is no time")),
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
        cookie(headers, settings.cookie.as_deref()?).map(str::to_owned)
    }
}

/// The claims, if this key has signed them. Times, issuer and audience are checked by us: by the context's clock.
fn claims_by(token: &str, header: &Header, key: &Key) -> Option<Map<String, Value>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    if !key.has_signed(signed, signature, header.alg) {
        return None;
    }
    serde_json::from_slice(&from_base64url(claims)?).ok()
}
