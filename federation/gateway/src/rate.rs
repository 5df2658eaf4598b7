//! How often one client address, and one principal, may ask.

use std::net::IpAddr;

use axum::http::{HeaderValue, header};
use platform_http::{Quota, RateLimit, RateLimited};
use serde::{Deserialize, Serialize};

use crate::{fault::Refusal, request::Caller};

/// How often callers may ask; as often as they like where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct RateSettings {
    /// Per client address; an IPv6 client holds a whole /64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Quota>,
    /// Per principal, wherever they ask from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Quota>,
}

/// The limits in use. Cheap to clone; clones share the counts.
#[derive(Clone, Default)]
pub(crate) struct RateLimits {
    address: Option<RateLimit>,
    principal: Option<RateLimit>,
}

impl RateLimits {
    /// Limits with nothing used yet.
    pub(crate) fn new(settings: &RateSettings) -> Self {
        Self {
            address: settings.address.map(RateLimit::new),
            principal: settings.principal.map(RateLimit::new),
        }
    }

    /// Counts a request of an address, before anything is done for it.
    pub(crate) fn check_address(&self, address: Option<IpAddr>) -> Result<(), RateLimited> {
        match &self.address {
            Some(limit) => limit.check(&network_of(address)),
            None => Ok(()),
        }
    }

    /// Counts an operation of a principal, once it is known who asks.
    pub(crate) fn check_principal(&self, caller: &Caller) -> Result<(), RateLimited> {
        match (&self.principal, &caller.principal) {
            // Tokens of one person with other rights are one person here.
            (Some(limit), Some(principal)) => limit.check(principal.subject().unwrap_or(principal.identity())),
            _ => Ok(()),
        }
    }
}

/// The refusal, with the header that says when to try again.
pub(crate) fn refusal(limited: RateLimited) -> Refusal {
    let seconds = HeaderValue::from(limited.retry_after_seconds);
    let mut refusal = Refusal::from(limited);
    refusal.headers.insert(header::RETRY_AFTER, seconds);
    refusal
}

fn network_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "local".into(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
