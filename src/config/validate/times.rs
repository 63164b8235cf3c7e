//! Checks of times against each other: sessions, transactions, batches.

use super::{Findings, SESSION_MIN, TRANSACTION_MAX};
use crate::config::kafka::{Role, kafka_properties};
use crate::config::kafka_model::RebalanceProtocol;
use crate::config::model::Config;
use crate::config::units::TimeSpan;

impl Config {
    /// Times are compared as librdkafka will have them, with properties that were handed through.
    pub(super) fn check_times(&self, found: &mut Findings) {
        let (consumer, producer) = (
            kafka_properties(self, Role::Consumer),
            kafka_properties(self, Role::Producer),
        );
        let millis = |text: Option<&str>| {
            text.and_then(|text| text.parse().ok())
                .map(TimeSpan::from_millis)
        };
        let poll =
            millis(consumer.get("max.poll.interval.ms")).unwrap_or(self.kafka.max_poll_interval);
        if let Some(session) = millis(consumer.get("session.timeout.ms")) {
            if session >= poll {
                let message =
                    format!("{session} must be shorter than kafka.max_poll_interval ({poll})");
                found.error("kafka.session_timeout", message);
            }
            if session < SESSION_MIN {
                let message = format!(
                    "{session} is below the least that brokers take by default ({SESSION_MIN})"
                );
                found.warning("kafka.session_timeout", message);
            }
        }
        if self.kafka.rebalance == RebalanceProtocol::Consumer
            && self.kafka.session_timeout != TimeSpan::from_secs(45)
        {
            found.warning(
                "kafka.session_timeout",
                "not used: with kafka.rebalance = \"consumer\" the broker decides it",
            );
        }
        if let Some(transaction) = millis(producer.get("transaction.timeout.ms")) {
            let lifetime = producer
                .get("message.timeout.ms")
                .or(producer.get("delivery.timeout.ms"));
            self.check_transaction(transaction, millis(lifetime), found);
        }
        if self.liveness.stalled_after <= self.kafka.transaction_timeout {
            let message = format!(
                "{} is not longer than kafka.transaction_timeout ({}): one slow commit would fail /livez",
                self.liveness.stalled_after, self.kafka.transaction_timeout
            );
            found.warning("liveness.stalled_after", message);
        }
    }

    fn check_transaction(
        &self,
        transaction: TimeSpan,
        message: Option<TimeSpan>,
        found: &mut Findings,
    ) {
        // Waiting, analysis, sending and committing all have to fit.
        let linger = self.batch.linger;
        if linger.millis().saturating_mul(4) > transaction.millis() {
            let message = format!(
                "{linger} is over a quarter of kafka.transaction_timeout ({transaction}), which must also hold the work and the commit"
            );
            found.error("batch.linger", message);
        }
        if transaction > TRANSACTION_MAX {
            let message = format!(
                "{transaction} is above the most that brokers take by default ({TRANSACTION_MAX}): raise transaction.max.timeout.ms there"
            );
            found.warning("kafka.transaction_timeout", message);
        }
        // Zero is librdkafka's word for "no limit".
        let outlives = |message: TimeSpan| message.millis() == 0 || message > transaction;
        if message.is_some_and(outlives) {
            let message = format!(
                "message.timeout.ms must not be longer than kafka.transaction_timeout ({transaction})"
            );
            found.error("kafka.producer_properties", message);
        }
    }
}
