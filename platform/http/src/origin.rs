//! Which web origins may call from a browser.

use std::{fmt, str::FromStr};

use axum::http::HeaderValue;
use reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An origin exactly as browsers say it, such as `https://example.org`, or `*` for any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    pub(crate) fn is_any(&self) -> bool {
        self.0 == "*"
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.0.parse().ok()
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" || said(text).is_some_and(|said| said == text) {
            return Ok(Self(text.into()));
        }
        Err(format!(
            "expected an origin as browsers say it, such as \"https://example.org\", with nothing after it, or \"*\"; \
             got {text:?}"
        ))
    }
}

/// What a browser calls the origin of an address.
fn said(text: &str) -> Option<String> {
    let url: Url = text.parse().ok()?;
    let (scheme, host) = (url.scheme(), url.host_str()?);
    Some(match url.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
