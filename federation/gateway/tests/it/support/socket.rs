//! A client of graphql-transport-ws, and readers of the two kinds of bodies that last.

use std::time::Duration;

use axum::http::HeaderValue;
use futures::{SinkExt, StreamExt};
use platform_http::ClientResponse;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A WebSocket to a gateway.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// The handshake for a gateway's URL.
pub(crate) fn handshake(url: &str) -> Request {
    let mut request = url
        .replace("http://", "ws://")
        .into_client_request()
        .expect("the URL is one");
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    request
}

impl Socket {
    /// Opens a connection and says nothing.
    pub(crate) async fn open(request: Request) -> Result<Self, Error> {
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    /// Opens a connection and introduces itself.
    pub(crate) async fn connect(url: &str, payload: Value) -> Self {
        let mut socket = Self::open(handshake(url)).await.expect("the gateway takes connections");
        socket
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Sends text.
    pub(crate) async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("the connection is open");
    }

    /// Starts an operation.
    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
            .await;
    }

    /// The next message; pings are answered on the way.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next())
                .await
                .expect("the gateway says something");
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                other => panic!("the connection ended: {other:?}"),
            };
            let message: Value = serde_json::from_str(&text).expect("messages are JSON");
            match message["type"] == "ping" {
                true => self.say(json!({ "type": "pong" })).await,
                false => return message,
            }
        }
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Value {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        message["payload"].take()
    }

    /// Closes the connection.
    pub(crate) async fn close(&mut self) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.0.close(Some(frame)).await.expect("the connection is open");
    }

    /// The code with which the gateway closes the connection.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.0.next())
                .await
                .expect("the gateway closes the connection")
            {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("the connection ended without a code: {other:?}"),
            }
        }
    }
}

/// Reads a body that lasts, event by event.
pub(crate) struct Events {
    response: ClientResponse,
    text: String,
}

impl Events {
    /// Begins to read.
    pub(crate) fn of(response: ClientResponse) -> Self {
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next server-sent event: its name and data.
    pub(crate) async fn event(&mut self) -> (String, Value) {
        loop {
            let block = self.until("\n\n").await.expect("the body is not over");
            let field = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap_or_default()
                    .trim()
            };
            if block.starts_with(':') {
                continue;
            }
            return (
                field("event:").to_owned(),
                serde_json::from_str(field("data:")).unwrap_or_default(),
            );
        }
    }

    /// The next part that is no heartbeat; null where the body says that it is over.
    pub(crate) async fn part(&mut self) -> Value {
        loop {
            let Some(block) = self.until("--graphql").await else {
                assert_eq!(self.text, "--\r\n");
                return Value::Null;
            };
            let Some((_, content)) = block.split_once("\r\n\r\n") else {
                continue;
            };
            let part: Value = serde_json::from_str(content).expect("a part is JSON");
            if part != json!({}) {
                return part;
            }
        }
    }

    /// What comes before `end`; nothing where the body is over.
    async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once(end) {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = timeout(PATIENCE, self.response.chunk())
                .await
                .expect("the gateway says something");
            let chunk = chunk.expect("the body does not break off")?;
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}
