//! From outcomes to records: where they go, what they carry, and whether they fit.

use std::sync::Arc;

use super::dead_letter::{add_failure, record_bytes};
use super::producer::Record;
use super::trace;
use crate::article::{Header, Message, Rejection};
use crate::config::{Config, Duplicates, Partitioning, Tombstones};
use crate::dedup::DedupStatus;
use crate::metrics::Produced;
use crate::pipeline::{Enriched, Outcome};

/// What a record is, for metrics and for the breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// The record.
    pub record: Record,
    /// What it is.
    pub kind: Produced,
}

/// The rules of routing, made once.
#[derive(Debug, Clone)]
pub struct Sink {
    output: Arc<str>,
    dead_letter: Arc<str>,
    duplicates_topic: Option<Arc<str>>,
    drop_duplicates: bool,
    keep_partition: bool,
    routing_headers: bool,
    pass_tombstones: bool,
    connector: String,
    /// Largest record the dead-letter topic takes, in bytes.
    pub dead_letter_room: usize,
}

impl Sink {
    /// The rules the configuration states.
    pub fn new(config: &Config) -> Self {
        let duplicates_topic = (config.output.duplicates == Duplicates::Route)
            .then(|| config.output.duplicates_topic.as_deref().map(Arc::from))
            .flatten();
        Self {
            output: config.output.topic.as_str().into(),
            dead_letter: config.dead_letter.topic.as_str().into(),
            duplicates_topic,
            drop_duplicates: config.output.duplicates == Duplicates::Drop,
            keep_partition: config.output.partition == Partitioning::Input,
            routing_headers: config.output.headers,
            pass_tombstones: config.input.tombstones == Tombstones::Pass,
            connector: config.kafka.group.clone(),
            dead_letter_room: usize::MAX,
        }
    }

    /// The record of an outcome; `None` where the settings say that nothing is published.
    pub fn record(&self, message: &Message, outcome: Outcome) -> Option<Addressed> {
        match outcome {
            Outcome::Enriched(enriched) => self.enriched(message, enriched),
            Outcome::Rejected(rejection) => Some(self.dead_letter(message, &rejection)),
            Outcome::Tombstone if self.pass_tombstones => {
                let record = self.passed_on(message, &self.output, None, passed_headers(message));
                Some(Addressed {
                    record,
                    kind: Produced::Tombstone,
                })
            }
            Outcome::Tombstone => None,
        }
    }

    fn enriched(&self, message: &Message, enriched: Enriched) -> Option<Addressed> {
        let duplicate = enriched.dedup.is_some_and(DedupStatus::is_duplicate);
        if duplicate && self.drop_duplicates {
            return None;
        }
        let topic = match &self.duplicates_topic {
            Some(topic) if duplicate => topic,
            _ => &self.output,
        };
        let mut headers = passed_headers(message);
        if self.routing_headers {
            headers.extend(routing_headers(&enriched));
        }
        let record = self.passed_on(message, topic, Some(enriched.value), headers);
        Some(Addressed {
            record,
            kind: Produced::Output,
        })
    }

    fn passed_on(
        &self,
        message: &Message,
        topic: &Arc<str>,
        value: Option<Vec<u8>>,
        headers: Vec<Header>,
    ) -> Record {
        Record {
            topic: topic.clone(),
            partition: self.keep_partition.then_some(message.position.partition),
            key: message.key.clone(),
            value,
            headers,
            timestamp_ms: message.timestamp_ms,
        }
    }

    /// The original message with the headers of the failure.
    fn dead_letter(&self, message: &Message, rejection: &Rejection) -> Addressed {
        let described = |omitted: bool| {
            let mut headers = passed_headers(message);
            let (position, connector) = (&message.position, &self.connector);
            add_failure(&mut headers, position, rejection, connector, omitted);
            headers
        };
        let mut headers = described(false);
        let mut value = message.payload.clone();
        let bytes = record_bytes(message.key.as_deref(), value.as_deref(), &headers);
        if bytes > self.dead_letter_room {
            headers = described(true);
            value = Some(reference(message).into_bytes());
        }
        let record = Record {
            topic: self.dead_letter.clone(),
            partition: None,
            key: message.key.clone(),
            value,
            headers,
            timestamp_ms: message.timestamp_ms,
        };
        Addressed {
            record,
            kind: Produced::DeadLetter,
        }
    }
}

/// Where the original can be found, for a value that no dead-letter record can hold.
fn reference(message: &Message) -> String {
    serde_json::json!({
        "topic": &*message.position.topic,
        "partition": message.position.partition,
        "offset": message.position.offset,
        "bytes": message.payload.as_ref().map_or(0, Vec::len),
    })
    .to_string()
}

/// All headers as they came, in order, except that the trace goes on with a span of our own.
fn passed_headers(message: &Message) -> Vec<Header> {
    trace::passed_on(&message.headers, &message.position)
}

fn routing_headers(enriched: &Enriched) -> impl Iterator<Item = Header> {
    let dedup = enriched
        .dedup
        .map(|status| ("newsstage-dedup", status.as_str().to_owned()));
    let language = enriched
        .language
        .clone()
        .map(|code| ("newsstage-language", code));
    let topics =
        (!enriched.topics.is_empty()).then(|| ("newsstage-topics", enriched.topics.join(",")));
    [dedup, language, topics]
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_owned(), Some(value.into_bytes())))
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
