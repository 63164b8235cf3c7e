//! Stored queries on a compacted topic: read from its beginning, then followed. No group, no commits: every replica
//! reads all of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client_config;
use super::error::KafkaFailure;
use super::oauth::TokenSource;
use crate::config::{Config, Role};

/// Longest single wait for a record.
const POLL: Duration = Duration::from_millis(100);
/// Properties of the group, which this consumer does not belong to.
const GROUP_PROPERTIES: [&str; 4] = [
    "group.instance.id",
    "group.protocol",
    "partition.assignment.strategy",
    "heartbeat.interval.ms",
];

struct Context {
    tokens: TokenSource,
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<rdkafka::client::OAuthToken, Box<dyn std::error::Error>> {
        self.tokens.token()
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(client = "queries", %error, reason, "kafka client reports an error");
    }
}

impl ConsumerContext for Context {}

/// Reads the topic of queries.
pub struct QueryTopic {
    consumer: BaseConsumer<Context>,
    name: String,
    /// By partition: the offset up to which it must be read before the queries are complete.
    behind: HashMap<i32, i64>,
}

impl QueryTopic {
    /// Connects and finds out how much there is to read.
    ///
    /// # Errors
    /// When the broker does not answer, denies it, or has no such topic.
    pub fn open(config: &Config, name: &str, timeout: Duration) -> Result<Self, KafkaFailure> {
        let mut properties = client_config(config, Role::Consumer);
        for property in GROUP_PROPERTIES {
            properties.remove(property);
        }
        properties
            .set("group.id", format!("{}-queries", config.kafka.group))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "false")
            .set("statistics.interval.ms", "0")
            // Compaction removes records, so that any offset may be gone.
            .set("auto.offset.reset", "earliest");
        let context = Context {
            tokens: TokenSource::new(config),
        };
        let consumer: BaseConsumer<Context> = properties
            .create_with_context(context)
            .map_err(|error| KafkaFailure::of_start(&error))?;
        let mut topic = Self {
            consumer,
            name: name.to_owned(),
            behind: HashMap::new(),
        };
        topic.assign(timeout)?;
        Ok(topic)
    }

    fn assign(&mut self, timeout: Duration) -> Result<(), KafkaFailure> {
        let failed = |error: KafkaError| KafkaFailure::of_start(&error);
        let metadata = self
            .consumer
            .fetch_metadata(Some(&self.name), timeout)
            .map_err(failed)?;
        let partitions: Vec<i32> = metadata
            .topics()
            .iter()
            .filter(|topic| topic.name() == self.name)
            .flat_map(|topic| topic.partitions().iter().map(|partition| partition.id()))
            .collect();
        if partitions.is_empty() {
            let reason = format!("topics.queries_topic: {} does not exist", self.name);
            return Err(KafkaFailure::Unavailable(reason));
        }
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            let (low, high) = self
                .consumer
                .fetch_watermarks(&self.name, partition, timeout)
                .map_err(failed)?;
            list.add_partition_offset(&self.name, partition, Offset::Beginning)
                .map_err(failed)?;
            if high > low {
                self.behind.insert(partition, high);
            }
        }
        self.consumer.assign(&list).map_err(failed)
    }

    /// Whether everything that was there at the start has been read. The end of a partition may hold no record, after
    /// compaction or a transaction: then its position tells.
    pub fn is_complete(&mut self) -> bool {
        if self.behind.is_empty() {
            return true;
        }
        if let Ok(positions) = self.consumer.position() {
            for position in positions.elements() {
                if let (Offset::Offset(at), Some(&end)) =
                    (position.offset(), self.behind.get(&position.partition()))
                    && at >= end
                {
                    self.behind.remove(&position.partition());
                }
            }
        }
        self.behind.is_empty()
    }

    /// Hands records to `take`, key and value, until there are none for a moment. Returns how many there were.
    pub fn read(&mut self, mut take: impl FnMut(&[u8], Option<&[u8]>)) -> usize {
        let mut count = 0;
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(1) {
            match self.consumer.poll(POLL) {
                None => break,
                Some(Ok(message)) => {
                    count += 1;
                    take(message.key().unwrap_or_default(), message.payload());
                }
                Some(Err(error)) => {
                    if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
                        tracing::warn!(%error, topic = self.name, "queries topic");
                    }
                    break;
                }
            }
        }
        count
    }
}
