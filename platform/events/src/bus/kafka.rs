//! Kafka as the bus: one topic, partitioned by what is kept in order, read from offsets that the reader brings.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::FutureExt;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer, StreamConsumer},
    error::KafkaError,
    producer::{FutureProducer, FutureRecord},
    types::RDKafkaErrorCode,
};
use tokio::{
    runtime::Handle,
    sync::OnceCell,
    time::{Instant, timeout},
};

use super::{Batch, Bus, Position, Reader, Start, begin, decode, lanes};
use crate::{Envelope, EventError, Settings};

const PATIENCE: Duration = Duration::from_secs(10);
/// How often a reader looks whether the topic has partitions that it does not read; who writes learns of them alone.
const LOOK: Duration = Duration::from_secs(60);

/// A Kafka topic. No consumer group of Kafka's is used: positions are kept beside the effects they belong to.
pub struct KafkaBus {
    settings: Settings,
    producer: FutureProducer,
    topic: OnceCell<()>,
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaBus")
            .field("topic", &self.settings.kafka_topic)
            .finish_non_exhaustive()
    }
}

impl KafkaBus {
    /// The bus that the settings name. Nothing is connected yet.
    pub fn new(settings: &Settings) -> Result<Self, EventError> {
        let mut config = config(settings);
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "2")
            .set("message.timeout.ms", "30000");
        Ok(Self {
            producer: config
                .create()
                .map_err(|error| EventError::Setting(format!("events.kafka-brokers: {error}")))?,
            settings: settings.clone(),
            topic: OnceCell::new(),
        })
    }

    async fn topic(&self) -> Result<&str, EventError> {
        let made = async {
            match self.has_topic().await? {
                true => Ok(()),
                false => self.make_topic().await,
            }
        };
        self.topic.get_or_try_init(|| made).await?;
        Ok(&self.settings.kafka_topic)
    }

    /// Whether somebody has made the topic already. Who may only read and write it need not be allowed to make one.
    async fn has_topic(&self) -> Result<bool, EventError> {
        self.ask(|consumer, topic| {
            let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
            Ok(metadata.topics().iter().any(|topic| !topic.partitions().is_empty()))
        })
        .await
    }

    async fn make_topic(&self) -> Result<(), EventError> {
        let admin: AdminClient<DefaultClientContext> = config(&self.settings).create().map_err(EventError::bus)?;
        let retention = self.settings.retention.as_millis().to_string();
        let replicas = TopicReplication::Fixed(self.settings.kafka_replicas.into());
        let topic = NewTopic::new(
            &self.settings.kafka_topic,
            self.settings.kafka_partitions.into(),
            replicas,
        )
        .set("retention.ms", &retention);
        let options = AdminOptions::new()
            .operation_timeout(Some(PATIENCE))
            .request_timeout(Some(PATIENCE));
        let made = admin.create_topics(&[topic], &options).await.map_err(EventError::bus)?;
        match made.into_iter().next() {
            None | Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((topic, code))) => Err(EventError::Bus(format!("the topic {topic} cannot be made: {code}"))),
        }
    }

    async fn send(&self, event: &Envelope) -> Result<(), EventError> {
        let text = serde_json::to_vec(event).map_err(EventError::bus)?;
        let lane = event.lane();
        let record = FutureRecord::to(&self.settings.kafka_topic).key(&lane).payload(&text);
        let sent = self.producer.send(record, PATIENCE).await;
        sent.map(drop).map_err(|(error, _)| EventError::bus(error))
    }

    /// Asks the brokers, which librdkafka does in a blocking call.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&BaseConsumer, &str) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, EventError> {
        let (config, topic) = (config(&self.settings), self.settings.kafka_topic.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = config.create()?;
            question(&consumer, &topic)
        });
        asked.await.map_err(EventError::bus)?.map_err(EventError::bus)
    }

    async fn bounds(&self) -> Result<Vec<(i32, i64, i64)>, EventError> {
        self.topic().await?;
        self.ask(|consumer, topic| {
            let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
            let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
            let bounds = partitions.map(|partition| {
                let (low, high) = consumer.fetch_watermarks(topic, partition.id(), PATIENCE)?;
                Ok((partition.id(), low, high))
            });
            bounds.collect()
        })
        .await
    }
}

fn config(settings: &Settings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.kafka_brokers)
        .set("client.id", "hansa")
        .set("group.id", "hansa")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error");
    config
}

#[async_trait]
impl Bus for KafkaBus {
    async fn append(&self, events: &[Envelope]) -> Result<(), EventError> {
        self.topic().await?;
        lanes::send_all(events, |event| self.send(event)).await
    }

    async fn reader(&self, from: &Position) -> Result<Box<dyn Reader>, EventError> {
        let topic = self.topic().await?;
        let mut assignment = TopicPartitionList::new();
        let mut next = Position::default();
        let bounds = self.bounds().await?;
        for &(partition, oldest, end) in &bounds {
            let offset = begin(from, partition, (oldest, end))?;
            next.set(partition, offset);
            let added = assignment.add_partition_offset(topic, partition, Offset::Offset(offset));
            added.map_err(EventError::bus)?;
        }
        let consumer: StreamConsumer = config(&self.settings).create().map_err(EventError::bus)?;
        consumer.assign(&assignment).map_err(EventError::bus)?;
        Ok(Box::new(TopicReader {
            consumer: Some(Arc::new(consumer)),
            topic: topic.to_owned(),
            partitions: bounds.len(),
            looked: Instant::now(),
            next,
        }))
    }

    async fn position(&self, start: Start) -> Result<Position, EventError> {
        let bounds = match start {
            Start::Beginning => return Ok(Position::default()),
            Start::End | Start::At(_) => self.bounds().await?,
        };
        let Start::At(time) = start else {
            return Ok(Position::many(
                bounds.into_iter().map(|(partition, _, end)| (partition, end)),
            ));
        };
        let ends: Vec<_> = bounds.iter().map(|(partition, _, end)| (*partition, *end)).collect();
        let found = self
            .ask(move |consumer, topic| {
                let mut times = TopicPartitionList::new();
                for (partition, _, _) in &bounds {
                    times.add_partition_offset(topic, *partition, Offset::Offset(time.timestamp_millis()))?;
                }
                consumer.offsets_for_times(times, PATIENCE)
            })
            .await?;
        let next = ends.into_iter().map(|(partition, end)| {
            let element = found
                .elements()
                .into_iter()
                .find(|element| element.partition() == partition);
            match element.map(|element| element.offset()) {
                Some(Offset::Offset(next)) => (partition, next),
                _ => (partition, end),
            }
        });
        Ok(Position::many(next))
    }
}

struct TopicReader {
    /// There until the reader goes.
    consumer: Option<Arc<StreamConsumer>>,
    topic: String,
    partitions: usize,
    looked: Instant,
    next: Position,
}

#[async_trait]
impl Reader for TopicReader {
    async fn next(&mut self, most: usize, wait: Duration) -> Result<Batch, EventError> {
        let gone = || EventError::bus("the reader is gone");
        let consumer = self.consumer.clone().ok_or_else(gone)?;
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            if partitions(consumer.clone(), self.topic.clone()).await? != self.partitions {
                let other = format!("the topic {} has other partitions than are read", self.topic);
                return Err(EventError::Bus(other));
            }
        }
        let mut events = Vec::new();
        let mut message = timeout(wait, consumer.recv()).await.ok();
        while let Some(received) = message.take() {
            let received = received.map_err(EventError::bus)?;
            let at = format!("{}/{}", received.partition(), received.offset());
            events.extend(decode(received.payload().unwrap_or_default(), at));
            self.next.set(received.partition(), received.offset() + 1);
            if events.len() < most {
                message = consumer.recv().now_or_never();
            }
        }
        Ok(Batch {
            events,
            next: self.next.clone(),
        })
    }
}

async fn partitions(consumer: Arc<StreamConsumer>, topic: String) -> Result<usize, EventError> {
    let counted = tokio::task::spawn_blocking(move || -> Result<usize, KafkaError> {
        let metadata = consumer.fetch_metadata(Some(topic.as_str()), PATIENCE)?;
        Ok(metadata.topics().iter().map(|topic| topic.partitions().len()).sum())
    });
    counted.await.map_err(EventError::bus)?.map_err(EventError::bus)
}

impl Drop for TopicReader {
    fn drop(&mut self) {
        // A consumer that goes blocks its thread until librdkafka has closed it.
        if let (Some(consumer), Ok(runtime)) = (self.consumer.take(), Handle::try_current()) {
            runtime.spawn_blocking(|| drop(consumer));
        }
    }
}
