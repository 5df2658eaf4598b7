//! Refuses requests that a foreign web page could make a visitor's browser send without asking first.

use axum::http::{HeaderMap, header};
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};

/// What a form or an image may send across origins without a preflight.
const SIMPLE_TYPES: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Whether and by which headers a request shows that no foreign page sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct CsrfSettings {
    /// On unless every client is known to be no browser.
    pub enabled: bool,
    /// Headers that no page can send without a preflight; one of them is enough.
    pub headers: Vec<String>,
}

impl Default for CsrfSettings {
    fn default() -> Self {
        let headers = [
            "x-apollo-operation-name",
            "apollo-require-preflight",
            "x-require-preflight",
        ];
        Self {
            enabled: true,
            headers: headers.map(Into::into).to_vec(),
        }
    }
}

/// A request that a foreign page might have sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CsrfError {
    /// Neither its content type nor a header needs a preflight.
    #[error(
        "a web page of another site could have sent this; send the header {0} with any value, or content-type: application/json"
    )]
    NoPreflight(String),
    /// A cookie with a token, without what a page of ours sends beside it.
    #[error(
        "a web page of another site could have made the browser send this; send the value of the cookie {0} in the header x-csrf-token"
    )]
    NoToken(String),
    /// A WebSocket opened by a page of another origin.
    #[error("pages of {0} may not open a connection here; add the origin to the allowed ones (subscriptions.origins)")]
    ForeignOrigin(String),
}

impl Coded for CsrfError {
    fn code(&self) -> Code {
        match self {
            Self::NoPreflight(_) => Code::Invalid,
            Self::NoToken(_) | Self::ForeignOrigin(_) => Code::Forbidden,
        }
    }
}

/// Refuses a request that needs no preflight, unless every client is known to be no browser.
pub(crate) fn check(settings: &CsrfSettings, headers: &HeaderMap) -> Result<(), CsrfError> {
    match settings.enabled {
        true => check_preflight(settings, headers),
        false => Ok(()),
    }
}

/// The same, whoever the clients are.
pub(crate) fn check_preflight(settings: &CsrfSettings, headers: &HeaderMap) -> Result<(), CsrfError> {
    let is_preflighted = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| !is_simple(value));
    let is_marked = |name: &String| headers.contains_key(name.as_str());
    if is_preflighted || settings.headers.iter().any(is_marked) {
        return Ok(());
    }
    let header = settings.headers.first().cloned();
    Err(CsrfError::NoPreflight(header.unwrap_or_else(|| "content-type".into())))
}

/// Refuses a WebSocket from a page of another origin: browsers ask nobody before they open one, and send cookies.
pub(crate) fn check_origin(allowed: &[String], headers: &HeaderMap) -> Result<(), CsrfError> {
    match allowed.iter().any(|one| one == "*") {
        true => Ok(()),
        false => check_named_origin(allowed, headers),
    }
}

/// The same where cookies say who asks: then "any page" is none.
pub(crate) fn check_named_origin(allowed: &[String], headers: &HeaderMap) -> Result<(), CsrfError> {
    let Some(sent) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = sent.to_str().unwrap_or("an unreadable origin");
    let is_listed = allowed.iter().any(|one| one.eq_ignore_ascii_case(origin));
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let is_own = host.is_some_and(|host| host.eq_ignore_ascii_case(authority));
    match is_listed || is_own {
        true => Ok(()),
        false => Err(CsrfError::ForeignOrigin(origin.to_owned())),
    }
}

fn is_simple(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    // What is not a media type is sent by browsers as if it were text.
    !essence.contains('/') || SIMPLE_TYPES.iter().any(|simple| simple.eq_ignore_ascii_case(essence))
}
