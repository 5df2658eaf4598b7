//! Whom a service believes, and how it proves itself to others.

mod settings;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue},
    middleware::from_fn_with_state,
};
use platform_error::Result;
use platform_http::{Client, ClientSettings};
use platform_service::Context;

pub use settings::{ForeignIssuer, IdentitySettings};

use crate::{
    AuthError, Channel, JwtSettings, KeySource, Principal, Revocations, ServiceSecret, Verifier, calls::Auth, edge,
    exchange::Exchange, verify::Surroundings,
};

/// A service's view of who is who. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    revocations: Revocations,
    auth: Auth,
    is_required: bool,
}

impl Identity {
    /// Reads the section `[identity]`, and from now on asks again and again which sessions have ended.
    pub fn open(context: &Context) -> Result<Self> {
        let settings: IdentitySettings = context.section("identity")?;
        if settings.revocation_poll.is_zero() {
            return Err(AuthError::Settings("identity.revocation-poll must be longer than nothing".into()).into());
        }
        let auth = Auth::new(&settings.peer, context, ServiceSecret::open(context)?);
        let revocations = Revocations::default();
        let client = Client::new(&ClientSettings::default())?;
        let surroundings = Surroundings {
            client: &client,
            clock: context.clock(),
            peers: context.peers(),
            revocations: revocations.clone(),
            exchange: Some(Exchange::new(auth.clone())),
        };
        let ours = settings.ours(context.service());
        let is_ours = |source: &KeySource| *source == ours;
        let jwt = JwtSettings {
            sources: std::iter::once(ours.clone()).chain(settings.foreign()).collect(),
            leeway: settings.leeway,
            ..JwtSettings::default()
        };
        let verifier = Verifier::within(&jwt, surroundings, is_ours)?;
        let asking = revocations
            .clone()
            .keep(auth.clone(), context.clone(), *settings.revocation_poll);
        context.spawn("revocations", asking);
        Ok(Self(Arc::new(Inner {
            verifier,
            revocations,
            auth,
            // Whoever has no token yet gets it from there, and the keys to verify it with.
            is_required: settings.required && context.service() != settings.peer,
        })))
    }

    /// Puts the question who asks before all routes of a router. A token that is there and wrong is refused; without
    /// one the request comes from nobody, unless the settings require one; who gives them out requires none.
    pub fn protect(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), edge::identify))
    }

    /// Who sent these headers, where somebody did.
    pub async fn principal(&self, headers: &HeaderMap) -> Result<Option<Arc<Principal>>, AuthError> {
        match self.0.verifier.principal(headers).await? {
            None if self.0.is_required => Err(AuthError::Missing),
            principal => Ok(principal),
        }
    }

    /// Whose token, or API key, this is.
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        self.0.verifier.verify(token).await
    }

    /// What verifies, for who reads headers in a way of its own.
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// The sessions that have ended.
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// The header `authorization` for calls to another service in this service's name.
    pub async fn authorize(&self, service: &str) -> Result<HeaderValue> {
        self.0.auth.authorize(service).await
    }

    /// A gRPC channel to another service in this service's name.
    pub fn channel(&self, service: &str) -> Channel {
        self.0.auth.channel(service)
    }
}
