//! A dead letter for people and for programs.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::cli::screen::safe;
use crate::kafka::dead_letter::DeadLetter;

/// A time in UTC, to the second as people read it.
pub fn time(timestamp_ms: Option<i64>) -> String {
    let time = timestamp_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(
        || "no time".to_owned(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

/// Foreign bytes for a terminal: text with its line breaks, everything else as a visible escape.
pub fn safe_bytes(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for line in chunk.valid().split_inclusive('\n') {
            out += &safe(line.trim_end_matches('\n'));
            if line.ends_with('\n') {
                out.push('\n');
            }
        }
        for byte in chunk.invalid() {
            // Writing to a `String` does not fail.
            write!(out, "\\x{byte:02x}").unwrap_or_default();
        }
    }
    out
}

/// The same in one line.
pub fn safe_line(bytes: &[u8]) -> String {
    safe_bytes(bytes).replace('\n', " ")
}

/// `PARTITION/OFFSET` on the dead-letter topic.
pub fn place(letter: &DeadLetter) -> String {
    let at = &letter.record.position;
    format!("{}/{}", at.partition, at.offset)
}

/// What is known of a dead letter, without its value.
pub fn facts(letter: &DeadLetter) -> Map<String, Value> {
    let record = &letter.record;
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| drop(facts.insert(name.to_owned(), value));
    put("position", json!(place(letter)));
    put("partition", json!(record.position.partition));
    put("offset", json!(record.position.offset));
    put("reason", json!(letter.reason()));
    put("detail", json!(letter.detail()));
    put("timestamp_ms", json!(record.timestamp_ms));
    let origin = letter.origin().map(|origin| {
        json!({"topic": &*origin.topic, "partition": origin.partition, "offset": origin.offset})
    });
    put("origin", json!(origin));
    put("replays", json!(letter.replays()));
    put("value_omitted", json!(letter.value_omitted()));
    put("bytes", json!(record.payload.as_ref().map(Vec::len)));
    put_bytes(&mut facts, "key", record.key.as_deref());
    facts
}

/// Bytes as text where they are UTF-8, else as base64 under `NAME_base64`.
pub fn put_bytes(facts: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    match bytes.map(std::str::from_utf8) {
        Some(Err(_)) => {
            let encoded = STANDARD.encode(bytes.unwrap_or_default());
            facts.insert(format!("{name}_base64"), json!(encoded));
        }
        Some(Ok(text)) => drop(facts.insert(name.to_owned(), json!(text))),
        None => drop(facts.insert(name.to_owned(), Value::Null)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_bytes_cannot_drive_the_terminal() {
        assert_eq!(
            safe_bytes(b"a\x1b[2J\nb\xff\xfe\r\x07"),
            "a\\u{1b}[2J\nb\\xff\\xfe \\u{7}"
        );
        assert_eq!(safe_line("قصف\nالمدينة".as_bytes()), "قصف المدينة");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(time(Some(1_600_000_000_123)), "2020-09-13T12:26:40Z");
        assert_eq!(time(None), "no time");
        assert_eq!(time(Some(i64::MAX)), "no time");
    }

    proptest! {
        #[test]
        fn no_control_character_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let shown = safe_bytes(&bytes);
            prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", shown);
        }
    }
}
