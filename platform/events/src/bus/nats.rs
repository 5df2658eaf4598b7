//! NATS JetStream as the bus: one stream on disk, read from a sequence number by consumers that live as long as a
//! reader.

use std::{fmt, fs, time::Duration};

use async_nats::{
    ConnectOptions, HeaderMap, ServerAddr, header,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, pull},
        stream::{self, StorageType},
    },
};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use percent_encoding::percent_decode_str;
use tokio::{sync::OnceCell, time::timeout};

use super::{Batch, Bus, Position, Reader, Start, begin, decode, lanes};
use crate::{Envelope, EventError, Settings};

/// A second copy of an event that comes within this time is not stored.
const DOUBLES: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_secs(5);
/// A consumer that nobody asks for this long is gone.
const IDLE: Duration = Duration::from_secs(60);

/// A JetStream stream. The connection is made when it is first needed, and again whenever it breaks.
pub struct NatsBus {
    settings: Settings,
    servers: Vec<ServerAddr>,
    options: ConnectOptions,
    jetstream: OnceCell<jetstream::Context>,
}

/// Without the addresses, which may hold a password.
impl fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsBus")
            .field("stream", &self.settings.nats_stream)
            .finish_non_exhaustive()
    }
}

impl NatsBus {
    /// The bus that the settings name, where they can be read: waiting mends none that cannot. Nothing is connected yet.
    pub fn new(settings: &Settings) -> Result<Self, EventError> {
        if !is_stream_name(&settings.nats_stream) {
            let text = "events.nats-stream must be a name without spaces, dots, slashes and wildcards";
            return Err(EventError::Setting(text.into()));
        }
        let servers = servers(settings.nats_url.expose())?;
        Ok(Self {
            options: options(settings, &servers)?,
            settings: settings.clone(),
            servers,
            jetstream: OnceCell::new(),
        })
    }

    async fn jetstream(&self) -> Result<&jetstream::Context, EventError> {
        self.jetstream.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<jetstream::Context, EventError> {
        let client = self.options.clone().connect(&self.servers).await;
        let client = client.map_err(EventError::bus)?;
        let mut jetstream = jetstream::new(client);
        jetstream.set_timeout(PATIENCE);
        // One that is there stays as it is: its operators may have changed it, and who only looks changes nothing.
        let made = jetstream.get_or_create_stream(self.stream_config()).await;
        let kept = made.map_err(EventError::bus)?.cached_info().config.max_age;
        let (retention, stream) = (self.settings.retention, &self.settings.nats_stream);
        if kept != *retention {
            let kept = platform_config::Duration(kept);
            tracing::warn!(
                stream,
                "the stream keeps events for {kept}, not for {retention} as events.retention says"
            );
        }
        Ok(jetstream)
    }

    fn stream_config(&self) -> stream::Config {
        let name = &self.settings.nats_stream;
        stream::Config {
            name: name.clone(),
            subjects: vec![format!("{name}.>")],
            storage: StorageType::File,
            num_replicas: self.settings.nats_replicas.into(),
            max_age: *self.settings.retention,
            duplicate_window: DOUBLES.min(*self.settings.retention),
            ..stream::Config::default()
        }
    }

    async fn stream(&self) -> Result<stream::Stream, EventError> {
        let jetstream = self.jetstream().await?;
        jetstream
            .get_stream(&self.settings.nats_stream)
            .await
            .map_err(EventError::bus)
    }

    async fn consumer(&self, deliver: DeliverPolicy) -> Result<jetstream::consumer::PullConsumer, EventError> {
        let config = pull::Config {
            deliver_policy: deliver,
            ack_policy: AckPolicy::None,
            inactive_threshold: IDLE,
            ..pull::Config::default()
        };
        self.stream()
            .await?
            .create_consumer(config)
            .await
            .map_err(EventError::bus)
    }

    async fn send(&self, event: &Envelope) -> Result<(), EventError> {
        let subject = format!("{}.{}", self.settings.nats_stream, event.r#type);
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, event.id.to_string());
        let text = serde_json::to_vec(event).map_err(EventError::bus)?;
        let sent = self
            .jetstream()
            .await?
            .publish_with_headers(subject, headers, text.into());
        sent.await.map_err(EventError::bus)?.await.map_err(EventError::bus)?;
        Ok(())
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError> {
        lanes::send_all(events, |event| self.send(event)).await
    }

    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError> {
        let stream = self.stream().await?;
        let state = &stream.cached_info().state;
        let number = |sequence: u64| i64::try_from(sequence).unwrap_or(i64::MAX);
        let bounds = (
            number(state.first_sequence).max(1),
            number(state.last_sequence).saturating_add(1),
        );
        let next = begin(from, 0, bounds)?;
        let start_sequence = next.unsigned_abs();
        let consumer = self.consumer(DeliverPolicy::ByStartSequence { start_sequence }).await?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(500)
            .expires(Duration::from_secs(10))
            .heartbeat(Duration::from_secs(1))
            .messages()
            .await
            .map_err(EventError::bus)?;
        Ok(Box::new(StreamReader {
            messages,
            next,
            delivered: 0,
        }))
    }

    async fn position(&self, start: Start) -> Result<Position, EventError> {
        let last = match start {
            Start::Beginning => return Ok(Position::default()),
            Start::End => self.stream().await?.cached_info().state.last_sequence,
            Start::At(time) => {
                let nanos = i128::from(time.timestamp_micros()) * 1_000;
                let start_time = async_nats::datetime::from_nanos(nanos).map_err(EventError::bus)?;
                let consumer = self.consumer(DeliverPolicy::ByStartTime { start_time }).await?;
                consumer.cached_info().delivered.stream_sequence
            }
        };
        Ok(Position::single(
            i64::try_from(last).unwrap_or(i64::MAX).saturating_add(1),
        ))
    }
}

fn is_stream_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || ".*>/\\".contains(letter))
}

fn servers(urls: &str) -> Result<Vec<ServerAddr>, EventError> {
    let wrong = |reason: &dyn fmt::Display| {
        EventError::Setting(format!(
            "events.nats-url is not an address such as nats://127.0.0.1:4222, or several with commas: {reason}"
        ))
    };
    let server = |url: &str| {
        let server: ServerAddr = url.trim().parse().map_err(|error| wrong(&error))?;
        match server.clone().into_inner().has_host() {
            true => Ok(server),
            false => Err(wrong(&"there is no host in it")),
        }
    };
    urls.split(',').map(server).collect()
}

fn options(settings: &Settings, servers: &[ServerAddr]) -> Result<ConnectOptions, EventError> {
    let mut options = ConnectOptions::new()
        .name("hansa")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .reconnect_delay_callback(|attempts| Duration::from_millis(100 * attempts.clamp(1, 20) as u64));
    let file = &settings.nats_credentials;
    if !file.as_os_str().is_empty() {
        let wrong = |error| EventError::Setting(format!("events.nats-credentials: {}: {error}", file.display()));
        let text = fs::read_to_string(file).map_err(wrong)?;
        options = options.credentials(&text).map_err(wrong)?;
    }
    // The client does not look for them there.
    let named = servers.iter().find(|url| url.has_user_pass());
    Ok(
        match named.map(|url| (url.username().map(plain), url.password().map(plain))) {
            Some((Some(user), Some(password))) => options.user_and_password(user, password),
            Some((Some(token), None)) => options.token(token),
            _ => options,
        },
    )
}

/// Undoes `%40` and its like, which stand in an address for what would end a name or a password.
fn plain(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

struct StreamReader {
    messages: pull::Stream,
    next: i64,
    delivered: u64,
}

impl StreamReader {
    fn take(
        &mut self,
        message: Result<jetstream::Message, pull::MessagesError>,
        events: &mut Vec<Envelope>,
    ) -> Result<(), EventError> {
        let message = message.map_err(EventError::bus)?;
        let info = message.info().map_err(EventError::bus)?;
        // The consumer counts what it sends: a hole is a message that got lost on the way.
        if info.consumer_sequence != self.delivered + 1 {
            return Err(EventError::Bus("a message got lost between the server and us".into()));
        }
        self.delivered = info.consumer_sequence;
        events.extend(decode(&message.payload, info.stream_sequence));
        self.next = i64::try_from(info.stream_sequence)
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        Ok(())
    }
}

#[async_trait]
impl Reader for StreamReader {
    async fn next(&mut self, most: usize, wait: Duration) -> Result<Batch, EventError> {
        let mut events = Vec::new();
        if let Ok(first) = timeout(wait, self.messages.next()).await {
            let first = first.ok_or_else(|| EventError::Bus("the stream has ended".into()))?;
            self.take(first, &mut events)?;
            while events.len() < most {
                let Some(Some(message)) = self.messages.next().now_or_never() else {
                    break;
                };
                self.take(message, &mut events)?;
            }
        }
        Ok(Batch {
            events,
            next: Position::single(self.next),
        })
    }
}
