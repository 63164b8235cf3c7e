//! Which dead letters are meant.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use clap::Args;

use crate::article::{Message, RejectCode};
use crate::cli::{Exit, now_ms, say};
use crate::config::{TimeSpan, nearest_name};
use crate::kafka::dead_letter::DeadLetter;
use crate::kafka::history::Stretch;

/// Filters; a dead letter must pass all that are given.
#[derive(Debug, Clone, Default, Args)]
pub struct FilterArgs {
    /// Only with this reason: not_json, …, unknown, or an exception's class; may be repeated.
    #[arg(long = "reason", value_name = "CODE", value_delimiter = ',', value_parser = reason)]
    reasons: Vec<String>,
    /// Only messages of this time or later: 2026-11-20T08:30:00Z, or 2h for two hours ago.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Moment>,
    /// Only messages from before this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Moment>,
    /// Only in this partition of the dead-letter topic.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// Only from this offset on.
    #[arg(long, value_name = "OFFSET", requires = "partition", value_parser = clap::value_parser!(i64).range(0..))]
    from_offset: Option<i64>,
    /// Only up to this offset, which is included.
    #[arg(long, value_name = "OFFSET", requires = "partition", value_parser = clap::value_parser!(i64).range(0..))]
    to_offset: Option<i64>,
    /// Only with this key.
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    /// Only articles with this id: as the key, or between quotes in the value.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only with these characters in the value or the key, as they stand there.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
}

/// A time as it was given: a date, or a span before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    At(i64),
    Ago(i64),
}

impl Moment {
    fn ms(self, now_ms: i64) -> i64 {
        match self {
            Self::At(ms) => ms,
            Self::Ago(ms) => now_ms.saturating_sub(ms),
        }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(span) = text.parse::<TimeSpan>() {
        return Ok(Moment::Ago(
            i64::try_from(span.millis()).unwrap_or(i64::MAX),
        ));
    }
    text.parse::<jiff::Timestamp>()
        .map(|time| Moment::At(time.as_millisecond()))
        .map_err(|_| {
            "expected a time such as 2026-11-20T08:30:00Z, or a span such as 2h".to_owned()
        })
}

/// A code of the stage, `unknown`, or the class of an exception, which has points in it.
fn reason(text: &str) -> Result<String, String> {
    let codes = RejectCode::ALL.map(RejectCode::as_str);
    if codes.contains(&text) || text == "unknown" || text.contains('.') {
        return Ok(text.to_owned());
    }
    let near = nearest_name(text, codes.into_iter());
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Err(format!(
        "expected one of {}, unknown, or the class of an exception{near}",
        codes.join(", ")
    ))
}

/// Reads `PARTITION/OFFSET`, with the topic before it or without.
pub fn position(text: &str) -> Result<(i32, i64), String> {
    let wrong = || "expected PARTITION/OFFSET, such as 0/17".to_owned();
    let mut parts = text.rsplit('/');
    let offset: i64 = parts
        .next()
        .and_then(|n| n.parse().ok())
        .ok_or_else(wrong)?;
    let partition: i32 = parts
        .next()
        .and_then(|n| n.parse().ok())
        .ok_or_else(wrong)?;
    if offset < 0 || partition < 0 || parts.count() > 1 {
        return Err(wrong());
    }
    Ok((partition, offset))
}

impl FilterArgs {
    /// The filter, ready to be asked.
    ///
    /// # Errors
    /// When a text to look for cannot be; it was said.
    pub fn prepare(&self) -> Result<Filter, Exit> {
        let now_ms = now_ms();
        let finder = |text: &str| {
            AhoCorasick::new([text]).map_err(|error| {
                say(&format!("cannot look for this text: {error}\n"));
                Exit::Usage
            })
        };
        Ok(Filter {
            args: self.clone(),
            from_ms: self.from.map(|from| from.ms(now_ms)),
            to_ms: self.to.map(|to| to.ms(now_ms)),
            quoted_id: self
                .id
                .as_ref()
                .map(|id| finder(&serde_json::Value::from(id.as_str()).to_string()))
                .transpose()?,
            text: self.text.as_deref().map(finder).transpose()?,
        })
    }

    /// A short name of this selection: the same arguments have the same name. Spans count as they are written.
    pub fn name(&self, more: &str) -> String {
        let mut reasons = self.reasons.clone();
        reasons.sort();
        reasons.dedup();
        let Self {
            from,
            to,
            partition,
            from_offset,
            to_offset,
            key,
            id,
            text,
            ..
        } = self;
        let all = format!(
            "{reasons:?} {from:?} {to:?} {partition:?} {from_offset:?} {to_offset:?} {key:?} {id:?} {text:?} {more}"
        );
        let hash = xxhash_rust::xxh3::xxh3_64(all.as_bytes());
        format!("{:08x}", hash >> 32)
    }
}

/// A filter that is ready.
pub struct Filter {
    args: FilterArgs,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    quoted_id: Option<AhoCorasick>,
    text: Option<AhoCorasick>,
}

impl Filter {
    /// The part of the topic that must be read.
    pub fn stretch(&self) -> Stretch {
        let partition = self.args.partition;
        let by_partition = |offset: Option<i64>| -> BTreeMap<i32, i64> {
            partition.into_iter().zip(offset).collect()
        };
        Stretch {
            from_ms: self.from_ms,
            partition,
            begin: by_partition(self.args.from_offset),
            end: by_partition(self.args.to_offset.map(|to| to.saturating_add(1))),
            headers: true,
        }
    }

    /// Whether the dead letter is meant.
    pub fn passes(&self, letter: &DeadLetter) -> bool {
        let reasons = &self.args.reasons;
        (reasons.is_empty() || reasons.contains(&letter.reason()))
            && self.passes_time(letter.record.timestamp_ms)
            && self.passes_text(&letter.record)
    }

    /// Times need not rise with the offsets, so each record is asked.
    fn passes_time(&self, timestamp_ms: Option<i64>) -> bool {
        let after = |from: i64| timestamp_ms.is_some_and(|at| at >= from);
        let before = |to: i64| timestamp_ms.is_some_and(|at| at < to);
        self.from_ms.is_none_or(after) && self.to_ms.is_none_or(before)
    }

    fn passes_text(&self, record: &Message) -> bool {
        let key = record.key.as_deref().unwrap_or_default();
        let value = record.payload.as_deref().unwrap_or_default();
        let is_key = |wanted: &str| record.key.as_deref() == Some(wanted.as_bytes());
        let wanted_key = self.args.key.as_deref().is_none_or(is_key);
        let wanted_id = self.quoted_id.as_ref().is_none_or(|quoted| {
            self.args.id.as_deref().is_some_and(is_key) || quoted.is_match(value)
        });
        let wanted_text = self
            .text
            .as_ref()
            .is_none_or(|text| text.is_match(value) || text.is_match(key));
        wanted_key && wanted_id && wanted_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Position;

    fn letter(reason: &str, key: Option<&[u8]>, value: &[u8], timestamp_ms: i64) -> DeadLetter {
        let record = Message {
            position: Position {
                topic: "dead".into(),
                partition: 0,
                offset: 0,
            },
            key: key.map(<[u8]>::to_vec),
            payload: Some(value.to_vec()),
            headers: vec![(
                "newsstage.error.code".to_owned(),
                Some(reason.as_bytes().to_vec()),
            )],
            timestamp_ms: Some(timestamp_ms),
        };
        DeadLetter { record }
    }

    #[test]
    fn reasons_are_codes_or_the_classes_of_exceptions() {
        for known in ["not_json", "internal", "unknown", "org.example.BadThing"] {
            assert_eq!(reason(known).as_deref(), Ok(known));
        }
        let error = reason("not_jsn").unwrap_err();
        assert!(
            error.contains("not_json, ") && error.ends_with("did you mean not_json?"),
            "{error}"
        );
        assert!(reason("bogus").is_err());
    }

    #[test]
    fn times_are_dates_or_spans_before_now() {
        assert_eq!(moment("1970-01-01T00:00:01Z"), Ok(Moment::At(1000)));
        assert_eq!(moment("1970-01-01T02:00:01+02:00"), Ok(Moment::At(1000)));
        assert_eq!(moment("2h"), Ok(Moment::Ago(7_200_000)));
        assert_eq!(Moment::Ago(7_200_000).ms(7_300_000), 100_000);
        assert!(moment("yesterday").is_err());
    }

    #[test]
    fn positions_are_partition_and_offset() {
        assert_eq!(position("0/17"), Ok((0, 17)));
        assert_eq!(position("dead/3/9"), Ok((3, 9)));
        for wrong in ["17", "a/b", "-1/3", "0/-3", "x/y/0/1", ""] {
            assert!(position(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_filter_that_is_given_must_pass() {
        let dead = letter(
            "not_json",
            Some(b"k-1"),
            b"{\"id\":\"a-17\",\"t\":\"caf\xe9 noir\"",
            5000,
        );
        let passes = |args: FilterArgs| args.prepare().unwrap().passes(&dead);
        let none = FilterArgs::default;
        assert!(passes(none()));
        let reasons = |list: &[&str]| FilterArgs {
            reasons: list.iter().map(|r| (*r).to_owned()).collect(),
            ..none()
        };
        assert!(passes(reasons(&["empty", "not_json"])));
        assert!(!passes(reasons(&["empty"])));
        let between = |from, to| FilterArgs {
            from: Some(Moment::At(from)),
            to: Some(Moment::At(to)),
            ..none()
        };
        assert!(passes(between(5000, 5001)));
        assert!(!passes(between(5001, 6000)));
        assert!(!passes(between(4000, 5000)));
        let by = |key: Option<&str>, id: Option<&str>, text: Option<&str>| FilterArgs {
            key: key.map(str::to_owned),
            id: id.map(str::to_owned),
            text: text.map(str::to_owned),
            ..none()
        };
        assert!(passes(by(Some("k-1"), Some("a-17"), Some("noir"))));
        assert!(passes(by(None, Some("k-1"), None)), "the id may be the key");
        assert!(!passes(by(None, Some("a-1"), None)), "an id is whole");
        assert!(!passes(by(Some("k"), None, None)));
        assert!(!passes(by(None, None, Some("blanc"))));
    }

    #[test]
    fn the_same_selection_has_the_same_name() {
        let of = |reasons: &[&str]| FilterArgs {
            reasons: reasons.iter().map(|r| (*r).to_owned()).collect(),
            ..FilterArgs::default()
        };
        assert_eq!(of(&["a", "b"]).name("2"), of(&["b", "a", "a"]).name("2"));
        assert_ne!(of(&["a"]).name("2"), of(&["a"]).name("3"));
        assert_ne!(of(&["a"]).name("2"), of(&["a", "b"]).name("2"));
        assert_eq!(of(&[]).name("2").len(), 8);
    }
}
