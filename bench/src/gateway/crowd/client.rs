//! A client of graphql-transport-ws that listens to sales.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, Utf8Bytes, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

use super::Crowd;

const SUBSCRIBE: &str =
    r#"{"type":"subscribe","id":"a","payload":{"query":"subscription { sales { number product { name } } }"}}"#;
/// There are many of these clients in one process.
const BUFFER: usize = 4 << 10;

/// A connection that has subscribed.
pub(crate) struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// Connects, introduces itself and subscribes.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let mut request = url.replace("http://", "ws://").into_client_request()?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let authority = request.uri().authority().context("the address has a port")?.to_string();
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let settings = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let (socket, _) = client_async_with_config(request, stream, Some(settings)).await?;
        let mut client = Self(socket);
        client.say(r#"{"type":"connection_init"}"#).await?;
        let greeting = client.hear().await?;
        ensure!(greeting.contains("connection_ack"), "{greeting}");
        client.say(SUBSCRIBE).await?;
        Ok(client)
    }

    /// The delays of all events. Events before the first number only show that somebody listens.
    pub(crate) async fn listen(mut self, crowd: Arc<Crowd>) -> Result<Vec<Duration>> {
        let (mut delays, mut is_counted) = (Vec::new(), false);
        while delays.len() < crowd.sent.len() {
            let message = self.hear().await?;
            if message.contains(r#""type":"ping""#) {
                self.say(r#"{"type":"pong"}"#).await?;
                continue;
            }
            let number = number(&message).with_context(|| format!("no event: {message}"))?;
            if !is_counted {
                crowd.joined.fetch_add(1, Relaxed);
                is_counted = true;
            }
            let Ok(number) = usize::try_from(number) else {
                continue;
            };
            ensure!(
                number == delays.len(),
                "event {number} came after {} others",
                delays.len()
            );
            let sent = crowd.sent[number]
                .get()
                .context("an event is sent before it is heard")?;
            delays.push(sent.elapsed());
        }
        Ok(delays)
    }

    async fn say(&mut self, text: &'static str) -> Result<()> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    async fn hear(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self.0.next().await.context("the gateway ended a connection")?? {
                Message::Text(text) => return Ok(text),
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("the gateway said {other:?}"),
            }
        }
    }
}

/// Found without reading the JSON, so that a thousand clients in one process do not wait for each other.
fn number(message: &str) -> Option<i32> {
    let (_, after) = message.split_once(r#""number":"#)?;
    after.split([',', '}']).next()?.trim().parse().ok()
}
