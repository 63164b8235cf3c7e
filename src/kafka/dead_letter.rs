//! Dead letters: the headers that say what was wrong, as the sink writes them and `newsstage dlq` reads them, and the
//! message that a dead letter was.

use super::producer::Record;
use crate::article::{Header, Message, Position, Rejection};

/// Stable code of the refusal, beside Kafka Connect's headers.
pub const ERROR_CODE_HEADER: &str = "newsstage.error.code";
/// Set to `true` when the original value did not fit the dead-letter topic and only a reference was written.
pub const VALUE_OMITTED_HEADER: &str = "newsstage.error.value_omitted";
/// Where the message stood on the input, as `topic/partition/offset`. Kafka's topic names have no slash.
pub const ORIGIN_HEADER: &str = "newsstage.error.origin";
/// How many headers at the end are the stage's own, this one included: what is before them came with the message.
pub const ADDED_HEADER: &str = "newsstage.error.headers";
/// How often the message was replayed.
pub const REPLAY_COUNT_HEADER: &str = "newsstage.replay.count";
/// Where the message stood when it first failed, as `topic/partition/offset`; it stays through further replays.
pub const REPLAY_ORIGIN_HEADER: &str = "newsstage.replay.origin";

/// The headers that tell of one failure and not of an earlier one.
const OWN: [&str; 4] = [
    ERROR_CODE_HEADER,
    VALUE_OMITTED_HEADER,
    ORIGIN_HEADER,
    ADDED_HEADER,
];

/// Adds the headers of a failure to those of the message. Kafka Connect's headers that are there already, from an
/// earlier failure, are kept and not written again, so that other tools still find the first origin.
pub(super) fn add_failure(
    headers: &mut Vec<Header>,
    position: &Position,
    rejection: &Rejection,
    connector: &str,
    value_omitted: bool,
) {
    headers.retain(|(name, _)| !OWN.contains(&name.as_str()));
    let original = headers.len();
    let mut add = |name: &str, value: String| {
        if !headers.iter().any(|(known, _)| known == name) {
            headers.push((name.to_owned(), Some(value.into_bytes())));
        }
    };
    add("__connect.errors.topic", position.topic.to_string());
    add("__connect.errors.partition", position.partition.to_string());
    add("__connect.errors.offset", position.offset.to_string());
    add("__connect.errors.connector.name", connector.to_owned());
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
    add(ERROR_CODE_HEADER, rejection.code.as_str().to_owned());
    add(ORIGIN_HEADER, position.to_string());
    if value_omitted {
        add(VALUE_OMITTED_HEADER, "true".to_owned());
    }
    let added = headers.len() - original + 1;
    headers.push((
        ADDED_HEADER.to_owned(),
        Some(added.to_string().into_bytes()),
    ));
}

/// Why a dead letter cannot be sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// It did not come from the input topic of this configuration, or does not say where it came from.
    OtherTopic,
    /// It was replayed as often as is allowed.
    TooManyReplays,
    /// It holds a reference in place of the original value.
    ValueOmitted,
    /// The input topic does not take a record of its size.
    TooLarge,
}

impl Unfit {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherTopic => "other_topic",
            Self::TooManyReplays => "too_many_replays",
            Self::ValueOmitted => "value_omitted",
            Self::TooLarge => "too_large_for_topic",
        }
    }

    /// The words for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::OtherTopic => "not from this input topic",
            Self::TooManyReplays => "replayed too often already",
            Self::ValueOmitted => "without the original value",
            Self::TooLarge => "too large for the input topic",
        }
    }
}

/// A record of the dead-letter topic. Whoever may write to the input or to this topic chooses what is in it: nothing here
/// is trusted but its position.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The record, with its position on the dead-letter topic.
    pub record: Message,
}

impl DeadLetter {
    /// The value of the last header of this name; `None` when there is none or it is null.
    fn header(&self, name: &str) -> Option<&[u8]> {
        let mut headers = self.record.headers.iter().rev();
        headers.find(|(known, _)| known == name)?.1.as_deref()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.header(name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The code of the refusal; the class of the exception for a dead letter of another program; else `unknown`.
    pub fn reason(&self) -> String {
        self.text(ERROR_CODE_HEADER)
            .or_else(|| self.text("__connect.errors.exception.class.name"))
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// The reason for a person, as it was written.
    pub fn detail(&self) -> String {
        self.text("__connect.errors.exception.message")
            .unwrap_or_default()
    }

    /// Where the message stood on the input.
    pub fn origin(&self) -> Option<Position> {
        if let Some(origin) = self.text(ORIGIN_HEADER) {
            return parse_position(&origin);
        }
        Some(Position {
            topic: self.text("__connect.errors.topic")?.into(),
            partition: self.text("__connect.errors.partition")?.parse().ok()?,
            offset: self.text("__connect.errors.offset")?.parse().ok()?,
        })
    }

    /// How often the message was replayed; 0 where that is not said, or not in digits.
    pub fn replays(&self) -> u32 {
        let count = self.text(REPLAY_COUNT_HEADER);
        count.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Whether the value is a reference to the original one.
    pub fn value_omitted(&self) -> bool {
        self.header(VALUE_OMITTED_HEADER) == Some(b"true")
    }

    /// The headers that came with the message, without those of the failure.
    pub fn original_headers(&self) -> &[Header] {
        let headers = &self.record.headers;
        let is_of_failure = |(name, _): &Header| {
            name.starts_with("__connect.errors.") || OWN.contains(&name.as_str())
        };
        let said = match headers.last() {
            Some((name, Some(count))) if name == ADDED_HEADER => std::str::from_utf8(count)
                .ok()
                .and_then(|count| count.parse::<usize>().ok())
                .and_then(|count| headers.len().checked_sub(count)),
            _ => None,
        };
        let trailing = headers
            .iter()
            .rev()
            .take_while(|h| is_of_failure(h))
            .count();
        // The number is believed only as far as the names agree with it.
        let least = headers.len() - trailing;
        let original = said.filter(|&said| said >= least).unwrap_or(least);
        headers.get(..original).unwrap_or(headers)
    }

    /// Whether it can be sent back to `topic`, when a message may be replayed `max_replays` times.
    pub fn unfit(&self, topic: &str, max_replays: u32) -> Option<Unfit> {
        let here = self.origin().is_some_and(|origin| &*origin.topic == topic);
        if !here {
            Some(Unfit::OtherTopic)
        } else if self.value_omitted() {
            Some(Unfit::ValueOmitted)
        } else if self.replays() >= max_replays {
            Some(Unfit::TooManyReplays)
        } else {
            None
        }
    }

    /// The message as it was, on its way back to `topic`, in the partition from which it came where that still exists. The
    /// only difference are the two headers that count replays.
    pub fn replayed(&self, topic: &str, partitions: usize) -> Record {
        let origin = self.origin();
        let mut headers: Vec<Header> = self.original_headers().to_vec();
        let first = headers
            .iter()
            .rev()
            .find(|(name, _)| name == REPLAY_ORIGIN_HEADER)
            .and_then(|(_, value)| value.clone())
            .or_else(|| Some(origin.as_ref()?.to_string().into_bytes()));
        headers.retain(|(name, _)| name != REPLAY_COUNT_HEADER && name != REPLAY_ORIGIN_HEADER);
        let count = self.replays().saturating_add(1);
        headers.push((
            REPLAY_COUNT_HEADER.to_owned(),
            Some(count.to_string().into_bytes()),
        ));
        headers.push((REPLAY_ORIGIN_HEADER.to_owned(), first));
        let partition = origin
            .map(|origin| origin.partition)
            .filter(|&partition| usize::try_from(partition).is_ok_and(|n| n < partitions));
        Record {
            topic: topic.into(),
            partition,
            key: self.record.key.clone(),
            value: self.record.payload.clone(),
            headers,
            timestamp_ms: self.record.timestamp_ms,
        }
    }
}

/// Reads `topic/partition/offset`.
fn parse_position(text: &str) -> Option<Position> {
    let mut parts = text.split('/');
    let position = Position {
        topic: parts.next().filter(|topic| !topic.is_empty())?.into(),
        partition: parts.next()?.parse().ok().filter(|&n: &i32| n >= 0)?,
        offset: parts.next()?.parse().ok().filter(|&n: &i64| n >= 0)?,
    };
    parts.next().is_none().then_some(position)
}

/// Bytes that a record takes on the way: key, value and headers, and room for lengths.
pub fn record_bytes(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[Header]) -> usize {
    let headers: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len) + 10)
        .sum();
    key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len) + headers + 256
}

#[cfg(test)]
#[path = "dead_letter_tests.rs"]
mod tests;
