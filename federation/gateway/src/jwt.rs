//! Who is asking: tokens in a header or in a browser's cookie, verified as every service verifies them.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use platform_auth::{AuthError, Identity, IdentitySettings, JwtSettings, Principal, Verifier};
use platform_error::Result;
use platform_http::Client;
use platform_service::Context;

use crate::{Error, cookie::Cookies};

/// Whom the gateway believes.
pub(crate) struct Believed {
    verifier: Verifier,
    /// Whether nobody is answered who is not known.
    pub(crate) is_required: bool,
    /// How far clocks may differ.
    pub(crate) leeway: Duration,
    /// The cookies with tokens.
    pub(crate) cookies: Cookies,
}

impl Believed {
    /// The sources of the settings. Where they name none, whom every service believes: our own issuer of tokens if it is
    /// among the peers, and those of the section `[identity]`.
    pub(crate) fn open(jwt: &JwtSettings, client: &Client, context: &Context) -> Result<Self> {
        let identity: IdentitySettings = context.section("identity")?;
        let is_named = !identity.jwks.is_empty() || !identity.issuers.is_empty();
        let is_there = context.peers().get(&identity.peer).is_some();
        let is_ours = jwt.sources.is_empty() && (is_named || is_there);
        let cookies = Cookies::new(jwt, is_ours);
        let is_required = jwt.required || identity.required;
        if is_ours {
            refuse_unused(jwt)?;
            return Ok(Self {
                verifier: Identity::open(context)?.verifier().clone(),
                is_required,
                leeway: *identity.leeway,
                cookies,
            });
        }
        // A cookie counts only after `cookies` has looked at where it comes from.
        let own = JwtSettings {
            cookie: None,
            required: false,
            ..jwt.clone()
        };
        let verifier = Verifier::new(&own, client, context.clock())?;
        if is_required && !verifier.is_enabled() {
            let text = "a token is required (gateway.jwt.required or identity.required) and there is nobody to believe; \
                        name gateway.jwt.sources, or run beside auth";
            return Err(Error::Setting(text.into()).into());
        }
        Ok(Self {
            is_required,
            verifier,
            leeway: *jwt.leeway,
            cookies,
        })
    }

    /// Who sent these headers: nobody, somebody who was verified, or a refusal.
    pub(crate) async fn principal(&self, headers: &HeaderMap) -> Result<Option<Arc<Principal>>, AuthError> {
        match self.verifier.principal(headers).await? {
            None if self.is_required => Err(AuthError::Missing),
            principal => Ok(principal),
        }
    }

    /// Whether somebody is still believed who was found out before: their token lasts, and so does their session.
    pub(crate) fn recheck(&self, principal: &Principal) -> Result<(), AuthError> {
        self.verifier.recheck(principal)
    }
}

/// What would be set and do nothing is refused.
fn refuse_unused(jwt: &JwtSettings) -> Result<(), Error> {
    let heeded = JwtSettings {
        cookie: jwt.cookie.clone(),
        required: jwt.required,
        ..JwtSettings::default()
    };
    match *jwt == heeded {
        true => Ok(()),
        false => Err(Error::Setting(
            "of gateway.jwt only required and cookie count beside auth; say whom to believe in [identity], or name gateway.jwt.sources"
                .into(),
        )),
    }
}
