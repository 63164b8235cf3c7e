//! Tests of `units`.

use proptest::prelude::*;

use super::*;

#[test]
fn reads_and_shows_durations() {
    for (text, millis, shown) in [
        ("250ms", 250, "250ms"),
        ("45s", 45_000, "45s"),
        ("5m", 300_000, "5m"),
        ("14d", 1_209_600_000, "14d"),
        (" 2 h ", 7_200_000, "2h"),
        ("60s", 60_000, "1m"),
        ("90s", 90_000, "90s"),
        ("0ms", 0, "0s"),
    ] {
        let span: TimeSpan = text.parse().expect(text);
        assert_eq!((span.millis(), span.to_string().as_str()), (millis, shown));
    }
}

#[test]
fn reads_and_shows_sizes() {
    for (text, bytes, shown) in [
        ("8MiB", 8 << 20, "8MiB"),
        ("512kB", 512_000, "500KiB"),
        ("1MB", 1_000_000, "1MB"),
        ("1 GiB", 1 << 30, "1GiB"),
        ("0B", 0, "0B"),
        ("1048588B", 1_048_588, "1048588B"),
    ] {
        let size: ByteSize = text.parse().expect(text);
        assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown));
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, part) in [
        ("45", "has no unit"),
        ("", "is not a duration"),
        ("1.5s", "is not a unit of time"),
        ("5 min", "\"min\" is not a unit of time"),
        ("99999999999999999999d", "longer than ten years"),
        ("3651d", "longer than ten years"),
        ("-1s", "is not a duration"),
    ] {
        let error = text.parse::<TimeSpan>().expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
    for (text, part) in [
        ("8", "has no unit"),
        ("8mb", "\"mb\" is not a unit of size"),
        ("lots", "is not a byte size"),
        ("1025GiB", "larger than"),
    ] {
        let error = text.parse::<ByteSize>().expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn plain_integers_are_bytes_but_never_durations() {
    assert_eq!(
        serde_json::from_str::<ByteSize>("4096").ok(),
        Some(ByteSize(4096))
    );
    assert!(serde_json::from_str::<ByteSize>("-1").is_err());
    assert!(serde_json::from_str::<TimeSpan>("45").is_err());
}

#[test]
fn long_foreign_text_is_cut_and_escaped() {
    assert_eq!(quoted("a\u{1b}[31m"), "\"a\\u{1b}[31m\"");
    assert!(quoted(&"x".repeat(1000)).len() < 100);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_reads_back(millis in 0..=LONGEST_MS, bytes in 0..=LARGEST) {
        prop_assert_eq!(TimeSpan(millis).to_string().parse(), Ok(TimeSpan(millis)));
        prop_assert_eq!(ByteSize(bytes).to_string().parse(), Ok(ByteSize(bytes)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        prop_assert!(text.parse::<TimeSpan>().is_ok_and(|s| s.0 <= LONGEST_MS) || text.parse::<TimeSpan>().is_err());
        prop_assert!(text.parse::<ByteSize>().is_ok_and(|s| s.0 <= LARGEST) || text.parse::<ByteSize>().is_err());
    }
}
