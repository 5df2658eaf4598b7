//! Kafka as the bus, against the cluster of its library and a tansu broker.

use platform_events::{KafkaBus, Settings};
use platform_testing::TestTansu;
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext, types::RDKafkaRespErr};

use super::*;

fn settings(brokers: String) -> Settings {
    Settings {
        kafka_brokers: brokers,
        kafka_partitions: 4,
        ..Settings::default()
    }
}

/// The library's own cluster, which neither makes topics nor finds times.
fn cluster() -> (MockCluster<'static, DefaultProducerContext>, Settings) {
    let cluster = MockCluster::new(1).unwrap();
    let settings = settings(cluster.bootstrap_servers());
    cluster
        .create_topic(&settings.kafka_topic, settings.kafka_partitions.into(), 1)
        .unwrap();
    (cluster, settings)
}

#[tokio::test]
async fn a_kafka_topic_conforms() {
    let (_cluster, settings) = cluster();
    let bus = KafkaBus::new(&settings).unwrap();

    conforms(Arc::new(bus), crate::bus::wall_clock).await;
}

#[tokio::test]
async fn a_partition_that_a_position_does_not_name_is_read_from_its_beginning() {
    let (_cluster, settings) = cluster();
    let bus = KafkaBus::new(&settings).unwrap();
    bus.append(&events(1..=50, crate::bus::wall_clock().await))
        .await
        .unwrap();
    let (_, after) = read(&bus, &Position::default(), 50).await;
    let after = after.to_string();
    let has = |part: &&str| part.split_once(':').unwrap().1.parse::<usize>().unwrap();
    let added = after.split(',').max_by_key(has).unwrap();

    let others: Vec<_> = after.split(',').filter(|part| *part != added).collect();
    let (read, _) = read(&bus, &others.join(",").parse().unwrap(), has(&added)).await;

    assert_eq!(read.len(), has(&added));
}

/// The library's own cluster adds no partitions to a topic that is there, but can take them all away.
#[tokio::test]
async fn a_reader_ends_where_the_topic_has_other_partitions_than_it_reads() {
    let (cluster, settings) = cluster();
    let bus = KafkaBus::new(&settings).unwrap();
    let mut reader = bus.reader(&Position::default()).await.unwrap();
    let unknown = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    cluster.topic_error(&settings.kafka_topic, unknown).unwrap();

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let Err(EventError::Bus(reason)) = reader.next(10, WAIT).await else {
        panic!("it reads on");
    };

    assert!(reason.contains("other partitions"), "{reason}");
}

/// The whole suite is not for it: tansu 0.6 says that a log ends one event before it does.
#[tokio::test]
async fn a_topic_is_made_and_read_from_a_time_on_at_a_tansu_broker() {
    let Some(tansu) = TestTansu::start().await else { return };
    let bus = KafkaBus::new(&settings(tansu.broker())).unwrap();

    bus.append(&events(1..=200, crate::bus::wall_clock().await))
        .await
        .unwrap();

    let (all, _) = read(&bus, &Position::default(), 200).await;
    let by_id: BTreeSet<_> = numbers(&all).into_iter().collect();
    assert_eq!(by_id, (1..=200).collect());
    finds_times(&bus, crate::bus::wall_clock).await;
}
