//! Subgraphs that are listened to by graphql-transport-ws.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use bytes::Bytes;
use futures::{
    SinkExt, StreamExt,
    stream::{self, BoxStream},
};
use platform_error::Error;
use platform_http::{ClientTls, machine_tls};
use serde_json::{Map, Value};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::{Listen, Lost, faults};
use crate::subscribe::{
    SubscriptionSettings,
    frame::Framed,
    protocol::{self, FromServer, Init, Kind},
};

/// The one subscription of a connection.
const ID: &str = "1";
/// Heartbeats that may stay without an answer.
const PATIENCE: u32 = 3;
const BUFFER: usize = 16 << 10;
const PROTOCOLS: &[&[u8]] = &[b"http/1.1"];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where a subgraph is listened to.
pub(super) struct Door {
    url: String,
    connector: Connector,
}

impl Door {
    /// `url` may be that of HTTP; `tls` is for a service of our own. Without it the machine's own authorities are asked.
    pub(super) fn new(url: &str, tls: Option<&ClientTls>) -> Result<Self, Error> {
        let url = address(url);
        let config = match tls {
            Some(tls) => Some(tls.config(PROTOCOLS)?),
            None if url.starts_with("wss:") => Some(machine_tls(PROTOCOLS)?),
            None => None,
        };
        // Without a connector the library would read the machine's authorities anew for each connection.
        let connector = config.map_or(Connector::Plain, |config| Connector::Rustls(Arc::new(config)));
        Ok(Self { url, connector })
    }
}

/// The address of a WebSocket, given that of HTTP.
fn address(url: &str) -> String {
    match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => format!("ws://{rest}"),
        (_, Some(rest)) => format!("wss://{rest}"),
        _ => url.to_owned(),
    }
}

/// Connects, introduces itself and subscribes.
pub(super) async fn open(
    door: &Door,
    listen: &Listen,
    settings: &SubscriptionSettings,
) -> Result<BoxStream<'static, Result<Framed, Lost>>, Lost> {
    let mut request = door
        .url
        .as_str()
        .into_client_request()
        .map_err(|_| Lost::Connection("its address is not that of a WebSocket"))?;
    request.headers_mut().extend(listen.headers.clone());
    let name = HeaderValue::from_static(protocol::NAME);
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, name);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER);
    let connector = Some(door.connector.clone());
    let (socket, _) = connect_async_tls_with_config(request, Some(config), true, connector)
        .await
        .map_err(|error| refused(&error, listen))?;
    let mut line = Line {
        socket,
        subgraph: listen.subgraph.clone(),
        heartbeat: *settings.heartbeat,
        heard_at: Instant::now(),
        is_over: false,
    };
    line.introduce(listen).await?;
    line.say(protocol::subscribe(ID, &listen.body)).await?;
    Ok(stream::unfold(line, |mut line| async move {
        if line.is_over {
            return None;
        }
        let item = line.hear().await;
        line.is_over = !matches!(item, Ok(Framed::Next(_) | Framed::Alive));
        Some((item, line))
    })
    .boxed())
}

struct Line {
    socket: Socket,
    subgraph: String,
    heartbeat: std::time::Duration,
    heard_at: Instant,
    is_over: bool,
}

impl Line {
    /// Many servers read who is asking from the first message, so the headers go there as well.
    async fn introduce(&mut self, listen: &Listen) -> Result<(), Lost> {
        let pairs = listen.headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), Value::from(value)))
        });
        let payload: Map<String, Value> = pairs.collect();
        let init = serde_json::to_string(&Init { payload: &payload });
        self.say(init.map_err(|_| Lost::Connection("its first message cannot be written"))?)
            .await?;
        loop {
            match self.read().await? {
                (Kind::ConnectionAck, _) => return Ok(()),
                (Kind::Ping, _) => self.say(r#"{"type":"pong"}"#.into()).await?,
                (Kind::Pong, _) => {}
                _ => return Err(Lost::Connection("it spoke before it accepted the connection")),
            }
        }
    }

    async fn hear(&mut self) -> Result<Framed, Lost> {
        loop {
            let read = match timeout(self.heartbeat, self.read()).await {
                Ok(read) => read?,
                Err(_) if self.heard_at.elapsed() > self.heartbeat * PATIENCE => {
                    return Err(Lost::Connection("it does not answer pings"));
                }
                Err(_) => {
                    self.say(r#"{"type":"ping"}"#.into()).await?;
                    continue;
                }
            };
            match read {
                (Kind::Ping, _) => self.say(r#"{"type":"pong"}"#.into()).await?,
                (Kind::Next, Some(payload)) => return Ok(Framed::Next(payload)),
                (Kind::Error, payload) => return Ok(Framed::Errors(payload.unwrap_or_default())),
                (Kind::Complete, _) => return Ok(Framed::Complete),
                (Kind::Pong | Kind::ConnectionAck | Kind::Next, _) => return Ok(Framed::Alive),
            }
        }
    }

    async fn read(&mut self) -> Result<(Kind, Option<Bytes>), Lost> {
        loop {
            let message = self.socket.next().await;
            self.heard_at = Instant::now();
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => return Err(self.closed(frame)),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Err(Lost::Connection("the connection broke")),
            };
            let message: FromServer<'_> =
                serde_json::from_str(&text).map_err(|_| Lost::Connection("it sent what is not a message"))?;
            if message.id.as_deref().is_some_and(|id| id != ID) {
                continue;
            }
            let payload = message.payload.map(|raw| Bytes::copy_from_slice(raw.get().as_bytes()));
            return Ok((message.kind, payload));
        }
    }

    async fn say(&mut self, text: String) -> Result<(), Lost> {
        let sent = self.socket.send(Message::text(text)).await;
        sent.map_err(|_| Lost::Connection("the connection broke"))
    }

    /// The protocol's own codes say that the subgraph does not want to; all others that it cannot now.
    fn closed(&self, frame: Option<CloseFrame>) -> Lost {
        match frame.map(|frame| u16::from(frame.code)) {
            Some(4400 | 4401 | 4403 | 4406 | 4409 | 4429) => Lost::Refused(faults(b"", &self.subgraph)),
            _ => Lost::Connection("it closed the connection"),
        }
    }
}

fn refused(error: &tungstenite::Error, listen: &Listen) -> Lost {
    match error {
        tungstenite::Error::Http(response) if response.status().is_client_error() => {
            Lost::Refused(faults(b"", &listen.subgraph))
        }
        _ => Lost::Connection("it cannot be reached"),
    }
}
