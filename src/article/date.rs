//! Dates of publication as crawlers and feeds write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::{rfc2822, temporal};
use jiff::tz::Offset;

/// How exactly a date of publication is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// To the second or better.
    Second,
    /// To the day: the time given is midnight UTC.
    Day,
}

impl Precision {
    /// The stable spelling in the enrichment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Day => "day",
        }
    }
}

static ISO: temporal::DateTimeParser = temporal::DateTimeParser::new();
/// Feeds get the day of the week wrong; the date itself counts.
static MAIL: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);

/// Milliseconds since 1970 of a date of publication, and how exact it is.
///
/// Forms: RFC 3339 and ISO 8601 with offset; `2026-11-20 08:30:00` without zone, which is taken as UTC; `2026-11-20`;
/// RFC 2822 as in RSS; GDELT's `20261120T083000Z` and `20261120083000`; seconds (10 digits) or milliseconds (13 digits) since
/// 1970, with or without a fraction. Anything else is `None`.
pub fn published_at(text: &str) -> Option<(i64, Precision)> {
    let text = text.trim();
    // Longer texts are none of the forms; bounding them bounds the work.
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.is_empty()
        && [whole, fraction]
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return digits(whole, text.contains('.'));
    }
    iso(text).or_else(|| {
        MAIL.parse_timestamp(text)
            .ok()
            .map(|time| (time.as_millisecond(), Precision::Second))
    })
}

/// A date that is one number.
fn digits(number: &str, has_fraction: bool) -> Option<(i64, Precision)> {
    let part = |range: std::ops::Range<usize>| number.get(range)?.parse::<i16>().ok();
    let small = |range| part(range)?.try_into().ok();
    match number.len() {
        10 => Some((
            number.parse::<i64>().ok()?.checked_mul(1000)?,
            Precision::Second,
        )),
        13 => Some((number.parse().ok()?, Precision::Second)),
        8 if !has_fraction => day(Date::new(part(0..4)?, small(4..6)?, small(6..8)?).ok()?),
        14 if !has_fraction => {
            let date = Date::new(part(0..4)?, small(4..6)?, small(6..8)?).ok()?;
            let time =
                jiff::civil::Time::new(small(8..10)?, small(10..12)?, small(12..14)?, 0).ok()?;
            utc(date.to_datetime(time), Precision::Second)
        }
        _ => None,
    }
}

/// ISO 8601 in the forms that occur.
fn iso(text: &str) -> Option<(i64, Precision)> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    // `2026-11-20 08:30:00 UTC`, and `… +0100` with a space before the offset.
    let zulu = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
        .map(|rest| format!("{}Z", rest.trim_end()));
    let joined = text.replace(" +", "+").replace(" -", "-");
    if let Ok(time) = ISO.parse_timestamp(zulu.as_deref().unwrap_or(&joined)) {
        return Some((time.as_millisecond(), Precision::Second));
    }
    if text.contains(':') {
        return utc(ISO.parse_datetime(text).ok()?, Precision::Second);
    }
    day(ISO.parse_date(text).ok()?)
}

fn day(date: Date) -> Option<(i64, Precision)> {
    utc(
        date.to_datetime(jiff::civil::Time::midnight()),
        Precision::Day,
    )
}

fn utc(time: DateTime, precision: Precision) -> Option<(i64, Precision)> {
    Some((
        Offset::UTC.to_timestamp(time).ok()?.as_millisecond(),
        precision,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-20T08:30:00Z.
    const MORNING: i64 = 1_795_163_400_000;

    #[test]
    fn every_documented_form_is_read() {
        for text in [
            "2026-11-20T08:30:00Z",
            "2026-11-20T09:30:00+01:00",
            "2026-11-20T09:30:00+0100",
            "2026-11-20 09:30:00 +0100",
            "2026-11-20T08:30:00.000Z",
            "2026-11-20 08:30:00",
            "2026-11-20T08:30:00",
            "2026-11-20T08:30",
            "2026-11-20 08:30:00 UTC",
            "2026-11-20 08:30:00+00:00",
            "Fri, 20 Nov 2026 09:30:00 +0100",
            "Fri, 20 Nov 2026 08:30:00 GMT",
            "Mon, 20 Nov 2026 08:30:00 GMT",
            "20 Nov 2026 08:30:00 +0000",
            "20261120T083000Z",
            "20261120083000",
            "1795163400",
            "1795163400000",
            "1795163400.25",
            " 2026-11-20T08:30:00Z\n",
        ] {
            assert_eq!(
                published_at(text),
                Some((MORNING, Precision::Second)),
                "{text}"
            );
        }
        let midnight = MORNING - (8 * 60 + 30) * 60_000;
        for text in ["2026-11-20", "20261120"] {
            assert_eq!(
                published_at(text),
                Some((midnight, Precision::Day)),
                "{text}"
            );
        }
        assert_eq!(
            published_at("2026-11-20T08:30:00.250Z"),
            Some((MORNING + 250, Precision::Second))
        );
    }

    #[test]
    fn anything_else_is_not_a_date() {
        for text in [
            "",
            "None",
            "yesterday",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "20261301",
            "99999999999999",
            "12.5",
            "-5",
            ".",
            "1e9",
        ] {
            assert_eq!(published_at(text), None, "{text}");
        }
        assert_eq!(published_at(&"1".repeat(100_000)), None);
    }

    proptest! {
        #![proptest_config(crate::article::tests::deterministic())]

        #[test]
        fn any_text_is_harmless(text in any::<String>(), likely in "[0-9T:Z+. -]{0,32}") {
            published_at(&text);
            published_at(&likely);
        }

        #[test]
        fn seconds_and_text_agree(seconds in 1_000_000_000_i64..9_999_999_999) {
            let written = jiff::Timestamp::from_second(seconds).unwrap().to_string();
            prop_assert_eq!(published_at(&written), Some((seconds * 1000, Precision::Second)));
            prop_assert_eq!(published_at(&seconds.to_string()), Some((seconds * 1000, Precision::Second)));
        }
    }
}
