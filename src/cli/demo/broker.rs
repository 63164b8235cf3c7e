//! The embedded broker of the demo, with a producer and a reader of its own.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use serde::Deserialize;

use crate::article::Message;
use crate::kafka::dead_letter::ERROR_CODE_HEADER;

pub const INPUT: &str = "news.raw";
pub const OUTPUT: &str = "news.enriched";
pub const DEAD_LETTER: &str = "news.dead";

/// The broker; it ends with this value.
pub struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

/// A record of the output or dead-letter topic, as the table shows it.
#[derive(Debug, Default)]
pub struct Seen {
    pub id: String,
    pub language: String,
    pub topics: Vec<String>,
    pub dedup: String,
    pub of: String,
    /// The refusal, for a dead letter.
    pub rejected: Option<String>,
    pub tombstone: bool,
}

impl Broker {
    pub fn start() -> KafkaResult<Self> {
        let cluster = MockCluster::new(1)?;
        for topic in [INPUT, OUTPUT, DEAD_LETTER] {
            // One partition: the table then shows the articles in the order in which they were written.
            cluster.create_topic(topic, 1, 1)?;
        }
        Ok(Self { cluster })
    }

    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", self.bootstrap())
            .set("log_level", "2");
        client
    }

    /// Who writes the articles.
    pub fn crawler(&self) -> KafkaResult<Crawler> {
        let producer = self.client().create()?;
        Ok(Crawler { producer })
    }

    /// A reader of what comes out.
    pub fn reader(&self) -> KafkaResult<BaseConsumer> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "demo-reader")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "20")
            .create()?;
        let mut all = TopicPartitionList::new();
        for topic in [OUTPUT, DEAD_LETTER] {
            all.add_partition_offset(topic, 0, Offset::Beginning)?;
        }
        consumer.assign(&all)?;
        Ok(consumer)
    }
}

/// Writes articles to the input topic.
pub struct Crawler {
    producer: BaseProducer,
}

impl Crawler {
    /// Writes these and waits until they are there.
    pub fn send(&self, messages: &[Message]) -> KafkaResult<()> {
        for message in messages {
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(INPUT).partition(0);
            record.key = message.key.as_deref();
            record.payload = message.payload.as_deref();
            record.timestamp = message.timestamp_ms;
            self.producer.send(record).map_err(|(error, _)| error)?;
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.producer.in_flight_count() > 0 && Instant::now() < deadline {
            self.producer.poll(Duration::from_millis(1));
        }
        self.producer.flush(Duration::from_secs(1))
    }
}

/// The next record, if one comes soon.
pub fn next(consumer: &BaseConsumer) -> Option<Seen> {
    let message = match consumer.poll(Duration::from_millis(100))? {
        Ok(message) => message,
        Err(KafkaError::PartitionEOF(_)) => return None,
        Err(error) => {
            tracing::debug!(%error, "demo reader");
            return None;
        }
    };
    let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
    let rejected = message.headers().and_then(|headers| {
        let found = headers
            .iter()
            .find(|header| header.key == ERROR_CODE_HEADER)?;
        Some(String::from_utf8_lossy(found.value.unwrap_or_default()).into_owned())
    });
    let mut seen = match message.payload() {
        None => Seen {
            tombstone: true,
            ..Seen::default()
        },
        Some(payload) => serde_json::from_slice::<Output>(payload)
            .map(Seen::from)
            .unwrap_or_default(),
    };
    if seen.id.is_empty() {
        seen.id = key;
    }
    seen.rejected = rejected;
    Some(seen)
}

#[derive(Deserialize)]
struct Output {
    enrichment: Option<Enrichment>,
}

#[derive(Deserialize)]
struct Enrichment {
    id: String,
    dedup: Dedup,
    language: Language,
    topics: Vec<Topic>,
}

#[derive(Deserialize)]
struct Dedup {
    status: String,
    of: Option<String>,
}

#[derive(Deserialize)]
struct Language {
    code: String,
}

#[derive(Deserialize)]
struct Topic {
    label: String,
}

impl From<Output> for Seen {
    fn from(output: Output) -> Self {
        let Some(found) = output.enrichment else {
            return Self::default();
        };
        Self {
            id: found.id,
            language: found.language.code,
            topics: found.topics.into_iter().map(|topic| topic.label).collect(),
            dedup: found.dedup.status,
            of: found.dedup.of.unwrap_or_default(),
            rejected: None,
            tombstone: false,
        }
    }
}
