//! The repeat limit as a layer of the log.

use std::fmt::{self, Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::callsite::{DefaultCallsite, Identifier};
use tracing::field::{Field, FieldSet, Value, Visit};
use tracing::metadata::Kind;
use tracing::{Event, Level, Metadata, Subscriber, dispatcher};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::limit::{Admission, Limiter, Suppressed};

/// The longest part of a message repeated in a report, in characters.
const MAX_EXAMPLE_CHARS: usize = 200;

/// The call site of reports, which are not themselves limited: there is at most one per call site
/// and window.
static REPORT: DefaultCallsite = DefaultCallsite::new(&REPORT_METADATA);
static REPORT_METADATA: Metadata<'static> = Metadata::new(
    "suppressed repeats",
    "newsstage::telemetry",
    Level::WARN,
    None,
    None,
    Some("newsstage::telemetry"),
    FieldSet::new(&["message", "suppressed"], Identifier(&REPORT)),
    Kind::EVENT,
);

type Shared = Arc<Mutex<Limiter<Identifier, String>>>;

/// Drops the lines of a call site that repeats itself. It must be the outermost layer: reports go
/// to the layers inside it.
pub(super) struct RepeatLimit {
    limiter: Shared,
    clock: fn() -> i64,
}

impl RepeatLimit {
    /// Lets `repeats` lines of each call site through in each window of `window_ms`.
    pub(super) fn new(repeats: u64, window_ms: i64, clock: fn() -> i64) -> Self {
        Self {
            limiter: Arc::new(Mutex::new(Limiter::new(repeats, window_ms))),
            clock,
        }
    }

    /// A handle that reports without a log line to trigger it.
    pub(super) fn reporter(&self) -> Reporter {
        Reporter {
            limiter: Arc::clone(&self.limiter),
            clock: self.clock,
        }
    }
}

impl<S: Subscriber> Layer<S> for RepeatLimit {
    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.callsite() == REPORT_METADATA.callsite() {
            return true;
        }
        let now = (self.clock)();
        let (passed, admission) = {
            let mut limiter = lock(&self.limiter);
            (
                limiter.take_passed(now),
                limiter.admit(metadata.callsite(), now),
            )
        };
        // The lock is free again: describing an event and the layers inside may log.
        if admission == Admission::First {
            let example = describe(event);
            lock(&self.limiter).describe(&metadata.callsite(), example);
        }
        for suppressed in &passed {
            report(suppressed, |event| context.event(event));
        }
        admission == Admission::Pass
    }
}

fn lock(limiter: &Shared) -> MutexGuard<'_, Limiter<Identifier, String>> {
    limiter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reports what was left out.
#[derive(Clone)]
pub(super) struct Reporter {
    limiter: Shared,
    clock: fn() -> i64,
}

impl Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporter")
    }
}

impl Reporter {
    /// Reports windows that have passed.
    pub(super) fn report_passed(&self) {
        let now = (self.clock)();
        let passed = lock(&self.limiter).take_passed(now);
        dispatch(&passed);
    }

    /// Reports everything.
    pub(super) fn report_all(&self) {
        let all = lock(&self.limiter).take_all();
        dispatch(&all);
    }
}

fn dispatch(all: &[Suppressed<String>]) {
    for suppressed in all {
        report(suppressed, |event| {
            dispatcher::get_default(|dispatch| dispatch.event(event))
        });
    }
}

/// Makes the event of a report and hands it on.
fn report(suppressed: &Suppressed<String>, hand_on: impl FnOnce(&Event<'_>)) {
    let fields = REPORT_METADATA.fields();
    let (Some(message), Some(count)) = (fields.field("message"), fields.field("suppressed")) else {
        return;
    };
    let text = format!(
        "suppressed {} repeats of {}",
        suppressed.lines, suppressed.example
    );
    let values = [
        (&message, Some(&format_args!("{text}") as &dyn Value)),
        (&count, Some(&suppressed.lines)),
    ];
    hand_on(&Event::new(&REPORT_METADATA, &fields.value_set(&values)));
}

/// Where a line comes from and what it said, for the report.
fn describe(event: &Event<'_>) -> String {
    let metadata = event.metadata();
    let mut message = Message(String::new());
    event.record(&mut message);
    let mut text: String = message.0.chars().take(MAX_EXAMPLE_CHARS).collect();
    if text.len() < message.0.len() {
        text.push('…');
    }
    // Writing to a `String` does not fail.
    let place = match (metadata.file(), metadata.line()) {
        (Some(file), Some(line)) => write!(text, " ({}, {file}:{line})", metadata.target()),
        _ => write!(text, " ({})", metadata.target()),
    };
    place.ok();
    text
}

/// Picks the message of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").ok();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0.push_str(value);
        }
    }
}
