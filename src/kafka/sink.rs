//! From outcomes to records: where they go, what they carry, and whether they fit.

use std::sync::Arc;

use super::producer::Record;
use super::trace;
use crate::article::{Header, Message, Rejection};
use crate::config::{Config, Duplicates, Partitioning, Tombstones};
use crate::dedup::DedupStatus;
use crate::metrics::Produced;
use crate::pipeline::{Enriched, Outcome};

/// Stable code of the refusal, beside Kafka Connect's headers.
pub const ERROR_CODE_HEADER: &str = "newsstage.error.code";
/// Set to `true` when the original value did not fit the dead-letter topic and only a reference was written.
pub const VALUE_OMITTED_HEADER: &str = "newsstage.error.value_omitted";

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
        // A later version is news, and so is a story that quotes another; only copies are duplicates.
        let duplicate = matches!(enriched.dedup, Some(DedupStatus::Exact | DedupStatus::Near));
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

    /// The original message with Kafka Connect's error headers. Headers that are there already, from an earlier failure,
    /// are kept and not written again, so that the first origin stays known across replays.
    fn dead_letter(&self, message: &Message, rejection: &Rejection) -> Addressed {
        let mut headers = message.headers.clone();
        let mut add = |name: &str, value: String| {
            if !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.to_owned(), Some(value.into_bytes())));
            }
        };
        add("__connect.errors.topic", message.position.topic.to_string());
        add(
            "__connect.errors.partition",
            message.position.partition.to_string(),
        );
        add(
            "__connect.errors.offset",
            message.position.offset.to_string(),
        );
        add("__connect.errors.connector.name", self.connector.clone());
        add("__connect.errors.stage", "VALUE_CONVERTER".to_owned());
        add("__connect.errors.class.name", "newsstage".to_owned());
        add(
            "__connect.errors.exception.class.name",
            format!("newsstage.{}", rejection.code),
        );
        add(
            "__connect.errors.exception.message",
            rejection.detail.clone(),
        );
        // Our own code tells of this failure, not of an earlier one.
        headers.retain(|(name, _)| name != ERROR_CODE_HEADER && name != VALUE_OMITTED_HEADER);
        headers.push((
            ERROR_CODE_HEADER.to_owned(),
            Some(rejection.code.as_str().as_bytes().to_vec()),
        ));
        let mut value = message.payload.clone();
        let bytes = value.as_ref().map_or(0, Vec::len) + sizes(&message.key, &headers);
        if bytes > self.dead_letter_room {
            headers.push((VALUE_OMITTED_HEADER.to_owned(), Some(b"true".to_vec())));
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

fn sizes(key: &Option<Vec<u8>>, headers: &[Header]) -> usize {
    let headers: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len) + 10)
        .sum();
    key.as_ref().map_or(0, Vec::len) + headers + 256
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

/// All headers as they came, in order, except that a valid trace context goes on with a span of our own.
fn passed_headers(message: &Message) -> Vec<Header> {
    message
        .headers
        .iter()
        .map(|(name, value)| {
            let continued = value
                .as_deref()
                .filter(|_| trace::is_traceparent(name))
                .and_then(|value| trace::continued(value, &message.position));
            (name.clone(), continued.or_else(|| value.clone()))
        })
        .collect()
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
mod tests {
    use super::*;
    use crate::article::{Position, RejectCode};

    fn message(payload: Option<&[u8]>, headers: &[(&str, Option<&str>)]) -> Message {
        Message {
            position: Position {
                topic: "raw".into(),
                partition: 2,
                offset: 9,
            },
            key: Some(b"k".to_vec()),
            payload: payload.map(<[u8]>::to_vec),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), v.map(|v| v.as_bytes().to_vec())))
                .collect(),
            timestamp_ms: Some(1_700_000_000_123),
        }
    }

    fn sink(change: impl FnOnce(&mut Config)) -> Sink {
        let mut config = Config::default();
        config.input.topic = "raw".to_owned();
        config.output.topic = "enriched".to_owned();
        config.dead_letter.topic = "dead".to_owned();
        change(&mut config);
        Sink::new(&config)
    }

    fn enriched(dedup: DedupStatus) -> Outcome {
        Outcome::Enriched(Enriched {
            value: b"{}".to_vec(),
            dedup: Some(dedup),
            language: Some("ar".to_owned()),
            topics: vec!["medtop:11000000".to_owned(), "medtop:16000000".to_owned()],
        })
    }

    fn header<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
        let (_, value) = record.headers.iter().find(|(known, _)| known == name)?;
        value
            .as_deref()
            .map(|value| std::str::from_utf8(value).unwrap())
    }

    #[test]
    fn key_headers_and_timestamp_pass_through_in_order_with_duplicates_and_nulls() {
        let given = [("a", Some("1")), ("b", None), ("a", Some("2"))];
        let message = message(Some(b"{}"), &given);
        let record = sink(|_| ())
            .record(&message, enriched(DedupStatus::Unique))
            .unwrap()
            .record;
        assert_eq!(&*record.topic, "enriched");
        assert_eq!(record.key, message.key);
        assert_eq!(record.headers, message.headers);
        assert_eq!(record.timestamp_ms, message.timestamp_ms);
        assert_eq!(record.partition, None);
    }

    #[test]
    fn duplicates_are_annotated_routed_or_dropped_but_updates_never() {
        let message = message(Some(b"{}"), &[]);
        let topic = |sink: &Sink, status| {
            sink.record(&message, enriched(status))
                .map(|a| a.record.topic.to_string())
        };
        let annotate = sink(|_| ());
        assert_eq!(
            topic(&annotate, DedupStatus::Exact).as_deref(),
            Some("enriched")
        );
        let route = sink(|config| {
            config.output.duplicates = Duplicates::Route;
            config.output.duplicates_topic = Some("copies".to_owned());
        });
        assert_eq!(topic(&route, DedupStatus::Exact).as_deref(), Some("copies"));
        assert_eq!(
            topic(&route, DedupStatus::Update).as_deref(),
            Some("enriched")
        );
        let drop = sink(|config| config.output.duplicates = Duplicates::Drop);
        assert_eq!(topic(&drop, DedupStatus::Exact), None);
        assert_eq!(
            topic(&drop, DedupStatus::Partial).as_deref(),
            Some("enriched")
        );
    }

    #[test]
    fn a_tombstone_stays_a_tombstone_or_is_dropped_by_setting() {
        let message = message(None, &[("h", Some("v"))]);
        let passed = sink(|_| ()).record(&message, Outcome::Tombstone).unwrap();
        assert_eq!(passed.kind, Produced::Tombstone);
        assert_eq!(passed.record.value, None);
        assert_eq!(passed.record.headers, message.headers);
        let dropping = sink(|config| config.input.tombstones = Tombstones::Drop);
        assert_eq!(dropping.record(&message, Outcome::Tombstone), None);
    }

    #[test]
    fn a_dead_letter_keeps_the_original_and_names_its_origin_once() {
        let given = [
            ("h", None),
            ("__connect.errors.topic", Some("first")),
            ("newsstage.error.code", Some("old")),
        ];
        let message = message(Some(b"\xff{"), &given);
        let rejection = Rejection::new(RejectCode::InvalidUtf8, "byte 0");
        let dead = sink(|_| ())
            .record(&message, Outcome::Rejected(rejection))
            .unwrap();
        assert_eq!(dead.kind, Produced::DeadLetter);
        assert_eq!(&*dead.record.topic, "dead");
        assert_eq!(dead.record.value.as_deref(), Some(b"\xff{".as_slice()));
        assert_eq!(dead.record.headers[0], ("h".to_owned(), None));
        assert_eq!(
            header(&dead.record, "__connect.errors.topic"),
            Some("first")
        );
        assert_eq!(
            header(&dead.record, "__connect.errors.partition"),
            Some("2")
        );
        assert_eq!(header(&dead.record, "__connect.errors.offset"), Some("9"));
        assert_eq!(
            header(&dead.record, "newsstage.error.code"),
            Some("invalid_utf8")
        );
        assert_eq!(
            header(&dead.record, "__connect.errors.exception.message"),
            Some("byte 0")
        );
        assert_eq!(dead.record.timestamp_ms, message.timestamp_ms);
    }

    #[test]
    fn a_dead_letter_that_does_not_fit_is_a_reference() {
        let message = message(Some(&[b'x'; 5000]), &[]);
        let mut sink = sink(|_| ());
        sink.dead_letter_room = 2000;
        let rejection = Rejection::new(RejectCode::TooLarge, "5000 bytes");
        let dead = sink
            .record(&message, Outcome::Rejected(rejection))
            .unwrap()
            .record;
        assert_eq!(header(&dead, VALUE_OMITTED_HEADER), Some("true"));
        let value: serde_json::Value = serde_json::from_slice(&dead.value.unwrap()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"topic": "raw", "partition": 2, "offset": 9, "bytes": 5000})
        );
    }

    #[test]
    fn routing_headers_come_last_and_only_by_setting() {
        let message = message(Some(b"{}"), &[("a", None)]);
        let record = sink(|config| config.output.headers = true)
            .record(&message, enriched(DedupStatus::Near))
            .unwrap()
            .record;
        assert_eq!(record.headers[0].0, "a");
        assert_eq!(header(&record, "newsstage-dedup"), Some("near"));
        assert_eq!(header(&record, "newsstage-language"), Some("ar"));
        assert_eq!(
            header(&record, "newsstage-topics"),
            Some("medtop:11000000,medtop:16000000")
        );
    }

    #[test]
    fn the_input_partition_is_kept_by_setting() {
        let message = message(Some(b"{}"), &[]);
        let sink = sink(|config| config.output.partition = Partitioning::Input);
        let record = sink
            .record(&message, enriched(DedupStatus::Unique))
            .unwrap()
            .record;
        assert_eq!(record.partition, Some(2));
    }
}
