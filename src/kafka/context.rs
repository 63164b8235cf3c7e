//! What the consumer does when partitions come and go, and what it learns from librdkafka's statistics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, Statistics, TopicPartitionList};

use super::oauth::TokenSource;
use super::ownership::{Ownership, Partition};
use crate::config::StartOffset;
use crate::health::Health;
use crate::metrics::{Metrics, RebalanceEvent};

/// How long the committed offsets of newly assigned partitions may take to come.
const COMMITTED_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything the callbacks need.
pub struct SourceContext {
    /// The input topic.
    pub topic: Arc<str>,
    /// The table that the callbacks keep.
    pub ownership: Arc<Ownership>,
    /// How long a revocation waits for unfinished work.
    pub drain_budget: Duration,
    /// Where a group without a committed offset begins.
    pub start: StartOffset,
    /// Metrics.
    pub metrics: Metrics,
    /// Health.
    pub health: Health,
    /// OAUTHBEARER tokens.
    pub tokens: TokenSource,
    /// Timestamp of the newest committed message, in milliseconds since 1970; negative when none is known.
    pub committed_timestamp_ms: AtomicI64,
    /// Set when the process is going away: a revocation then waits for nothing.
    pub closing: AtomicBool,
    /// Tells the time, in milliseconds since 1970.
    pub clock: fn() -> i64,
    /// Whether the duplicate index is this process's own.
    pub own_index: bool,
    /// Whether copies in partitions of other processes are missed.
    pub split: AtomicBool,
}

impl SourceContext {
    /// Compares the partitions of this process with those of the topic, of which there are `total`.
    fn note_split(&self, total: usize) {
        let owned = self.ownership.partitions().len();
        let split = self.own_index && owned > 0 && owned < total;
        if self.split.swap(split, Ordering::AcqRel) == split {
            return;
        }
        self.metrics.set_dedup_split(split);
        if split {
            tracing::warn!(
                owned,
                total,
                "other replicas own partitions of the input topic, and each has a duplicate index of its own: copies across \
                 replicas are not found. Run one replica, or share an index with dedup.backend = \"valkey\""
            );
        } else {
            tracing::info!(
                owned,
                total,
                "the duplicate index sees the whole input topic"
            );
        }
    }

    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let numbers = numbers(partitions);
        let mut starts = partitions.clone();
        let fresh = self.choose_starts(consumer, &mut starts);
        self.ownership.assign(numbers.iter().copied());
        for &partition in &numbers {
            self.metrics.add_partition(&self.topic, partition);
        }
        if !numbers.is_empty() {
            self.metrics.rebalance(RebalanceEvent::Assigned);
        }
        // A partition that was paused when it was taken away would still be, and nobody would resume it.
        if let Err(error) = consumer.resume(&starts) {
            tracing::warn!(%error, "resuming partitions failed");
        }
        let result = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&starts),
            _ => consumer.assign(&starts),
        };
        match result {
            Ok(()) => {
                tracing::info!(partitions = ?numbers, without_commit = fresh, "partitions assigned")
            }
            Err(error) => {
                tracing::error!(partitions = ?numbers, %error, "partitions could not be taken up")
            }
        }
        self.health.progress((self.clock)());
    }

    /// Sets where partitions without a committed offset begin; those with one go on from there. The choice is made
    /// here because librdkafka has one setting for "no offset yet" and for "the offset is gone", and the second must
    /// never be a silent jump.
    fn choose_starts(
        &self,
        consumer: &BaseConsumer<Self>,
        starts: &mut TopicPartitionList,
    ) -> usize {
        if starts.count() == 0 {
            return 0;
        }
        let committed = match consumer.committed_offsets(starts.clone(), COMMITTED_TIMEOUT) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::warn!(%error, "committed offsets did not come; the consumer will ask again");
                return 0;
            }
        };
        let start = match self.start {
            StartOffset::Earliest => Offset::Beginning,
            StartOffset::Latest => Offset::End,
            StartOffset::Error => Offset::Invalid,
        };
        let mut fresh = 0;
        for element in committed.elements() {
            let offset = if matches!(element.offset(), Offset::Offset(_)) {
                element.offset()
            } else {
                fresh += 1;
                start
            };
            if let Err(error) =
                starts.set_partition_offset(element.topic(), element.partition(), offset)
            {
                tracing::warn!(partition = element.partition(), %error, "start offset not set");
            }
        }
        fresh
    }

    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let numbers = numbers(partitions);
        let lost = consumer.assignment_lost();
        let started = Instant::now();
        let finished = lost
            || self.closing.load(Ordering::Acquire)
            || self.ownership.wait_finished(&numbers, self.drain_budget);
        self.ownership.release(numbers.iter().copied());
        for &partition in &numbers {
            self.metrics.remove_partition(&self.topic, partition);
        }
        if !numbers.is_empty() {
            self.metrics.rebalance(if lost {
                RebalanceEvent::Lost
            } else {
                RebalanceEvent::Revoked
            });
        }
        let waited_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if lost {
            tracing::warn!(partitions = ?numbers, "partitions lost: unfinished work is dropped, nothing is committed");
        } else {
            tracing::info!(partitions = ?numbers, finished, waited_ms, "partitions revoked");
        }
        let result = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(partitions),
            _ => consumer.unassign(),
        };
        if let Err(error) = result {
            tracing::warn!(%error, "partitions could not be given back");
        }
    }
}

fn numbers(partitions: &TopicPartitionList) -> Vec<Partition> {
    partitions
        .elements()
        .iter()
        .map(|element| element.partition())
        .collect()
}

impl ConsumerContext for SourceContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.assigned(consumer, partitions)
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => {
                self.revoked(consumer, partitions)
            }
            other => {
                tracing::warn!(code = %RDKafkaErrorCode::from(other), "rebalance failed; all partitions are given back");
                self.revoked(consumer, partitions);
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        match result {
            Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
            Err(error) => {
                tracing::warn!(%error, "offset commit failed; messages may be read again")
            }
        }
    }

    fn main_queue_min_poll_interval(&self) -> rdkafka::util::Timeout {
        rdkafka::util::Timeout::After(Duration::from_millis(100))
    }
}

impl ClientContext for SourceContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn stats(&self, statistics: Statistics) {
        let up = statistics
            .brokers
            .values()
            .any(|broker| broker.nodeid >= 0 && broker.state == "UP");
        self.health.set_broker_up(up, (self.clock)());
        let Some(topic) = statistics.topics.get(&*self.topic) else {
            return;
        };
        // librdkafka has a partition -1 of its own.
        self.note_split(
            topic
                .partitions
                .keys()
                .filter(|number| **number >= 0)
                .count(),
        );
        let committed = self.committed_timestamp_ms.load(Ordering::Relaxed);
        let age = (committed >= 0).then(|| ((self.clock)() - committed).max(0) as f64 / 1000.0);
        let mut behind = false;
        for (partition, resume) in self.ownership.resume_points() {
            let Some(known) = topic.partitions.get(&partition) else {
                continue;
            };
            let end = if known.ls_offset >= 0 {
                known.ls_offset
            } else {
                known.hi_offset
            };
            // Once everything that was fetched is committed, what lies between the last message and the next fetch is no
            // message: markers of transactions, aborted records, records that compaction removed.
            let read_up = known.fetchq_cnt == 0 && self.ownership.is_caught_up(partition);
            let fetched = known.next_offset.max(known.lo_offset);
            let next = match resume {
                Some(own) if read_up => own.max(fetched),
                Some(own) => own,
                None => fetched,
            };
            if end < 0 || next < 0 {
                continue;
            }
            let lag = (end - next).max(0).unsigned_abs();
            behind |= lag > 0;
            let seconds = if lag == 0 { Some(0.0) } else { age };
            self.metrics.set_lag(&self.topic, partition, lag, seconds);
        }
        self.health.set_lag(behind, (self.clock)());
        self.metrics.set_inflight(self.ownership.in_flight());
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.health.set_broker_up(false, (self.clock)());
        }
        tracing::warn!(client = "consumer", %error, reason, "kafka client reports an error");
    }

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.tokens.token()
    }
}
