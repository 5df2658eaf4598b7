//! Who sends a request, before anybody says who they are: an address, a program, a device that is known or not.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{header, request::Parts},
};
use platform_config::Secret;

use crate::{cookie, store::Auth};

/// Programs say more of themselves than anybody wants to read.
const LONGEST_AGENT: usize = 200;
/// The header with a device token, for those who have no cookies.
const DEVICE: &str = "x-device-token";

/// The sender of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// Its address.
    pub address: Option<String>,
    /// What it says of itself.
    pub agent: Option<String>,
    /// What it is known by, if it is.
    pub device: Option<Secret<String>>,
}

impl Client {
    fn of(auth: &Auth, parts: &Parts) -> Self {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        let device = platform_http::cookie(&parts.headers, &cookie::name(auth, cookie::DEVICE));
        let device = device.or_else(|| parts.headers.get(DEVICE)?.to_str().ok());
        Self {
            address: address.map(|address| address.0.ip().to_canonical().to_string()),
            agent: agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect()),
            device: device.map(|device| Secret::new(device.to_owned())),
        }
    }

    /// What failures are counted for: an address, of which an IPv6 client holds a whole /64.
    pub(crate) fn network(&self) -> String {
        let address = self
            .address
            .as_deref()
            .and_then(|address| address.parse::<IpAddr>().ok());
        match address {
            None => "local".into(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl FromRequestParts<Auth> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, Self::Rejection> {
        Ok(Self::of(auth, parts))
    }
}
