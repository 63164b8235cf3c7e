//! What happens to a batch that was not committed: the transaction is undone, the producer replaced where it must be,
//! refused records are remembered, and the messages are asked for again.

use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode;

use super::commit::{Committer, PATIENCE, RefusedRecord, Setback};
use super::publisher::Sending;
use crate::article::{RejectCode, Rejection};
use crate::kafka::error::{KafkaFailure, is_refusal};
use crate::metrics::{Produced, TransactionResult};

/// How long one attempt to reach the broker may take while a producer is replaced.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

impl Committer {
    /// Undoes the attempt and asks for the messages again.
    pub(super) fn give_up(
        &mut self,
        setback: Setback,
        started: Instant,
    ) -> Result<Duration, KafkaFailure> {
        self.failures = self.failures.saturating_add(1);
        let pause = match &setback {
            Setback::Stale => Duration::ZERO,
            // Something will be done about these at once.
            Setback::Refused(records) if records.iter().any(|(it, ..)| is_refusal(it.code)) => {
                self.failures = 0;
                Duration::ZERO
            }
            _ => self
                .retry_initial
                .saturating_mul(1 << self.failures.min(16).saturating_sub(1))
                .min(self.retry_max),
        };
        let reason = match &setback {
            Setback::Stale => "partitions were revoked meanwhile".to_owned(),
            Setback::Refused(records) => refusal_summary(records),
            Setback::Kafka(failure) => failure.to_string(),
        };
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(
            reason,
            attempt = self.failures,
            pause_ms,
            "batch not committed; it will be read again"
        );
        self.undo(&setback, started)?;
        if let Setback::Refused(records) = setback {
            self.learn(records)?;
        }
        self.shared.ownership.request_rewind();
        Ok(pause)
    }

    fn undo(&mut self, setback: &Setback, started: Instant) -> Result<(), KafkaFailure> {
        let producer = &self.publisher.producer;
        let outcome = match setback {
            Setback::Kafka(KafkaFailure::Fatal(reason)) => Err(KafkaFailure::Fatal(reason.clone())),
            Setback::Kafka(KafkaFailure::Denied(reason)) => {
                Err(KafkaFailure::Denied(reason.clone()))
            }
            _ if self.exactly_once => {
                let metrics = &self.shared.metrics;
                metrics.transaction(TransactionResult::Aborted, started.elapsed().as_secs_f64());
                producer.abort(Instant::now() + PATIENCE, || metrics.transaction_retry())
            }
            _ => producer
                .fatal_error()
                .map_or(Ok(()), |reason| Err(KafkaFailure::Fatal(reason))),
        };
        match outcome {
            Ok(()) => Ok(()),
            // The broker closes a transaction that is open for too long and gives its producer up. When we know that
            // ours was, nobody else is using our transactional id, and a new producer may take it over.
            Err(failure) if self.exactly_once && started.elapsed() >= self.transaction_timeout => {
                tracing::warn!(%failure, "the transaction ran into its time limit; making a new producer");
                self.reconnect(Sending::Batched)
            }
            // Fenced it would be by another instance; but here the broker merely has no such transaction, as when it
            // never heard of the one to abort.
            Err(failure) if self.exactly_once && self.publisher.producer.is_out_of_step() => {
                tracing::warn!(%failure, "the broker lost track of the transaction; making a new producer");
                self.reconnect(Sending::Batched)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Replaces the producer, however long the broker takes to answer.
    pub(super) fn reconnect(&mut self, sending: Sending) -> Result<(), KafkaFailure> {
        let mut pause = self.retry_initial;
        loop {
            match self.publisher.reconnect(RECONNECT_TIMEOUT, sending) {
                Err(KafkaFailure::Unavailable(reason)) if !self.shared.stopping() => {
                    tracing::warn!(reason, "no new producer yet; trying again");
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(self.retry_max);
                }
                Err(failure) => return Err(failure),
                Ok(()) => {
                    self.shared.set_output_room(self.publisher.rooms.output);
                    return Ok(());
                }
            }
        }
    }

    /// Learns from refused records. When the broker's limits have changed, new limits are all that is needed. Otherwise
    /// most of the records may only have been in one batch with the culprit, which librdkafka does not tell reliably: they
    /// are sent again one by one. A record that is refused alone makes its article a dead letter when it is read again. A
    /// dead letter that is refused stops the stage: there is nowhere else to put it.
    fn learn(&mut self, records: Vec<RefusedRecord>) -> Result<(), KafkaFailure> {
        let too_large = records
            .iter()
            .any(|(undelivered, ..)| undelivered.code == RDKafkaErrorCode::MessageSizeTooLarge);
        if too_large
            && self
                .publisher
                .limits_changed(RECONNECT_TIMEOUT)
                .unwrap_or(false)
        {
            tracing::warn!("the topics take smaller records than before; making a new producer");
            return self.reconnect(Sending::Batched);
        }
        let refused: Vec<RefusedRecord> = records
            .into_iter()
            .filter(|(undelivered, ..)| is_refusal(undelivered.code))
            .collect();
        for (undelivered, _, kind) in &refused {
            if *kind == Produced::DeadLetter {
                let reason = format!(
                    "the dead-letter topic refuses a record: {}",
                    undelivered.reason
                );
                return Err(KafkaFailure::Fatal(reason));
            }
        }
        if !refused.is_empty() && self.publisher.sending == Sending::Batched {
            tracing::warn!(
                "the broker refuses a batch for the sake of some record; sending one by one to find that one"
            );
            return self.reconnect(Sending::OneByOne);
        }
        for (undelivered, position, _) in refused {
            let detail = format!(
                "the output topic refuses the record: {}",
                undelivered.reason
            );
            self.refused
                .insert(position, Rejection::new(RejectCode::OutputRefused, detail));
        }
        Ok(())
    }
}

fn refusal_summary(records: &[RefusedRecord]) -> String {
    let first = records
        .iter()
        .find(|(undelivered, ..)| is_refusal(undelivered.code))
        .or_else(|| records.first());
    first.map_or_else(String::new, |(undelivered, (partition, offset), kind)| {
        let count = records.len();
        let kind = kind.as_str();
        format!(
            "{count} records not delivered; first: {kind} of {partition}/{offset}: {}",
            undelivered.reason
        )
    })
}
