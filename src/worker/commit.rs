//! The committing thread: one batch, one transaction.
//!
//! Under `exactly_once` the records of a batch, its dead letters and its offsets become visible together or not at all.
//! Under `at_least_once` every delivery report is awaited before the offsets are stored. Either way a batch that did not
//! go through is read again from the committed offsets; nothing is skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Shared;
use super::batch::Analysed;
use super::breaker::Breaker;
use super::publisher::{Publisher, Sending};
use super::slot::{Slot, Taken};
use super::tally::Tally;
use crate::article::{Message, Rejection};
use crate::config::{Config, Delivery};
use crate::kafka::error::{KafkaFailure, is_denial, is_refusal};
use crate::kafka::ownership::{Epoch, Holdings, Partition};
use crate::kafka::producer::{Producer, Undelivered};
use crate::kafka::sink::Addressed;
use crate::kafka::source::Source;
use crate::live::Live;
use crate::metrics::{Produced, Step, TransactionResult};
use crate::pipeline::Outcome;

/// A transaction that librdkafka says can still be committed or aborted is not given up: this is for ever.
pub(super) const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Takes analysed batches and commits them in order.
pub struct Committer {
    pub(super) publisher: Publisher,
    pub(super) source: Arc<Source>,
    pub(super) shared: Arc<Shared>,
    pub(super) breaker: Breaker,
    /// Records that the broker refused for good: their messages become dead letters when they are read again.
    pub(super) refused: BTreeMap<(Partition, i64), Rejection>,
    pub(super) exactly_once: bool,
    pub(super) transaction_timeout: Duration,
    pub(super) retry_initial: Duration,
    pub(super) retry_max: Duration,
    pub(super) failures: u32,
    /// Where viewers see what was committed.
    pub(super) live: Live,
}

/// A record of the batch, and the message it comes from.
type Planned = (Message, Addressed);

/// A record that did not go through, the position of its message, and what it was.
pub(super) type RefusedRecord = (Undelivered, (Partition, i64), Produced);

/// Why a batch was not committed.
pub(super) enum Setback {
    /// Partitions were revoked while it was being sent.
    Stale,
    /// The broker refused records.
    Refused(Vec<RefusedRecord>),
    /// Kafka said no.
    Kafka(KafkaFailure),
}

impl From<KafkaFailure> for Setback {
    fn from(failure: KafkaFailure) -> Self {
        Self::Kafka(failure)
    }
}

impl Committer {
    /// A committer around a publisher that is ready.
    pub fn new(
        config: &Config,
        publisher: Publisher,
        source: Arc<Source>,
        shared: Arc<Shared>,
        breaker: Breaker,
        live: Live,
    ) -> Self {
        Self {
            publisher,
            source,
            shared,
            breaker,
            refused: BTreeMap::new(),
            exactly_once: config.delivery == Delivery::ExactlyOnce,
            transaction_timeout: config.kafka.transaction_timeout.duration(),
            retry_initial: config.retry.initial.duration(),
            retry_max: config.retry.max.duration(),
            failures: 0,
            live,
        }
    }

    /// Commits batches until the slot is closed.
    ///
    /// # Errors
    /// Trouble that this process cannot mend.
    pub fn run(mut self, slot: &Slot<Analysed>) -> Result<(), KafkaFailure> {
        let mut waiting: Option<Analysed> = None;
        while let Some(analysed) = waiting.take().or_else(|| slot.take()) {
            let pause = self.handle(analysed)?;
            waiting = self.back_off(slot, pause);
        }
        Ok(())
    }

    /// Waits before the next attempt. Batches from before the rewind are let go meanwhile, so that a revocation does not
    /// wait for them; one that counts is handed back when the time is over.
    fn back_off(&self, slot: &Slot<Analysed>, pause: Duration) -> Option<Analysed> {
        let deadline = Instant::now() + pause;
        let mut waiting = None;
        while waiting.is_none() && Instant::now() < deadline {
            match slot.take_timeout(deadline.saturating_duration_since(Instant::now())) {
                Taken::Item(analysed) => waiting = self.current(analysed),
                Taken::Empty | Taken::Closed => return None,
            }
        }
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        waiting
    }

    /// What still counts of a batch; `None`, and the batch is finished, when that is nothing.
    fn current(&self, mut analysed: Analysed) -> Option<Analysed> {
        let ownership = &self.shared.ownership;
        let dropped =
            analysed.retain_current(|partition, epoch| ownership.is_current(partition, epoch));
        self.shared.metrics.stale_dropped(dropped as u64);
        if analysed.batch.is_empty() || self.shared.breaker_open() {
            self.finish(&analysed.holdings);
            return None;
        }
        Some(analysed)
    }

    /// Commits one batch, or gives it up to be read again. Returns how long to wait before the next attempt.
    fn handle(&mut self, analysed: Analysed) -> Result<Duration, KafkaFailure> {
        let Some(mut analysed) = self.current(analysed) else {
            return Ok(Duration::ZERO);
        };
        let holdings = std::mem::take(&mut analysed.holdings);
        self.apply_refusals(&mut analysed);
        let tally = Tally::of(&analysed);
        let result = if let Some(reason) = self.breaker.verdict(&tally.dead) {
            self.shared.open_breaker(&reason);
            Ok(Duration::ZERO)
        } else {
            self.commit(analysed, &tally)
        };
        self.finish(&holdings);
        result
    }

    /// A batch is committed or given up: it is no longer in flight.
    fn finish(&self, holdings: &Holdings) {
        let ownership = &self.shared.ownership;
        ownership.finish(holdings);
        self.shared.metrics.set_inflight(ownership.in_flight());
    }

    fn apply_refusals(&self, analysed: &mut Analysed) {
        if self.refused.is_empty() {
            return;
        }
        for (message, outcome) in analysed.batch.messages.iter().zip(&mut analysed.outcomes) {
            if let Some(rejection) = self
                .refused
                .get(&(message.position.partition, message.position.offset))
            {
                *outcome = Outcome::Rejected(rejection.clone());
            }
        }
    }

    fn commit(&mut self, mut analysed: Analysed, tally: &Tally) -> Result<Duration, KafkaFailure> {
        let started = Instant::now();
        let cards = analysed.take_cards();
        let next = analysed.next_offsets();
        let messages = analysed.batch.messages.len();
        let spans = self.shared.spans.of(&analysed);
        let attempted = self.attempt(analysed, &next, started);
        self.shared.spans.finish(spans, attempted.is_ok());
        match attempted {
            Ok(produced) => {
                self.succeeded(&next, &produced, tally, started);
                self.live.show(cards, (self.shared.clock)());
                if self.publisher.sending == Sending::OneByOne {
                    self.reconnect(Sending::Batched)?;
                }
                tracing::debug!(
                    messages,
                    ms = started.elapsed().as_millis() as u64,
                    "batch committed"
                );
                Ok(Duration::ZERO)
            }
            Err(setback) => self.give_up(setback, started),
        }
    }

    fn attempt(
        &mut self,
        analysed: Analysed,
        next: &BTreeMap<(Partition, Epoch), i64>,
        started: Instant,
    ) -> Result<Vec<Produced>, Setback> {
        // As `message.timeout.ms`: early enough to abort before the broker gives the transaction up.
        let deadline = started + self.transaction_timeout * 2 / 3;
        if self.exactly_once {
            self.publisher.producer.begin()?;
        }
        let produced = self.publish(analysed, deadline)?;
        let ownership = &self.shared.ownership;
        if self.exactly_once
            && next
                .keys()
                .any(|&(partition, epoch)| !ownership.is_current(partition, epoch))
        {
            return Err(Setback::Stale);
        }
        let committing = Instant::now();
        if self.exactly_once {
            self.commit_transaction(next, deadline)?;
        } else {
            self.source.store(next);
        }
        self.shared
            .metrics
            .step(Step::Commit, committing.elapsed().as_secs_f64());
        Ok(produced)
    }

    /// Sends every record in order and waits for every report.
    fn publish(&mut self, analysed: Analysed, deadline: Instant) -> Result<Vec<Produced>, Setback> {
        let started = Instant::now();
        let sink = &self.publisher.sink;
        let plan: Vec<Planned> = analysed
            .batch
            .messages
            .into_iter()
            .zip(analysed.outcomes)
            .filter_map(|(message, outcome)| {
                sink.record(&message, outcome)
                    .map(|addressed| (message, addressed))
            })
            .collect();
        let failed = send_all(&mut self.publisher.producer, &plan, deadline)?;
        let metrics = &self.shared.metrics;
        metrics.set_producer_queue(self.publisher.producer.queue_len() as u64);
        metrics.step(Step::Publish, started.elapsed().as_secs_f64());
        if failed.is_empty() {
            return Ok(plan
                .into_iter()
                .map(|(_, addressed)| addressed.kind)
                .collect());
        }
        if let Some(failure) = self.cause(&failed, &plan) {
            return Err(failure.into());
        }
        let located = failed.into_iter().filter_map(|undelivered| {
            let (message, addressed) = plan.get(undelivered.index)?;
            Some((
                undelivered,
                (message.position.partition, message.position.offset),
                addressed.kind,
            ))
        });
        Err(Setback::Refused(located.collect()))
    }

    /// What kept records from being delivered, where it was not a record itself.
    fn cause(&self, failed: &[Undelivered], plan: &[Planned]) -> Option<KafkaFailure> {
        if failed.iter().any(|it| is_refusal(it.code)) {
            return None;
        }
        let denied = failed.iter().find(|it| is_denial(it.code));
        let failure = match denied {
            Some(undelivered) => KafkaFailure::Denied(undelivered.reason.clone()),
            None if self.exactly_once => self.publisher.producer.trouble()?,
            None => return None,
        };
        let KafkaFailure::Denied(reason) = failure else {
            return Some(failure);
        };
        let topics: BTreeSet<&str> = plan.iter().map(|(_, it)| &*it.record.topic).collect();
        let topics = topics.into_iter().collect::<Vec<_>>().join(" and ");
        Some(KafkaFailure::Denied(format!(
            "{reason}; this user needs the right Write on {topics}"
        )))
    }

    fn commit_transaction(
        &self,
        next: &BTreeMap<(Partition, Epoch), i64>,
        deadline: Instant,
    ) -> Result<(), KafkaFailure> {
        let offsets = self.source.offset_list(next)?;
        let group = self.source.group_metadata().ok_or_else(|| {
            KafkaFailure::Abort("the consumer is not a member of its group".to_owned())
        })?;
        let retried = || self.shared.metrics.transaction_retry();
        let producer = &self.publisher.producer;
        producer.send_offsets(&offsets, &group, deadline, retried)?;
        // Whether a commit that timed out took effect is not known: only asking again can tell.
        producer.commit(Instant::now() + PATIENCE, retried)
    }

    fn succeeded(
        &mut self,
        next: &BTreeMap<(Partition, Epoch), i64>,
        produced: &[Produced],
        tally: &Tally,
        started: Instant,
    ) {
        let (metrics, now_ms) = (&self.shared.metrics, (self.shared.clock)());
        self.failures = 0;
        self.shared.ownership.committed(next);
        self.refused.retain(|&(partition, offset), _| {
            next.iter()
                .all(|(&(done, _), &next)| done != partition || offset >= next)
        });
        if self.exactly_once {
            metrics.transaction(
                TransactionResult::Committed,
                started.elapsed().as_secs_f64(),
            );
        }
        for kind in Produced::ALL {
            metrics.produced(
                *kind,
                produced.iter().filter(|done| *done == kind).count() as u64,
            );
        }
        tally.report(metrics, now_ms);
        if let Some(timestamp) = tally.newest_timestamp() {
            self.source.note_committed_timestamp(timestamp);
        }
        self.breaker.record(&tally.dead);
        metrics.progress(now_ms);
        self.shared.health.progress(now_ms);
    }
}

/// Queues all records and waits for all reports. Returns the records that did not go through.
fn send_all(
    producer: &mut Producer,
    plan: &[Planned],
    deadline: Instant,
) -> Result<Vec<Undelivered>, Setback> {
    producer.reset();
    let mut failed = Vec::new();
    for (_, addressed) in plan {
        if let Err(undelivered) = producer.send(&addressed.record, deadline) {
            failed.push(undelivered);
            break;
        }
    }
    match producer.wait_delivered(deadline) {
        Ok(reports) => failed.extend(reports),
        Err(missing) => {
            return Err(KafkaFailure::Abort(format!(
                "{missing} records were not acknowledged in time"
            ))
            .into());
        }
    }
    Ok(failed)
}
