use std::cell::Cell;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::subscriber::with_default;
use tracing::{debug, error, info, warn};

use super::*;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
}

/// The hand clock of the test's thread.
fn hand_clock() -> i64 {
    NOW.get()
}

/// Where the lines of a test go.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("sink").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("sink").clone()).expect("UTF-8")
    }
}

const JSON: Look = Look {
    json: true,
    colours: false,
};
const TEXT: Look = Look {
    json: false,
    colours: false,
};

/// What is logged meanwhile.
fn logged(look: Look, filter: &str, work: impl FnOnce(&LogGuard)) -> String {
    NOW.set(0);
    let sink = Sink::default();
    let writer = sink.clone();
    let filter = parse_filter("log.filter", filter).expect("filter");
    let (subscriber, reporter) = subscriber(look, filter, move || writer.clone(), hand_clock);
    with_default(subscriber, || {
        let guard = LogGuard { reporter };
        work(&guard);
    });
    sink.text()
}

#[test]
fn repeats_are_cut_off_and_reported_once() {
    let text = logged(TEXT, "info", |guard| {
        for n in 0..25 {
            error!(n, "the broker is away");
        }
        guard.report();
        NOW.set(WINDOW_MS);
        info!("something else");
        info!("something else again");
    });
    assert_eq!(text.matches("ERROR").count(), REPEATS as usize, "{text}");
    assert_eq!(
        text.matches("suppressed 15 repeats of the broker is away (")
            .count(),
        1,
        "{text}"
    );
    assert!(
        text.find("suppressed 15") < text.find("something else"),
        "{text}"
    );
    assert!(text.contains("tests.rs:"), "the place is named: {text}");
}

#[test]
fn the_next_window_passes_again() {
    let text = logged(TEXT, "info", |_| {
        for window in 0..3 {
            NOW.set(window * WINDOW_MS);
            (0..12).for_each(|_| warn!("again"));
        }
    });
    assert_eq!(
        text.lines().filter(|l| l.ends_with(" again")).count(),
        30,
        "{text}"
    );
    assert_eq!(
        text.matches("suppressed 2 repeats of again").count(),
        3,
        "{text}"
    );
}

#[test]
fn silence_and_the_end_report_as_well() {
    let text = logged(TEXT, "info", |guard| {
        (0..11).for_each(|_| warn!("first"));
        NOW.set(WINDOW_MS);
        guard.report();
        (0..12).for_each(|_| warn!("second"));
    });
    assert!(text.contains("suppressed 1 repeats of first"), "{text}");
    assert!(text.contains("suppressed 2 repeats of second"), "{text}");
}

#[test]
fn debug_is_not_cut_off() {
    let text = logged(TEXT, "debug", |_| (0..50).for_each(|_| debug!("detail")));
    assert_eq!(text.lines().count(), 50);
}

#[test]
fn lines_that_the_filter_drops_are_not_counted() {
    let text = logged(TEXT, "error", |_| (0..50).for_each(|_| info!("quiet")));
    assert_eq!(text, "");
}

#[test]
fn json_is_one_flat_object_per_line() {
    let text = logged(JSON, "info", |_| {
        info!(event = "partitions_assigned", partitions = 3, "assigned");
        (0..11).for_each(|_| warn!("again"));
    });
    let lines: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 12, "{text}");
    assert_eq!(lines[0]["message"], "assigned");
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["event"], "partitions_assigned");
    assert_eq!(lines[0]["partitions"], 3);
    assert!(lines[0]["timestamp"].is_string());
    assert_eq!(lines[11]["suppressed"], 1);
    assert_eq!(lines[11]["target"], "newsstage::telemetry");
}

#[test]
fn foreign_text_cannot_steer_a_terminal_or_forge_a_line() {
    let hostile =
        "x\x1b[2J\x1b]0;owned\x07\n2026-01-01T00:00:00Z  INFO forged\r\u{9b}31m\u{202e}\u{8}";
    for look in [TEXT, JSON] {
        let text = logged(look, "info", |_| {
            info!(title = hostile, "as a value");
            info!(title = %hostile, "as text");
            info!(title = ?hostile, "as debug");
            info!("as the message: {hostile}");
            error!("{hostile}");
            (0..11).for_each(|_| warn!("repeated {hostile}"));
        });
        assert_eq!(text.lines().count(), 5 + 11, "{text}");
        let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(bad), "{text:?}");
    }
}

#[test]
fn colours_do_not_open_the_door() {
    let look = Look {
        json: false,
        colours: true,
    };
    let text = logged(
        look,
        "info",
        |_| info!(title = %"x\x1b[2Jy", "hello \x1b[2J"),
    );
    assert!(text.contains("\x1b["), "colours are on: {text:?}");
    assert!(!text.contains("\x1b[2J"), "{text:?}");
}

#[test]
fn the_format_follows_the_terminal_unless_it_is_set() {
    for (format, terminal, json) in [
        (LogFormat::Auto, true, false),
        (LogFormat::Auto, false, true),
        (LogFormat::Json, true, true),
        (LogFormat::Text, false, false),
    ] {
        assert_eq!(is_json(format, terminal), json, "{format:?} {terminal}");
    }
    assert_eq!(
        serde_json::to_string(&LogFormat::Auto).expect("JSON"),
        "\"auto\""
    );
}

#[test]
fn good_filters_parse() {
    for filter in [
        "",
        "info",
        "INFO",
        "off",
        "newsstage=debug,warn",
        "info,librdkafka=off",
        "info, hyper=error",
        "axum",
        "tower",
    ] {
        assert!(check_filter(filter).is_ok(), "{filter}");
    }
}

#[test]
fn bad_filters_name_the_setting() {
    for (filter, part) in [
        ("inof", "did you mean \"info\""),
        ("warning", "\"warn\""),
        ("newsstage=loud", "newsstage=loud"),
        ("debgu,x=info", "\"debug\""),
    ] {
        let error = check_filter(filter).expect_err(filter).to_string();
        assert!(
            error.starts_with("log.filter = ") && error.contains(part),
            "{error}"
        );
    }
    let error = parse_filter(FILTER_VARIABLE, "a=b=c")
        .expect_err("bad")
        .to_string();
    assert!(error.starts_with("RUST_LOG = "), "{error}");
}

#[test]
fn the_variable_wins_over_the_setting() {
    let chosen =
        |variable, setting| chosen_filter(variable, setting).map(|filter| filter.to_string());
    assert_eq!(chosen(Some("debug"), "warn").expect("filter"), "debug");
    assert_eq!(chosen(Some("debug"), "inof").expect("filter"), "debug");
    assert_eq!(chosen(Some(" "), "warn").expect("filter"), "warn");
    assert_eq!(chosen(None, "warn").expect("filter"), "warn");
    assert!(
        chosen(Some("inof"), "warn")
            .expect_err("bad")
            .to_string()
            .starts_with("RUST_LOG")
    );
}

/// A value whose formatting logs.
struct Chatty;

impl std::fmt::Debug for Chatty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        warn!("formatting");
        f.write_str("chatty")
    }
}

#[test]
fn a_value_that_logs_does_not_block_the_log() {
    let text = logged(TEXT, "info", |_| {
        (0..30).for_each(|_| warn!("{:?}", Chatty))
    });
    assert!(text.contains("suppressed 20 repeats of chatty"), "{text}");
}

#[test]
fn an_empty_filter_means_info() {
    let text = logged(TEXT, "", |_| {
        info!("shown");
        debug!("hidden");
    });
    assert!(text.contains("shown") && !text.contains("hidden"), "{text}");
}
