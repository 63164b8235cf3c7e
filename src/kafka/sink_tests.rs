//! Where outcomes go, and what their records carry.

use super::*;
use crate::article::{Position, RejectCode};
use crate::kafka::dead_letter::VALUE_OMITTED_HEADER;

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
        card: None,
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
