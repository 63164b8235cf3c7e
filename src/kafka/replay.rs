//! Sending dead letters back: records to the input topic, and how far this replay has come, in one transaction.
//!
//! A replay has a consumer group of its own, which nobody joins: its committed offsets say which dead letters were looked
//! at. So a replay that was cut off goes on where it was, and a replay that is run again takes only what is new.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::client_config;
use super::error::KafkaFailure;
use super::group::committed;
use super::limits::InspectorContext;
use super::oauth::TokenSource;
use super::producer::{Producer, Record, Undelivered};
use crate::config::{Config, Delivery, Role};

/// Properties of a member of the stage's own group.
const MEMBER_PROPERTIES: [&str; 5] = [
    "group.instance.id",
    "group.protocol",
    "partition.assignment.strategy",
    "heartbeat.interval.ms",
    "session.timeout.ms",
];

/// How far a replay has come, kept as the offsets of a group.
pub struct Journal {
    consumer: BaseConsumer<InspectorContext>,
    topic: String,
}

impl Journal {
    /// Makes the client; nothing connects yet.
    ///
    /// # Errors
    /// When a property is wrong.
    pub fn open(config: &Config, group: &str) -> Result<Self, KafkaFailure> {
        let mut properties = client_config(config, Role::Consumer);
        for name in MEMBER_PROPERTIES {
            properties.remove(name);
        }
        properties
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("statistics.interval.ms", "0");
        let consumer = properties
            .create_with_context(InspectorContext::new(config))
            .map_err(|error| KafkaFailure::of_start(&error))?;
        Ok(Self {
            consumer,
            topic: config.dead_letter.topic.clone(),
        })
    }

    /// By partition: the first dead letter that was not looked at yet. Partitions without a commit are missing.
    ///
    /// # Errors
    /// When the coordinator does not answer within `timeout`, or does not let us read.
    pub fn positions(&self, timeout: Duration) -> Result<BTreeMap<i32, i64>, KafkaFailure> {
        committed(&self.consumer, &self.topic, timeout)
            .map_err(|error| self.consumer.context().explain(&error))
    }

    fn list(&self, next: &BTreeMap<i32, i64>) -> Result<TopicPartitionList, KafkaFailure> {
        let mut list = TopicPartitionList::new();
        for (&partition, &offset) in next {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .map_err(|error| KafkaFailure::Fatal(error.to_string()))?;
        }
        Ok(list)
    }
}

/// Sends dead letters back.
pub struct Replayer {
    journal: Journal,
    producer: Producer,
    exactly_once: bool,
    timeout: Duration,
}

impl Replayer {
    /// Connects. Two replays of one name cannot be at work at once: the older one is fenced. What a killed one left open is
    /// ended here.
    ///
    /// # Errors
    /// When the broker does not answer within `timeout`, or does not let us write.
    pub fn open(config: &Config, name: &str, timeout: Duration) -> Result<Self, KafkaFailure> {
        let exactly_once = config.delivery == Delivery::ExactlyOnce;
        let mut properties = client_config(config, Role::Producer);
        if exactly_once {
            properties.set("transactional.id", name);
        }
        let producer = Producer::new(&properties, TokenSource::new(config))?;
        if exactly_once {
            producer.init_transactions(timeout)?;
        }
        Ok(Self {
            journal: Journal::open(config, name)?,
            producer,
            exactly_once,
            timeout: config.kafka.transaction_timeout.duration() * 2 / 3,
        })
    }

    /// See [`Journal::positions`].
    ///
    /// # Errors
    /// As there.
    pub fn positions(&self, timeout: Duration) -> Result<BTreeMap<i32, i64>, KafkaFailure> {
        self.journal.positions(timeout)
    }

    /// Sends the records and notes how far the dead letters were looked at: both or, under exactly once, neither. Under at
    /// least once a crash in between sends these records again.
    ///
    /// # Errors
    /// When a record was refused or the broker is away. Nothing of this call took effect, unless the message says that it
    /// is not known; then the noted positions tell.
    pub fn send(
        &mut self,
        records: &[Record],
        next: &BTreeMap<i32, i64>,
    ) -> Result<(), KafkaFailure> {
        let deadline = Instant::now() + self.timeout;
        if !self.exactly_once {
            self.deliver(records, deadline)?;
            let list = self.journal.list(next)?;
            let committed = self.journal.consumer.commit(&list, CommitMode::Sync);
            return committed.map_err(|error| KafkaFailure::Abort(error.to_string()));
        }
        self.producer.begin()?;
        let sent = self
            .deliver(records, deadline)
            .and_then(|()| self.note(next, deadline));
        if let Err(failure) = sent {
            // When this fails too, the next replay of this name, or the broker after a while, ends the transaction.
            let aborted = self.producer.abort(Instant::now() + self.timeout, || ());
            return Err(aborted.err().map_or(failure, |error| {
                KafkaFailure::Abort(format!("{error}; the transaction is still open"))
            }));
        }
        self.producer
            .commit(Instant::now() + self.timeout, || ())
            .map_err(|error| {
                KafkaFailure::Abort(format!("{error}; whether it took effect is not known"))
            })
    }

    fn deliver(&mut self, records: &[Record], deadline: Instant) -> Result<(), KafkaFailure> {
        let refused = |undelivered: &Undelivered| {
            let reason = &undelivered.reason;
            KafkaFailure::Abort(format!("a record was not taken: {reason}"))
        };
        self.producer.reset();
        for record in records {
            self.producer
                .send(record, deadline)
                .map_err(|undelivered| refused(&undelivered))?;
        }
        match self.producer.wait_delivered(deadline) {
            Ok(failed) => failed.first().map_or(Ok(()), |first| Err(refused(first))),
            Err(missing) => Err(KafkaFailure::Abort(format!(
                "{missing} records were not acknowledged in time"
            ))),
        }
    }

    fn note(&self, next: &BTreeMap<i32, i64>, deadline: Instant) -> Result<(), KafkaFailure> {
        let group = self.journal.consumer.group_metadata().ok_or_else(|| {
            KafkaFailure::Abort("the client has no group to keep its place in".to_owned())
        })?;
        let list = self.journal.list(next)?;
        self.producer.send_offsets(&list, &group, deadline, || ())
    }
}
