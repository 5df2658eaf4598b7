//! The messages of graphql-transport-ws, both ways.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

/// The name of the protocol in `sec-websocket-protocol`.
pub(super) const NAME: &str = "graphql-transport-ws";

/// A message of a client.
#[derive(Debug)]
pub(super) enum FromClient {
    /// The first message.
    ConnectionInit {
        payload: Option<Map<String, Value>>,
    },
    Ping,
    Pong,
    Subscribe {
        id: String,
        /// As it was written, so that numbers keep their digits.
        payload: Box<RawValue>,
    },
    Complete {
        id: String,
    },
}

impl FromClient {
    /// Reads a message; nothing where the text is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Sent<'a> {
            #[serde(rename = "type")]
            kind: Sort,
            #[serde(default)]
            id: Option<String>,
            #[serde(borrow, default)]
            payload: Option<&'a RawValue>,
        }

        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Sort {
            ConnectionInit,
            Ping,
            Pong,
            Subscribe,
            Complete,
        }

        let Sent { kind, id, payload } = serde_json::from_str(text).ok()?;
        Some(match kind {
            Sort::ConnectionInit => Self::ConnectionInit {
                payload: match payload {
                    Some(payload) => Some(serde_json::from_str(payload.get()).ok()?),
                    None => None,
                },
            },
            Sort::Ping => Self::Ping,
            Sort::Pong => Self::Pong,
            Sort::Subscribe => Self::Subscribe {
                id: id?,
                payload: payload?.to_owned(),
            },
            Sort::Complete => Self::Complete { id: id? },
        })
    }
}

/// A message of a server.
#[derive(Debug, Deserialize)]
pub(super) struct FromServer<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(borrow, default)]
    pub(super) payload: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    ConnectionAck,
    Ping,
    Pong,
    Next,
    Error,
    Complete,
}

/// Why a server closes a connection, as the protocol numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) &'static str);

impl Close {
    pub(super) const INVALID: Self = Self(4400, "Invalid message received");
    pub(super) const UNAUTHORIZED: Self = Self(4401, "Unauthorized");
    pub(super) const FORBIDDEN: Self = Self(4403, "Forbidden");
    pub(super) const INIT_TIMEOUT: Self = Self(4408, "Connection initialisation timeout");
    pub(super) const TOO_MANY_INITS: Self = Self(4429, "Too many initialisation requests");
    pub(super) const GOING_AWAY: Self = Self(1001, "The server stops; connect again");
    pub(super) const SILENT: Self = Self(4408, "No answer to a ping");
}

/// The first message to a subgraph.
#[derive(Serialize)]
#[serde(tag = "type", rename = "connection_init")]
pub(super) struct Init<'a> {
    pub(super) payload: &'a Map<String, Value>,
}

/// An event for a client, around bytes that are JSON already.
pub(super) fn next(id: &str, payload: &[u8]) -> String {
    around(r#"{"id":"#, id, r#","type":"next","payload":"#, payload)
}

/// The end of a subscription with errors.
pub(super) fn error(id: &str, errors: &[u8]) -> String {
    around(r#"{"id":"#, id, r#","type":"error","payload":"#, errors)
}

/// The end of a subscription.
pub(super) fn complete(id: &str) -> String {
    format!(r#"{{"id":{},"type":"complete"}}"#, quoted(id))
}

/// The beginning of a subscription at a subgraph.
pub(super) fn subscribe(id: &str, request: &[u8]) -> String {
    around(r#"{"id":"#, id, r#","type":"subscribe","payload":"#, request)
}

fn around(head: &str, id: &str, middle: &str, payload: &[u8]) -> String {
    let id = quoted(id);
    let mut message = String::with_capacity(head.len() + id.len() + middle.len() + payload.len() + 1);
    message.push_str(head);
    message.push_str(&id);
    message.push_str(middle);
    message.push_str(&String::from_utf8_lossy(payload));
    message.push('}');
    message
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
