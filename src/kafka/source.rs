//! Reading: messages with their position, bytes copied out, tagged with the epoch of their partition.

mod lost;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::context::SourceContext;
use super::error::{KafkaFailure, is_denial};
use super::oauth::TokenSource;
use super::ownership::{Epoch, Ownership, Partition};
use super::{client_config, headers_of};
use crate::article::{Message, Position};
use crate::config::{Config, LostOffset, Role};
use crate::health::Health;
use crate::metrics::Metrics;

/// The consumer of the input topic. Only one thread polls it; storing and reading group metadata is for any thread.
pub struct Source {
    consumer: BaseConsumer<SourceContext>,
    topic: Arc<str>,
    group: String,
    ownership: Arc<Ownership>,
    offset_lost: LostOffset,
    at_least_once: bool,
    static_member: bool,
    /// Some partition has no valid place to go on from, and the broker could not be asked about it yet.
    astray: AtomicBool,
}

/// How long one request to the coordinator may take before it is tried again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

impl Source {
    /// Makes the consumer and subscribes. Partitions come later, through [`Self::poll`].
    ///
    /// # Errors
    /// When a property is wrong.
    pub fn subscribe(
        config: &Config,
        ownership: Arc<Ownership>,
        metrics: Metrics,
        health: Health,
        clock: fn() -> i64,
    ) -> Result<Self, KafkaFailure> {
        let topic: Arc<str> = config.input.topic.as_str().into();
        let drain_budget = config
            .shutdown
            .timeout
            .duration()
            .min(config.kafka.max_poll_interval.duration() / 2);
        let context = SourceContext {
            topic: topic.clone(),
            ownership: ownership.clone(),
            drain_budget,
            start: config.kafka.start,
            metrics,
            health,
            tokens: TokenSource::new(config),
            committed_timestamp_ms: AtomicI64::new(-1),
            closing: AtomicBool::new(false),
            clock,
            own_index: config.stages.dedup
                && config.dedup.backend == crate::dedup::Backend::Embedded,
            split: AtomicBool::new(false),
        };
        let consumer: BaseConsumer<SourceContext> = client_config(config, Role::Consumer)
            .create_with_context(context)
            .map_err(|error| KafkaFailure::of_start(&error))?;
        consumer
            .subscribe(&[&topic])
            .map_err(|error| KafkaFailure::of_start(&error))?;
        let at_least_once = config.delivery == crate::config::Delivery::AtLeastOnce;
        Ok(Self {
            consumer,
            topic,
            group: config.kafka.group.clone(),
            ownership,
            offset_lost: config.kafka.offset_lost,
            at_least_once,
            static_member: config.kafka.static_membership,
            astray: AtomicBool::new(false),
        })
    }

    /// Serves the consumer for at most `timeout` and returns a message if there is one that counts.
    ///
    /// # Errors
    /// Only for trouble that reading again cannot mend; everything else is logged and retried by librdkafka.
    pub fn poll(&self, timeout: Duration) -> Result<Option<(Message, Epoch)>, KafkaFailure> {
        if self.astray.load(Ordering::Relaxed) {
            self.find_the_way()?;
        }
        match self.consumer.poll(timeout) {
            None => Ok(None),
            Some(Ok(message)) => {
                let epoch = self.ownership.tag(message.partition(), message.offset());
                Ok(epoch.map(|epoch| (self.copied(&message), epoch)))
            }
            Some(Err(error)) => self.consumption_error(&error).map(|()| None),
        }
    }

    fn copied(&self, message: &BorrowedMessage<'_>) -> Message {
        Message {
            position: Position {
                topic: self.topic.clone(),
                partition: message.partition(),
                offset: message.offset(),
            },
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers: headers_of(message),
            timestamp_ms: message.timestamp().to_millis(),
        }
    }

    fn consumption_error(&self, error: &KafkaError) -> Result<(), KafkaFailure> {
        match (error, error.rdkafka_error_code()) {
            (KafkaError::MessageConsumptionFatal(code), _) => {
                Err(KafkaFailure::Fatal(format!("{code}: {error}")))
            }
            (_, Some(RDKafkaErrorCode::AutoOffsetReset)) => {
                self.astray.store(true, Ordering::Relaxed);
                self.find_the_way()
            }
            (_, Some(code)) if is_denial(code) => Err(KafkaFailure::of_denied_reading(
                error,
                &self.topic,
                Some(&self.group),
            )),
            (_, Some(RDKafkaErrorCode::UnknownTopicOrPartition)) => {
                tracing::warn!(topic = %self.topic, "the input topic does not exist yet; waiting for it");
                Ok(())
            }
            _ => {
                tracing::warn!(%error, "reading failed; trying again");
                Ok(())
            }
        }
    }

    /// What the group has committed for the owned partitions.
    fn committed(&self) -> Result<BTreeMap<Partition, Option<i64>>, KafkaFailure> {
        let mut owned = TopicPartitionList::new();
        for partition in self.ownership.partitions() {
            owned.add_partition(&self.topic, partition);
        }
        let committed = self
            .consumer
            .committed_offsets(owned, REQUEST_TIMEOUT)
            .map_err(|error| KafkaFailure::Unavailable(error.to_string()))?;
        Ok(committed
            .elements()
            .iter()
            .map(|element| {
                (
                    element.partition(),
                    if let Offset::Offset(n) = element.offset() {
                        Some(n)
                    } else {
                        None
                    },
                )
            })
            .collect())
    }

    fn seek(&self, targets: TopicPartitionList) -> Result<(), KafkaFailure> {
        let result = self
            .consumer
            .seek_partitions(targets, REQUEST_TIMEOUT)
            .map_err(|error| KafkaFailure::Unavailable(error.to_string()))?;
        for element in result.elements() {
            element.error().map_err(|error| {
                KafkaFailure::Unavailable(format!(
                    "seek of partition {}: {error}",
                    element.partition()
                ))
            })?;
        }
        Ok(())
    }

    /// Goes back to the committed offsets, so that everything after them is read again. Until this succeeds no message
    /// counts.
    ///
    /// # Errors
    /// [`KafkaFailure::Unavailable`] when the coordinator does not answer: try again.
    pub fn rewind(&self) -> Result<(), KafkaFailure> {
        let left = self.ownership.resume_points();
        // Under exactly once only the broker knows for certain which transactions took effect. Under at least once
        // the offsets stored here are ahead of the broker's, and going back further would only repeat more.
        let committed = if self.at_least_once {
            BTreeMap::new()
        } else {
            self.committed()?
        };
        let mut targets = TopicPartitionList::new();
        for (partition, own) in left {
            let Some(offset) = committed.get(&partition).copied().flatten().or(own) else {
                continue;
            };
            targets
                .add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .map_err(|error| KafkaFailure::Unavailable(error.to_string()))?;
        }
        if targets.count() > 0 {
            tracing::info!(offsets = ?targets.to_topic_map(), "going back to the committed offsets");
            self.seek(targets)?;
        }
        self.ownership.rewound();
        Ok(())
    }

    /// Stops or resumes fetching for all owned partitions; the consumer stays a member of its group.
    pub fn set_paused(&self, paused: bool) {
        let mut owned = TopicPartitionList::new();
        for partition in self.ownership.partitions() {
            owned.add_partition(&self.topic, partition);
        }
        let result = if paused {
            self.consumer.pause(&owned)
        } else {
            self.consumer.resume(&owned)
        };
        if let Err(error) = result {
            tracing::warn!(%error, paused, "pausing or resuming failed");
        }
    }

    /// The membership that the broker checks when offsets are committed in a transaction. Taken at commit time: an
    /// older one would be refused after a rebalance, rightly.
    pub fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }

    /// Stores offsets for the next automatic commit (at least once). A partition that was revoked meanwhile is refused
    /// by librdkafka, which is right, and is not an error. Returns how many were refused.
    pub fn store(&self, next: &BTreeMap<(Partition, Epoch), i64>) -> usize {
        let mut refused = 0;
        for (&(partition, _), &offset) in next {
            let mut list = TopicPartitionList::new();
            let stored = list
                .add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .and_then(|()| self.consumer.store_offsets(&list));
            if let Err(error) = stored {
                refused += 1;
                tracing::info!(partition, offset, %error, "offset not stored: the partition is no longer ours");
            }
        }
        refused
    }

    /// The list of offsets for a transaction.
    ///
    /// # Errors
    /// When an offset is out of range, which no offset of the broker is.
    pub fn offset_list(
        &self,
        next: &BTreeMap<(Partition, Epoch), i64>,
    ) -> Result<TopicPartitionList, KafkaFailure> {
        let mut list = TopicPartitionList::new();
        for (&(partition, _), &offset) in next {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .map_err(|error| KafkaFailure::Fatal(error.to_string()))?;
        }
        Ok(list)
    }

    /// Notes the timestamp of the newest message whose work is committed.
    pub fn note_committed_timestamp(&self, timestamp_ms: i64) {
        self.consumer
            .context()
            .committed_timestamp_ms
            .store(timestamp_ms, Ordering::Relaxed);
    }

    /// Nothing will be committed any more: from now on a revocation waits for no unfinished work.
    pub fn nothing_more_to_commit(&self) {
        self.consumer
            .context()
            .closing
            .store(true, Ordering::Release);
    }

    /// Leaves the group: commits what is stored, unsubscribes, waits until the partitions are given back, closes. A static
    /// member only closes: to unsubscribe would be to leave for good, and it is expected back. Closing may hang in
    /// librdkafka (issue 4527 there), so it happens beside, under the deadline. Returns whether it was clean.
    pub fn close(self, deadline: Instant) -> bool {
        self.nothing_more_to_commit();
        if self.at_least_once
            && let Err(error) = self.consumer.commit_consumer_state(CommitMode::Sync)
            && error.rdkafka_error_code() != Some(RDKafkaErrorCode::NoOffset)
        {
            tracing::warn!(%error, "last offset commit failed; messages may be read again");
        }
        if !self.static_member {
            self.consumer.unsubscribe();
            while !self.ownership.partitions().is_empty() && Instant::now() < deadline {
                // Errors no longer matter; the call serves the revocation.
                drop(self.consumer.poll(Duration::from_millis(20)));
            }
            self.settle(deadline);
        }
        let (done, closed) = std::sync::mpsc::channel();
        let consumer = self.consumer;
        let closer = std::thread::Builder::new()
            .name("close".into())
            .spawn(move || {
                drop(consumer);
                done.send(()).ok();
            });
        closer.is_ok()
            && closed
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .is_ok()
    }

    /// Giving partitions back goes on for a moment after the call, and includes a last commit under at least once. A
    /// consumer that is closed meanwhile does not leave its group, and the others wait for its session to end. The
    /// coordinator answers in order: what it answers to any question comes after that commit.
    fn settle(&self, deadline: Instant) {
        let mut anything = TopicPartitionList::new();
        anything.add_partition(&self.topic, 0);
        // Closing needs some of the time, too.
        let left = deadline.saturating_duration_since(Instant::now()) / 2;
        if let Err(error) = self
            .consumer
            .committed_offsets(anything, left.min(REQUEST_TIMEOUT))
        {
            tracing::debug!(%error, "the coordinator does not answer; the group may wait for the session to end");
        }
    }
}
