//! Reading again what was published: a topic from a time on to its present end, without joining a group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};

use super::error::{KafkaFailure, is_denial};
use super::limits::{self, InspectorContext};
use super::{client_config, headers_of};
use crate::article::{Message, Position};
use crate::config::{Config, Role};

/// How long the broker may be silent before reading is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest single wait.
const POLL: Duration = Duration::from_millis(100);

/// Which records of a topic are read.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    /// Records from the first one of at least this time on, in milliseconds since 1970; `None` asks for no time.
    pub from_ms: Option<i64>,
    /// Only this partition.
    pub partition: Option<i32>,
    /// By partition: the first offset that is read.
    pub begin: BTreeMap<i32, i64>,
    /// By partition: the offset before which reading ends.
    pub end: BTreeMap<i32, i64>,
    /// Whether headers are kept.
    pub headers: bool,
}

/// The committed records of topics between a time and now, partition by partition.
pub struct History {
    consumer: BaseConsumer<InspectorContext>,
    topics: Vec<Arc<str>>,
    /// Partitions that have not come to their end: the offset after the last record.
    open: BTreeMap<(usize, i32), i64>,
    total: u64,
    read: u64,
    headers: bool,
}

impl History {
    /// Finds where to begin in each partition. A topic without records costs one request.
    ///
    /// # Errors
    /// When the broker cannot be reached within `timeout`, or does not let us read.
    pub fn open(
        config: &Config,
        topics: &[&str],
        from_ms: i64,
        timeout: Duration,
    ) -> Result<Self, KafkaFailure> {
        let stretch = Stretch {
            from_ms: Some(from_ms),
            ..Stretch::default()
        };
        Self::over(config, topics, &stretch, timeout)
    }

    /// The same for a part of the topics.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn over(
        config: &Config,
        topics: &[&str],
        stretch: &Stretch,
        timeout: Duration,
    ) -> Result<Self, KafkaFailure> {
        let mut properties = client_config(config, Role::Consumer);
        properties
            .set("enable.partition.eof", "true")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("statistics.interval.ms", "0");
        properties.remove("group.instance.id");
        let consumer: BaseConsumer<InspectorContext> = properties
            .create_with_context(InspectorContext::new(config))
            .map_err(|error| KafkaFailure::of_start(&error))?;
        let mut history = Self {
            consumer,
            topics: topics.iter().map(|topic| Arc::from(*topic)).collect(),
            open: BTreeMap::new(),
            total: 0,
            read: 0,
            headers: stretch.headers,
        };
        history.assign(stretch, timeout)?;
        Ok(history)
    }

    fn assign(&mut self, stretch: &Stretch, timeout: Duration) -> Result<(), KafkaFailure> {
        let explain = |error: KafkaError| self.consumer.context().explain(&error);
        let mut ends = BTreeMap::new();
        for (index, topic) in self.topics.iter().enumerate() {
            let partitions = self.partitions(topic, timeout)?.into_iter();
            for partition in partitions.filter(|&one| stretch.partition.is_none_or(|p| p == one)) {
                let (first, end) = self
                    .consumer
                    .fetch_watermarks(topic, partition, timeout)
                    .map_err(explain)?;
                let begin = stretch.begin.get(&partition).copied().unwrap_or(first);
                let until = stretch.end.get(&partition).copied().unwrap_or(end);
                let (first, end) = (begin.max(first), until.min(end));
                if end > first {
                    ends.insert((index, partition), (first, end));
                }
            }
        }
        let found = self.since(stretch.from_ms, &ends, timeout)?;
        let mut assigned = TopicPartitionList::new();
        for (key, (first, end)) in ends {
            let topic = self.topics.get(key.0).map_or("", |topic| topic);
            let since = found
                .find_partition(topic, key.1)
                .map(|element| element.offset());
            // Without an answer there is no record since then, or none has a time: then everything is read.
            let begin = match since {
                Some(Offset::Offset(offset)) => offset.max(first),
                Some(Offset::End) => continue,
                _ => first,
            };
            if begin < end {
                self.open.insert(key, end);
                self.total += (end - begin).unsigned_abs();
                assigned
                    .add_partition_offset(topic, key.1, Offset::Offset(begin))
                    .map_err(explain)?;
            }
        }
        self.consumer.assign(&assigned).map_err(explain)
    }

    /// The first record of that time in each partition.
    fn since(
        &self,
        from_ms: Option<i64>,
        ends: &BTreeMap<(usize, i32), (i64, i64)>,
        timeout: Duration,
    ) -> Result<TopicPartitionList, KafkaFailure> {
        let explain = |error: KafkaError| self.consumer.context().explain(&error);
        let mut wanted = TopicPartitionList::new();
        let Some(from_ms) = from_ms.filter(|_| !ends.is_empty()) else {
            return Ok(wanted);
        };
        for &(index, partition) in ends.keys() {
            let topic = self.topics.get(index).map_or("", |topic| topic);
            wanted
                .add_partition_offset(topic, partition, Offset::Offset(from_ms.max(0)))
                .map_err(explain)?;
        }
        self.consumer
            .offsets_for_times(wanted, timeout)
            .map_err(explain)
    }

    /// Asks until there is an answer, and serves the consumer in between: without that it would never get a token.
    fn metadata(&self, topic: &str, timeout: Duration) -> Result<Metadata, KafkaFailure> {
        let serve = || {
            if let Some(Err(error)) = self.consumer.poll(POLL) {
                tracing::debug!(%error, "before the first record");
            }
        };
        serve();
        limits::metadata(self.consumer.client(), topic, timeout, serve)
    }

    fn partitions(&self, topic: &str, timeout: Duration) -> Result<Vec<i32>, KafkaFailure> {
        let metadata = self.metadata(topic, timeout)?;
        let described = metadata.topics().iter().find(|found| found.name() == topic);
        let Some(described) = described else {
            return Ok(Vec::new());
        };
        if let Some(code) = described.error() {
            let code = rdkafka::error::RDKafkaErrorCode::from(code);
            let reason = format!("{topic}: {code}");
            return Err(if is_denial(code) {
                KafkaFailure::Denied(reason)
            } else {
                KafkaFailure::Unavailable(reason)
            });
        }
        Ok(described
            .partitions()
            .iter()
            .map(|partition| partition.id())
            .collect())
    }

    /// Offsets between the beginning and the end; markers of transactions count too, so there may be fewer records.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Records read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Up to `most` further records, in the order of each partition; fewer only when `wait` is over. `None` at the end.
    ///
    /// # Errors
    /// When the broker does not let us read, or is silent for too long.
    pub fn next(
        &mut self,
        most: usize,
        wait: Duration,
    ) -> Result<Option<Vec<Message>>, KafkaFailure> {
        let begin = Instant::now();
        let mut last = begin;
        let mut records = Vec::new();
        while !self.open.is_empty() && records.len() < most {
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    last = Instant::now();
                    let topic = self
                        .topics
                        .iter()
                        .position(|topic| **topic == *message.topic());
                    let key = (topic.unwrap_or_default(), message.partition());
                    let Some(end) = self.open.get(&key).copied() else {
                        continue;
                    };
                    if message.offset() + 1 >= end {
                        self.open.remove(&key);
                    }
                    // What was published since belongs to another run.
                    if message.offset() < end {
                        self.read += 1;
                        records.push(Message {
                            position: Position {
                                topic: self.topics.get(key.0).cloned().unwrap_or_else(|| "".into()),
                                partition: key.1,
                                offset: message.offset(),
                            },
                            key: message.key().map(<[u8]>::to_vec),
                            payload: message.payload().map(<[u8]>::to_vec),
                            headers: if self.headers {
                                headers_of(&message)
                            } else {
                                Vec::new()
                            },
                            timestamp_ms: message.timestamp().to_millis(),
                        });
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    last = Instant::now();
                    // The position says which of the topics has come to its end.
                    self.close_finished(partition);
                }
                Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_denial) => {
                    let topics = self.topics.join(" and ");
                    return Err(KafkaFailure::of_denied_reading(&error, &topics, None));
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "reading published records failed; trying again")
                }
                None if begin.elapsed() >= wait && !records.is_empty() => break,
                None if last.elapsed() > PATIENCE => {
                    return Err(KafkaFailure::Unavailable(
                        "the broker does not send the published records".to_owned(),
                    ));
                }
                None if begin.elapsed() >= wait => break,
                None => {}
            }
        }
        Ok((!records.is_empty() || !self.open.is_empty()).then_some(records))
    }

    /// Closes what the consumer has read to its end: the last offsets may be markers of transactions, which never come
    /// as messages.
    fn close_finished(&mut self, partition: i32) {
        let Ok(positions) = self.consumer.position() else {
            return;
        };
        for (index, topic) in self.topics.iter().enumerate() {
            let position = positions
                .find_partition(topic, partition)
                .map(|found| found.offset());
            if let (Some(Offset::Offset(next)), Some(end)) =
                (position, self.open.get(&(index, partition)).copied())
                && next >= end
            {
                self.open.remove(&(index, partition));
            }
        }
        // A partition that has nothing to give has no position.
        if self.topics.len() == 1 {
            self.open.remove(&(0, partition));
        }
    }
}
