//! Which bus carries events, how long they are kept, and how often a failing one is tried.

use std::path::PathBuf;

use platform_config::{Duration, Secret};
use serde::{Deserialize, Serialize};

use crate::EventError;

/// What carries events from one service to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusKind {
    /// A table in a database of the deployment.
    #[default]
    Embedded,
    /// NATS JetStream.
    Nats,
    /// Kafka.
    Kafka,
}

/// Section `[events]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// What carries events: `embedded`, `nats` or `kafka`.
    pub bus: BusKind,
    /// How long the bus keeps events, and with it how far a replay reaches back.
    pub retention: Duration,
    /// How long events that no attempt could handle are kept for somebody to look at.
    pub keep_dead: Duration,
    /// How often an event is tried before it is a dead letter.
    pub attempts: u32,
    /// The pause after the first failure; it doubles with each one.
    pub first_retry: Duration,
    /// The longest pause between attempts.
    pub longest_retry: Duration,
    /// How long one handler may take.
    pub handler_timeout: Duration,
    /// How many events of one group a process handles at a time, on PostgreSQL. SQLite writes one after the other.
    pub concurrency: u16,
    /// How long others wait for a process that has stopped answering before they take over what it did.
    pub lease: Duration,
    /// How often to look for what another process wrote. Within a process nobody waits for it.
    pub poll: Duration,
    /// NATS: `nats://host:4222`, several with commas, user and password within.
    pub nats_url: Secret<String>,
    /// NATS: a credentials file.
    pub nats_credentials: PathBuf,
    /// NATS: the stream, made when it is not there and otherwise left as it is.
    pub nats_stream: String,
    /// NATS: on how many servers the stream is kept.
    pub nats_replicas: u8,
    /// Kafka: `host:9092`, several with commas.
    pub kafka_brokers: String,
    /// Kafka: the topic, made when it is not there.
    pub kafka_topic: String,
    /// Kafka: the partitions of a topic that is made.
    pub kafka_partitions: u16,
    /// Kafka: on how many brokers a topic that is made is kept.
    pub kafka_replicas: u8,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            bus: BusKind::Embedded,
            retention: Duration::from_secs(7 * DAY),
            keep_dead: Duration::from_secs(90 * DAY),
            attempts: 12,
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(600),
            handler_timeout: Duration::from_secs(10),
            concurrency: 8,
            lease: Duration::from_secs(15),
            poll: Duration::from_millis(250),
            nats_url: Secret::new("nats://127.0.0.1:4222".into()),
            nats_credentials: PathBuf::new(),
            nats_stream: "hansa".into(),
            nats_replicas: 1,
            kafka_brokers: "127.0.0.1:9092".into(),
            kafka_topic: "hansa.events".into(),
            kafka_partitions: 12,
            kafka_replicas: 1,
        }
    }
}

impl Settings {
    pub(crate) fn checked(self) -> Result<Self, EventError> {
        let positive = [
            ("retention", self.retention),
            ("keep-dead", self.keep_dead),
            ("first-retry", self.first_retry),
            ("longest-retry", self.longest_retry),
            ("handler-timeout", self.handler_timeout),
            ("lease", self.lease),
            ("poll", self.poll),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, length)| length.is_zero()) {
            return Err(EventError::Setting(format!("events.{key} must be longer than nothing")));
        }
        if self.attempts == 0 || self.concurrency == 0 || self.kafka_partitions == 0 {
            let text = "events.attempts, events.concurrency and events.kafka-partitions must be at least 1";
            return Err(EventError::Setting(text.into()));
        }
        Ok(self)
    }
}
