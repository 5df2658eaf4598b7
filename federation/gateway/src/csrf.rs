//! Refuses requests that a foreign web page could make a visitor's browser send without asking first.

use axum::http::{HeaderMap, header};
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};

/// What a form or an image may send across origins without a preflight.
const SIMPLE_TYPES: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Whether and by which headers a request shows that no foreign page sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct CsrfSettings {
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
    /// A WebSocket opened by a page of another origin.
    #[error("pages of {0} may not open a connection here; add the origin to the allowed ones (cors)")]
    ForeignOrigin(String),
}

impl Coded for CsrfError {
    fn code(&self) -> Code {
        match self {
            Self::NoPreflight(_) => Code::Invalid,
            Self::ForeignOrigin(_) => Code::Forbidden,
        }
    }
}

/// Refuses a request that needs no preflight.
pub(crate) fn check(settings: &CsrfSettings, headers: &HeaderMap) -> Result<(), CsrfError> {
    let is_preflighted = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| !is_simple(value));
    let is_marked = settings.headers.iter().any(|name| headers.contains_key(name.as_str()));
    if !settings.enabled || is_preflighted || is_marked {
        return Ok(());
    }
    let header = settings.headers.first().cloned();
    Err(CsrfError::NoPreflight(header.unwrap_or_else(|| "content-type".into())))
}

/// Refuses a WebSocket from a page of another origin: browsers ask nobody before they open one, and send cookies.
pub(crate) fn check_origin(allowed: &[String], headers: &HeaderMap) -> Result<(), CsrfError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return Ok(());
    };
    let is_listed = allowed.iter().any(|one| one == "*" || one.eq_ignore_ascii_case(origin));
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let is_own = text(header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(authority));
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
