//! What a dead letter says, and that it becomes the message it was.

use proptest::prelude::*;

use super::*;
use crate::article::RejectCode;

fn position(offset: i64) -> Position {
    Position {
        topic: "raw".into(),
        partition: 2,
        offset,
    }
}

fn headers(given: &[(&str, Option<&str>)]) -> Vec<Header> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.map(|v| v.as_bytes().to_vec())))
        .collect()
}

/// The dead letter of a message with these headers.
fn died(original: &[Header], omitted: bool) -> DeadLetter {
    let mut headers = original.to_vec();
    let rejection = Rejection::new(RejectCode::NotJson, "expected a value at byte 0");
    add_failure(&mut headers, &position(9), &rejection, "group", omitted);
    let record = Message {
        position: Position {
            topic: "dead".into(),
            partition: 0,
            offset: 4,
        },
        key: Some(b"k".to_vec()),
        payload: Some(b"\xff{".to_vec()),
        headers,
        timestamp_ms: Some(1_700_000_000_123),
    };
    DeadLetter { record }
}

#[test]
fn it_says_why_and_where_from() {
    let dead = died(&headers(&[("a", None)]), false);
    assert_eq!(dead.reason(), "not_json");
    assert_eq!(dead.detail(), "expected a value at byte 0");
    assert_eq!(dead.origin(), Some(position(9)));
    assert_eq!(dead.replays(), 0);
    assert!(!dead.value_omitted());
    assert_eq!(dead.unfit("raw", 2), None);
    assert_eq!(dead.unfit("elsewhere", 2), Some(Unfit::OtherTopic));
    assert_eq!(died(&[], true).unfit("raw", 2), Some(Unfit::ValueOmitted));
}

#[test]
fn the_message_goes_back_as_it_was() {
    let given = headers(&[("a", Some("1")), ("b", None), ("a", Some("2"))]);
    let back = died(&given, false).replayed("raw", 3);
    assert_eq!(&*back.topic, "raw");
    assert_eq!(back.partition, Some(2));
    assert_eq!(back.key.as_deref(), Some(b"k".as_slice()));
    assert_eq!(back.value.as_deref(), Some(b"\xff{".as_slice()));
    assert_eq!(back.timestamp_ms, Some(1_700_000_000_123));
    assert_eq!(back.headers[..3], given);
    let counted = headers(&[
        (REPLAY_COUNT_HEADER, Some("1")),
        (REPLAY_ORIGIN_HEADER, Some("raw/2/9")),
    ]);
    assert_eq!(back.headers[3..], counted);
    assert_eq!(died(&given, false).replayed("raw", 2).partition, None);
}

#[test]
fn headers_of_an_earlier_failure_elsewhere_came_with_the_message() {
    // All that another program may have written, so that nothing but our own is added; and a part of it.
    for count in [3, 8] {
        let names = [
            "topic",
            "partition",
            "offset",
            "connector.name",
            "stage",
            "class.name",
            "exception.class.name",
            "exception.message",
        ];
        let given: Vec<Header> = names[..count]
            .iter()
            .map(|name| (format!("__connect.errors.{name}"), Some(b"theirs".to_vec())))
            .collect();
        let dead = died(&given, false);
        assert_eq!(dead.original_headers(), given);
        assert_eq!(dead.origin(), Some(position(9)), "ours is believed");
        assert_eq!(dead.replayed("raw", 3).headers[..count], given);
    }
}

#[test]
fn replays_are_counted_up_and_the_first_origin_stays() {
    let mut dead = died(&headers(&[("a", None)]), false);
    for round in 1..=3u32 {
        let back = dead.replayed("raw", 3);
        assert_eq!(back.headers.len(), 3);
        dead = died(&back.headers, false);
        assert_eq!(dead.replays(), round);
        let last = back.headers.last().unwrap();
        assert_eq!(last.1.as_deref(), Some(b"raw/2/9".as_slice()));
    }
    assert_eq!(dead.unfit("raw", 3), Some(Unfit::TooManyReplays));
    assert_eq!(dead.unfit("raw", 4), None);
}

#[test]
fn a_dead_letter_from_before_the_number_of_headers_is_taken_apart_by_names() {
    let mut dead = died(&headers(&[("a", Some("1"))]), false);
    dead.record
        .headers
        .retain(|(name, _)| name != ADDED_HEADER && name != ORIGIN_HEADER);
    assert_eq!(dead.original_headers(), headers(&[("a", Some("1"))]));
    assert_eq!(dead.origin(), Some(position(9)));
}

#[test]
fn what_is_no_dead_letter_of_ours_is_left_alone() {
    let mut dead = died(&[], false);
    dead.record.headers = headers(&[("a", Some("1")), (ADDED_HEADER, Some("2"))]);
    assert_eq!(dead.original_headers().len(), 1, "the name `a` is not ours");
    assert_eq!(dead.reason(), "unknown");
    assert_eq!(dead.origin(), None);
    assert_eq!(dead.unfit("raw", 9), Some(Unfit::OtherTopic));
}

proptest! {
    #[test]
    fn any_message_comes_back_whole(
        given in proptest::collection::vec(
            (
                prop_oneof![
                    "[a-z]{1,4}".prop_map(String::from),
                    Just("__connect.errors.topic".to_owned()),
                    Just("__connect.errors.exception.message".to_owned()),
                    Just("traceparent".to_owned()),
                ],
                proptest::option::of(proptest::collection::vec(any::<u8>(), 0..6)),
            ),
            0..8,
        ),
        omitted: bool,
    ) {
        let dead = died(&given, omitted);
        prop_assert_eq!(dead.original_headers(), &given[..]);
        prop_assert_eq!(dead.origin(), Some(position(9)));
        prop_assert_eq!(dead.value_omitted(), omitted);
        let back = dead.replayed("raw", 3);
        prop_assert_eq!(&back.headers[..given.len()], &given[..]);
    }

    #[test]
    fn foreign_headers_are_read_without_trouble(
        given in proptest::collection::vec(
            (
                prop_oneof![
                    Just(ADDED_HEADER.to_owned()),
                    Just(ORIGIN_HEADER.to_owned()),
                    Just(REPLAY_COUNT_HEADER.to_owned()),
                    Just(ERROR_CODE_HEADER.to_owned()),
                    ".{0,4}".prop_map(String::from),
                ],
                proptest::option::of(prop_oneof![
                    "[0-9]{1,25}".prop_map(String::into_bytes),
                    "[a-z/0-9-]{0,12}".prop_map(String::into_bytes),
                    proptest::collection::vec(any::<u8>(), 0..8),
                ]),
            ),
            0..6,
        ),
    ) {
        let mut dead = died(&[], false);
        dead.record.headers = given;
        prop_assert!(dead.original_headers().len() <= dead.record.headers.len());
        drop((dead.reason(), dead.detail(), dead.origin(), dead.replays()));
        drop(dead.replayed("raw", 1));
    }
}
