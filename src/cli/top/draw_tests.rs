use proptest::prelude::*;

use super::super::super::screen::safe;
use super::*;

fn some(name: &str) -> Figures {
    Figures {
        version: name.to_owned(),
        up: 3700.0,
        over: Some(60.0),
        read: Some(1234.0),
        written: Some(2.25),
        aborted: 3.0,
        breaker: true,
        split: true,
        lag: vec![
            (name.to_owned(), 1_234_567.0, Some(2.5)),
            ("raw/1".to_owned(), 0.0, None),
        ],
        latency: Some([0.012, 1.5, f64::INFINITY]),
        verdicts: vec![("unique".to_owned(), 75.0), ("near".to_owned(), 25.0)],
        languages: vec![(name.to_owned(), 100.0)],
        topics: vec![("medtop:1".to_owned(), 50.0), (name.to_owned(), f64::NAN)],
        dead_letters: vec![(name.to_owned(), 7.0)],
        disk_bytes: 5.5 * 1024.0 * 1024.0,
        ..Figures::default()
    }
}

fn drawn(name: &str, width: usize) -> String {
    let labels = HashMap::from([("medtop:1".to_owned(), "politics")]);
    lines(&some(name), &labels, name, width, Paint::new(false)).join("\n")
}

#[test]
fn everything_is_there() {
    let text = drawn("raw/0", 120);
    for part in [
        "in 1,234/s",
        "out 2.2/s",
        "p50 12 ms  p90 1.5 s  p99 over a day",
        "3 aborted",
        "unique",
        "75.0%",
        "politics",
        "lag 1,234,567, 2.5 s",
        "up 1 h 1 min",
        "5.5 MiB",
        "breaker open",
        "index split",
        "Verdicts, last 60 s",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert_eq!(
        lines(
            &Figures::default(),
            &HashMap::new(),
            "",
            80,
            Paint::new(false)
        )
        .len(),
        14
    );
}

#[test]
fn figures_are_short() {
    assert_eq!(
        (number(0.0), number(999.6), number(12_345_678.0)),
        ("0".into(), "1,000".into(), "12,345,678".into())
    );
    assert_eq!(
        (bytes(0.0), bytes(1023.0), bytes(1536.0)),
        ("0 B".into(), "1023 B".into(), "1.5 KiB".into())
    );
    assert_eq!(
        (duration(59.0), duration(90_000.0)),
        ("59 s".into(), "1 d 1 h".into())
    );
    assert_eq!(
        (bar(0.5, 4), bar(2.0, 2), bar(f64::NAN, 1)),
        ("██  ".into(), "██".into(), " ".into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an instance says of itself: no line is wider than the terminal, and nothing drives it.
    #[test]
    fn no_line_is_wider_than_the_terminal(name in any::<String>(), width in 0_usize..200) {
        for line in drawn(&name, width).split('\n') {
            prop_assert!(columns(line) <= width.max(NARROW), "{} > {width}: {line:?}", columns(line));
            prop_assert_eq!(safe(line), line);
        }
    }
}
