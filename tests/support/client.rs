//! Plain Kafka clients for tests: a producer that checks every delivery, and a [consumer](super::reader) that reads a
//! whole topic.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

pub use super::reader::{Isolation, Reader, Record, read_all, read_committed, read_uncommitted};

const PATIENCE: Duration = Duration::from_secs(60);

/// A record to produce.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outgoing {
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Milliseconds since 1970; the time of sending when `None`.
    pub timestamp: Option<i64>,
    /// Chosen by the key when `None`.
    pub partition: Option<i32>,
}

impl Outgoing {
    /// A record without a key.
    pub fn new(payload: impl Into<Vec<u8>>) -> Self {
        Self {
            payload: Some(payload.into()),
            ..Self::default()
        }
    }

    /// A record with a key.
    pub fn keyed(key: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::new(payload)
        }
    }

    /// A record without a payload.
    pub fn tombstone(key: impl Into<Vec<u8>>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::default()
        }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: Option<&[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.map(<[u8]>::to_vec)));
        self
    }

    /// The same with this timestamp, in milliseconds since 1970.
    pub fn at(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// The same, to this partition.
    pub fn to(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }
}

/// Produces `records` in their order, waits until the broker has them all, and returns where each one is:
/// partition and offset. Panics when one is refused.
#[track_caller]
pub fn produce(bootstrap: &str, topic: &str, records: &[Outgoing]) -> Vec<Place> {
    produce_with(&[("bootstrap.servers", bootstrap)], topic, records)
}

/// [`produce`] with librdkafka properties of the test's choice, `bootstrap.servers` among them.
#[track_caller]
pub fn produce_with(properties: &[(&str, &str)], topic: &str, records: &[Outgoing]) -> Vec<Place> {
    let mut config = ClientConfig::new();
    config
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random");
    config
        .set("linger.ms", "5")
        .set("message.timeout.ms", "60000")
        .set("reconnect.backoff.max.ms", "1000");
    for (name, value) in properties {
        config.set(*name, *value);
    }
    let producer: BaseProducer<Deliveries> = config
        .create_with_context(Deliveries::default())
        .expect("a producer");
    for (index, record) in records.iter().enumerate() {
        send(&producer, topic, record, index);
    }
    let started = Instant::now();
    while producer.in_flight_count() > 0 {
        assert!(
            started.elapsed() < PATIENCE,
            "records not delivered within {PATIENCE:?}"
        );
        producer.poll(Duration::from_millis(10));
    }
    let delivered = producer.context().0.lock().expect("no panic while locked");
    assert_eq!(
        delivered.len(),
        records.len(),
        "every record has a delivery report"
    );
    let places = delivered.values().map(|result| match result {
        Ok(place) => *place,
        Err(error) => panic!("{topic}: a record was not delivered: {error}"),
    });
    places.collect()
}

fn send(producer: &BaseProducer<Deliveries>, topic: &str, record: &Outgoing, index: usize) {
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
    for (key, value) in &record.headers {
        headers = headers.insert(Header {
            key,
            value: value.as_ref(),
        });
    }
    let mut base: BaseRecord<'_, [u8], [u8], usize> =
        BaseRecord::with_opaque_to(topic, index).headers(headers);
    base.key = record.key.as_deref();
    base.payload = record.payload.as_deref();
    base.partition = record.partition;
    base.timestamp = record.timestamp;
    while let Err((error, refused)) = producer.send(base) {
        assert_eq!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::QueueFull),
            "{error}"
        );
        producer.poll(Duration::from_millis(10));
        base = refused;
    }
}

/// Partition and offset of a delivered record.
pub type Place = (i32, i64);

/// The delivery reports, by the record's index.
#[derive(Default)]
struct Deliveries(Mutex<BTreeMap<usize, Result<Place, KafkaError>>>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        let place = match result {
            Ok(message) => Ok((message.partition(), message.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        self.0
            .lock()
            .expect("no panic while locked")
            .insert(index, place);
    }
}
