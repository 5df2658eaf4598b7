//! A request in flight: what is asked, and who asks.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use axum::http::HeaderMap;
use platform_auth::Principal;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, value::RawValue};

use crate::numbers;

/// What a client asks for, as it came in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Request {
    /// The document. Absent where a persisted operation is named in the extensions.
    pub query: Option<String>,
    /// Which operation of the document.
    pub operation_name: Option<String>,
    /// The variables, each as the bytes the client wrote, so that numbers keep their digits.
    #[serde(deserialize_with = "or_default")]
    pub variables: Variables,
    /// Extensions, such as `persistedQuery`.
    #[serde(deserialize_with = "or_default")]
    pub extensions: Map<String, Value>,
    /// Whether it came by GET, which may only read.
    #[serde(skip)]
    pub reads_only: bool,
}

/// Raw JSON per variable.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub BTreeMap<String, Box<RawValue>>);

impl Variables {
    /// The variable's bytes.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.get())
    }

    /// The variable's value; absent also where it is null.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        let value = held(self.raw(name)?)?;
        (value != Value::Null).then_some(value)
    }

    /// Whether a variable is true, as `@skip` and `@include` ask.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.raw(name) == Some("true")
    }

    /// Sets a variable to JSON text.
    pub(crate) fn set(&mut self, name: &str, json: String) {
        if let Ok(raw) = RawValue::from_string(json) {
            self.0.insert(name.into(), raw);
        }
    }
}

/// A value of JSON. A number that is too large for one is a large one.
fn held(raw: &str) -> Option<Value> {
    let held = serde_json::from_str(raw);
    held.or_else(|_| serde_json::from_str(&numbers::finite(raw))).ok()
}

/// Who asks, and what came with the question.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The headers of the request.
    pub headers: HeaderMap,
    /// The address it came from.
    pub address: Option<IpAddr>,
    /// Who it is, when a token said so.
    pub principal: Option<Arc<Principal>>,
    /// Whether the address was counted already for what is asked next.
    pub(crate) is_counted: bool,
}

impl Caller {
    /// What counts as one client: the person or service that a token is about, with all of its tokens; without one the
    /// network.
    pub(crate) fn client(&self) -> String {
        match &self.principal {
            None => self.network(),
            Some(principal) => {
                let issuer = principal.issuer.as_deref().unwrap_or_default();
                format!("{issuer} {}", principal.subject().unwrap_or(principal.identity()))
            }
        }
    }

    /// What counts as one address: an IPv6 client holds a whole /64.
    pub(crate) fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "local".into(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// What keeps this caller's private data apart from others': a name for the principal and what it may.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.principal.as_ref().map(|principal| principal.identity())
    }
}

/// Null stands for "none" in the members that clients and services like to send as null.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
