//! One WebSocket of a client, with any number of operations on it.

use std::collections::HashMap;

use axum::{
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use futures::{
    StreamExt,
    stream::{BoxStream, SelectAll},
};
use platform_error::Code;
use platform_http::Problem;
use serde_json::{Map, Value, value::RawValue};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{answers, errors};
use crate::{
    fault::Fault,
    gateway::Gateway,
    headers,
    request::{Caller, Request},
    subscribe::{
        Slot, SubscriptionSettings,
        hub::{Ending, Item},
        protocol::{self, Close, FromClient},
        quota::TooMany,
    },
};

/// Buffers of a connection. There are many connections, and most of them are quiet.
const BUFFER: usize = 4 << 10;
/// Heartbeats that may stay without an answer.
const PATIENCE: u32 = 3;
/// Names of headers that a caller may have. A first message has room for more than a map of headers, which panics.
const MOST_HEADERS: usize = 256;

/// Takes a WebSocket and serves it until one side ends it.
pub(crate) fn websocket(gateway: Gateway, upgrade: WebSocketUpgrade, caller: Caller) -> Response {
    let settings = gateway.subscriptions().clone();
    let place = match gateway.quotas().connect(&settings) {
        Ok(place) => place,
        Err(too_many) => return Problem::from(too_many).into_response(),
    };
    let upgrade = upgrade
        .protocols([protocol::NAME])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(settings.message.as_usize())
        .max_frame_size(settings.message.as_usize());
    if upgrade.selected_protocol().is_none() {
        let message = format!("offer the subprotocol {} (sec-websocket-protocol)", protocol::NAME);
        return Problem(platform_error::Error::new(Code::Invalid, message)).into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        let connection = Connection {
            socket,
            gateway,
            caller,
            settings,
            running: HashMap::new(),
            answers: SelectAll::new(),
            heard_at: Instant::now(),
            _place: place,
        };
        connection.serve().await;
    })
}

struct Connection {
    socket: WebSocket,
    gateway: Gateway,
    caller: Caller,
    settings: SubscriptionSettings,
    running: HashMap<String, CancellationToken>,
    answers: SelectAll<BoxStream<'static, (String, Item)>>,
    heard_at: Instant,
    _place: Slot,
}

/// Why the connection is over.
enum Over {
    /// We close it and say why.
    Close(Close),
    /// The other side closes it.
    Left,
    /// The other side is gone.
    Gone,
}

impl Connection {
    async fn serve(mut self) {
        let over = match self.introduced().await {
            Ok(()) => self.run().await,
            Err(over) => over,
        };
        let limit = *self.settings.send_timeout;
        match over {
            Over::Close(Close(code, reason)) => {
                let frame = CloseFrame {
                    code,
                    reason: reason.into(),
                };
                let _ = timeout(limit, self.socket.send(Message::Close(Some(frame)))).await;
            }
            // Whoever closes waits for the answer, which goes out as one reads on.
            Over::Left => drop(timeout(limit, self.socket.recv()).await),
            Over::Gone => {}
        }
    }

    /// Waits for the first message, which may say who is there: browsers cannot set headers on a WebSocket.
    async fn introduced(&mut self) -> Result<(), Over> {
        let deadline = Instant::now() + *self.settings.init_timeout;
        loop {
            let message = timeout_at(deadline, self.hear())
                .await
                .map_err(|_| Over::Close(Close::INIT_TIMEOUT))??;
            match message {
                FromClient::ConnectionInit { payload } => {
                    add_headers(&mut self.caller, payload.unwrap_or_default())?;
                    self.gateway.identify(&mut self.caller).await.map_err(|refusal| {
                        let is_unknown = refusal
                            .faults
                            .iter()
                            .any(|fault| fault.code == Code::Unauthenticated.as_str());
                        Over::Close(if is_unknown {
                            Close::UNAUTHORIZED
                        } else {
                            Close::FORBIDDEN
                        })
                    })?;
                    return self.say(r#"{"type":"connection_ack"}"#.into()).await;
                }
                FromClient::Ping => self.say(r#"{"type":"pong"}"#.into()).await?,
                FromClient::Pong => {}
                FromClient::Subscribe { .. } => return Err(Over::Close(Close::UNAUTHORIZED)),
                FromClient::Complete { .. } => return Err(Over::Close(Close::INVALID)),
            }
        }
    }

    async fn run(&mut self) -> Over {
        // Made once: thousands of connections that each register anew for every event get in each other's way.
        let beat = sleep(*self.settings.heartbeat);
        let stopped = self.gateway.stopped().cancelled_owned();
        let disbelieved = self.gateway.until_disbelieved(&self.caller);
        tokio::pin!(beat, stopped, disbelieved);
        loop {
            let step = tokio::select! {
                message = hear(&mut self.socket, &mut self.heard_at) => match message {
                    Ok(message) => self.take(message).await,
                    Err(over) => Err(over),
                },
                Some((id, item)) = self.answers.next(), if !self.answers.is_empty() => self.hand_on(id, item).await,
                () = &mut beat => {
                    beat.as_mut().reset(Instant::now() + *self.settings.heartbeat);
                    self.beat().await
                }
                () = &mut disbelieved => Err(Over::Close(Close::FORBIDDEN)),
                () = &mut stopped => Err(Over::Close(Close::GOING_AWAY)),
            };
            if let Err(over) = step {
                return over;
            }
        }
    }

    async fn take(&mut self, message: FromClient) -> Result<(), Over> {
        match message {
            FromClient::ConnectionInit { .. } => Err(Over::Close(Close::TOO_MANY_INITS)),
            FromClient::Ping => self.say(r#"{"type":"pong"}"#.into()).await,
            FromClient::Pong => Ok(()),
            FromClient::Complete { id } => {
                if let Some(running) = self.running.remove(&id) {
                    running.cancel();
                }
                Ok(())
            }
            FromClient::Subscribe { id, payload } => self.subscribe(id, &payload).await,
        }
    }

    async fn subscribe(&mut self, id: String, payload: &RawValue) -> Result<(), Over> {
        if self.running.contains_key(&id) {
            return Err(Over::Close(Close(4409, "Subscriber for this id already exists")));
        }
        let refused = match serde_json::from_str::<Request>(payload.get()) {
            Err(_) => Some(Fault::new(
                Code::Invalid,
                "the payload must be {\"query\": \"…\", \"variables\": {…}}",
            )),
            Ok(_) if self.running.len() >= self.settings.per_connection => {
                let too_many = TooMany::ForConnection(self.settings.per_connection);
                Some(Fault::new(Code::RateLimited, too_many.to_string()))
            }
            Ok(request) => {
                self.start(id.clone(), request);
                None
            }
        };
        match refused {
            Some(fault) => self.hand_on(id, Err(Ending::Failed(vec![fault]))).await,
            None => Ok(()),
        }
    }

    /// The operation runs within this connection's task, beside its other operations.
    fn start(&mut self, id: String, request: Request) {
        let (gateway, caller, cancelled) = (self.gateway.clone(), self.caller.clone(), CancellationToken::new());
        self.running.insert(id.clone(), cancelled.clone());
        let start = Box::pin(async move { gateway.start(request, caller).await });
        let named = answers(start)
            .map(move |item| (id.clone(), item))
            .take_until(cancelled.cancelled_owned());
        self.answers.push(named.boxed());
    }

    async fn hand_on(&mut self, id: String, item: Item) -> Result<(), Over> {
        let ending = match item {
            Ok(answer) => return self.say(protocol::next(&id, &answer)).await,
            Err(ending) => ending,
        };
        self.running.remove(&id);
        match errors(&ending) {
            Some(errors) => self.say(protocol::error(&id, &errors)).await,
            None => self.say(protocol::complete(&id)).await,
        }
    }

    async fn beat(&mut self) -> Result<(), Over> {
        let silent_for = self.heard_at.elapsed();
        if silent_for > *self.settings.heartbeat * PATIENCE {
            return Err(Over::Close(Close::SILENT));
        }
        match silent_for < *self.settings.heartbeat {
            true => Ok(()),
            false => self.say(r#"{"type":"ping"}"#.into()).await,
        }
    }

    async fn hear(&mut self) -> Result<FromClient, Over> {
        hear(&mut self.socket, &mut self.heard_at).await
    }

    async fn say(&mut self, text: String) -> Result<(), Over> {
        let sending = self.socket.send(Message::Text(text.into()));
        match timeout(*self.settings.send_timeout, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over::Gone),
        }
    }
}

async fn hear(socket: &mut WebSocket, heard_at: &mut Instant) -> Result<FromClient, Over> {
    loop {
        let message = socket.recv().await;
        *heard_at = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => {
                return FromClient::read(&text).ok_or(Over::Close(Close::INVALID));
            }
            Some(Ok(Message::Binary(_))) => return Err(Over::Close(Close::INVALID)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) => return Err(Over::Left),
            Some(Err(_)) | None => return Err(Over::Gone),
        }
    }
}

/// What the first message says counts as headers, also inside a member `headers`, as several clients send it.
fn add_headers(caller: &mut Caller, payload: Map<String, Value>) -> Result<(), Over> {
    let nested = payload
        .get("headers")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, value) in payload.iter().chain(&nested) {
        let parsed: (Result<HeaderName, _>, Option<HeaderValue>) =
            (name.parse(), value.as_str().and_then(|value| value.parse().ok()));
        if let (Ok(name), Some(value)) = parsed
            && headers::may_be_handed_on(&name)
        {
            if caller.headers.keys_len() >= MOST_HEADERS {
                return Err(Over::Close(Close::INVALID));
            }
            caller.headers.insert(name, value);
        }
    }
    Ok(())
}
