//! Where one subgraph is listened to, and by which protocol.

use axum::http::Uri;
use platform_error::Result;
use platform_http::{App, Client, ClientSettings};
use platform_service::Peer;

use super::{body, websocket};
use crate::{
    settings::Settings,
    subgraph::{path_of, secured},
    subscribe::Protocol,
};

pub(super) enum Target {
    Local(App, Uri),
    Websocket(websocket::Door),
    Body {
        client: Client,
        url: String,
        accept: &'static str,
    },
}

impl Target {
    /// `peer` is the service of that name, where it is one of our own.
    pub(super) fn new(name: &str, endpoint: &str, settings: &Settings, peer: Option<&Peer>) -> Result<Self> {
        let own = settings.subgraphs.get(name).and_then(|own| own.url.as_deref());
        let url = settings.subscriptions.url_of(name, own.unwrap_or(endpoint));
        if let (Some(Peer::Local(app)), None) = (peer, own) {
            return Ok(Self::Local(app.clone(), path_of(&url)));
        }
        let tls = peer.and_then(secured);
        let accept = match settings.subscriptions.protocol_of(name) {
            Protocol::Websocket => return Ok(Self::Websocket(websocket::Door::new(&url, tls)?)),
            Protocol::Sse => body::SSE,
            Protocol::Multipart => body::MULTIPART,
        };
        let timeouts = ClientSettings {
            connect_timeout: settings.traffic.connect_timeout,
            read_timeout: settings.subscriptions.idle,
        };
        let client = match tls {
            Some(tls) => Client::secured(&timeouts, tls)?,
            None => Client::new(&timeouts)?,
        };
        Ok(Self::Body { client, url, accept })
    }
}
