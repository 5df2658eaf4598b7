//! Subscriptions: events of a subgraph, completed by other subgraphs, handed to any number of clients.

mod client;
mod frame;
mod hub;
mod protocol;
mod quota;
mod start;
mod upstream;

use std::collections::BTreeMap;

use platform_config::{ByteSize, Duration};
use serde::{Deserialize, Serialize};

pub(crate) use client::{Started, Transport, stream, transport, websocket};
pub(crate) use hub::{Ending, Hub, Subscription};
pub(crate) use quota::{Quotas, Slot};
pub(crate) use upstream::{Listen, Upstreams, listen};

/// How long things last, and how many there may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct SubscriptionSettings {
    /// Whether clients may subscribe.
    pub enabled: bool,
    /// How subgraphs are listened to, unless their own entry says otherwise. A subgraph of this process is always
    /// listened to without a socket.
    pub protocol: Protocol,
    /// What differs for a subgraph, by its name.
    pub subgraphs: BTreeMap<String, UpstreamSettings>,
    /// Whether clients with the same subscription, principal and forwarded headers share one of the subgraph.
    pub share: bool,
    /// How often quiet connections show that they live.
    pub heartbeat: Duration,
    /// How long a client may take to introduce itself.
    pub init_timeout: Duration,
    /// Events that wait for one client; a client that is further behind is told and let go.
    pub backlog: usize,
    /// How long a client may take to accept what is sent.
    pub send_timeout: Duration,
    /// Subscriptions of one connection.
    pub per_connection: usize,
    /// Subscriptions of one principal, or of one address where nobody has signed in.
    pub per_client: usize,
    /// Connections in all.
    pub connections: usize,
    /// Web origins whose pages may open WebSockets; pages of the gateway's own origin always may.
    pub origins: Vec<String>,
    /// The largest message of a client.
    pub message: ByteSize,
    /// The first pause before a lost subgraph is called again; it doubles each time.
    pub reconnect_pause: Duration,
    /// How long a lost subgraph is waited for.
    pub reconnect_for: Duration,
    /// A subgraph that says nothing for so long, not even that it lives, counts as lost.
    pub idle: Duration,
}

impl Default for SubscriptionSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            protocol: Protocol::Websocket,
            subgraphs: BTreeMap::new(),
            share: true,
            heartbeat: Duration::from_secs(10),
            init_timeout: Duration::from_secs(10),
            backlog: 256,
            send_timeout: Duration::from_secs(20),
            per_connection: 100,
            per_client: 1_000,
            connections: 20_000,
            origins: Vec::new(),
            message: ByteSize::mb(1),
            reconnect_pause: Duration::from_millis(250),
            reconnect_for: Duration::from_secs(120),
            idle: Duration::from_secs(300),
        }
    }
}

/// What differs for one subgraph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct UpstreamSettings {
    /// How it is listened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Where; a path such as `/graphql/ws`, or a whole URL. The subgraph's address unless it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a subgraph is listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    /// graphql-transport-ws.
    #[default]
    Websocket,
    /// Server-sent events, as graphql-sse has them.
    Sse,
    /// Parts of one answer, as Apollo has them.
    Multipart,
}

impl SubscriptionSettings {
    /// How a subgraph is listened to.
    pub(crate) fn protocol_of(&self, subgraph: &str) -> Protocol {
        let own = self.subgraphs.get(subgraph).and_then(|own| own.protocol);
        own.unwrap_or(self.protocol)
    }

    /// Where a subgraph is listened to.
    pub(crate) fn url_of(&self, subgraph: &str, endpoint: &str) -> String {
        match self.subgraphs.get(subgraph).and_then(|own| own.url.as_deref()) {
            Some(path) if path.starts_with('/') => {
                let authority_at = endpoint.find("://").map_or(0, |at| at + 3);
                let end = endpoint[authority_at..]
                    .find('/')
                    .map_or(endpoint.len(), |at| at + authority_at);
                format!("{}{path}", &endpoint[..end])
            }
            Some(url) => url.to_owned(),
            None => endpoint.to_owned(),
        }
    }
}
