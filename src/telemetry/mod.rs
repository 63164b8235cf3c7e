//! The log: to standard error, as text for a terminal and as JSON for everything else.
//!
//! A call site that repeats itself is cut off after [`REPEATS`] lines in [`WINDOW_MS`], and what
//! was left out is counted in one line; `debug` and `trace` are never cut. Foreign text cannot
//! start a new line or steer a terminal.

mod layer;
mod limit;
#[cfg(test)]
mod tests;
mod writer;

use std::io::{self, IsTerminal};
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Subscriber;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use layer::{RepeatLimit, Reporter};
use writer::{OneLine, write_field};

/// How many lines of one call site pass in one window.
pub const REPEATS: u64 = 10;

/// The window in milliseconds; it starts with a call site's first line.
pub const WINDOW_MS: i64 = 10_000;

/// The environment variable that wins over the setting `log.filter`.
pub const FILTER_VARIABLE: &str = "RUST_LOG";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text when standard error is a terminal, else JSON.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// Text, with colours on a terminal.
    Text,
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A filter does not parse.
    #[error("{origin} = {filter:?}: {reason}; expected directives such as info,newsstage=debug")]
    Filter {
        /// `log.filter` or `RUST_LOG`.
        origin: &'static str,
        /// What it holds.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This process has a log already.
    #[error("the log is already set up")]
    AlreadySet,
}

/// Keeps the log's counts; when dropped, what was left out so far is reported.
#[derive(Debug)]
#[must_use = "dropping it reports left-out lines; keep it until the process ends"]
pub struct LogGuard {
    reporter: Reporter,
}

impl LogGuard {
    /// Reports the lines left out in windows that have passed. Any later log line does this as
    /// well; call it now and then so that a process that falls silent still tells.
    pub fn report(&self) {
        self.reporter.report_passed();
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.reporter.report_all();
    }
}

/// Sets up the log of this process. `RUST_LOG`, if set and not empty, wins over `filter`, which
/// is the setting `log.filter`, e.g. `info,newsstage=debug`.
///
/// # Errors
/// The filter does not parse, or the process has a log already.
pub fn init(format: LogFormat, filter: &str) -> Result<LogGuard, TelemetryError> {
    let filter = chosen_filter(std::env::var(FILTER_VARIABLE).ok().as_deref(), filter)?;
    let terminal = io::stderr().is_terminal();
    let look = Look {
        json: is_json(format, terminal),
        colours: terminal && std::env::var_os("NO_COLOR").is_none(),
    };
    let (subscriber, reporter) = subscriber(look, filter, io::stderr, unix_ms);
    subscriber
        .try_init()
        .map_err(|_| TelemetryError::AlreadySet)?;
    Ok(LogGuard { reporter })
}

/// The filter of the environment variable if it says something, else that of the setting.
fn chosen_filter(variable: Option<&str>, setting: &str) -> Result<EnvFilter, TelemetryError> {
    match variable {
        Some(text) if !text.trim().is_empty() => parse_filter(FILTER_VARIABLE, text),
        _ => parse_filter("log.filter", setting),
    }
}

/// Checks the setting `log.filter` without setting anything up.
///
/// # Errors
/// The filter does not parse.
pub fn check_filter(filter: &str) -> Result<(), TelemetryError> {
    parse_filter("log.filter", filter).map(drop)
}

/// What lines look like, decided.
#[derive(Clone, Copy)]
struct Look {
    json: bool,
    colours: bool,
}

/// Whether lines are JSON.
fn is_json(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Auto => !terminal,
        LogFormat::Json => true,
        LogFormat::Text => false,
    }
}

/// The filter, the line format and the repeat limit, from inside out.
fn subscriber<W>(
    look: Look,
    filter: EnvFilter,
    writer: W,
    clock: fn() -> i64,
) -> (impl Subscriber + Send + Sync + 'static, Reporter)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let limit = RepeatLimit::new(REPEATS, WINDOW_MS, clock);
    let reporter = limit.reporter();
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if look.json {
        let lines = fmt::layer().json().flatten_event(true);
        let lines = lines.with_current_span(true).with_span_list(false);
        Box::new(lines.with_writer(OneLine::new(writer, false)))
    } else {
        let fields = debug_fn(write_field).delimited(" ");
        let lines = fmt::layer().with_ansi(look.colours).fmt_fields(fields);
        Box::new(lines.with_writer(OneLine::new(writer, look.colours)))
    };
    (
        tracing_subscriber::registry()
            .with(lines)
            .with(filter)
            .with(limit),
        reporter,
    )
}

/// Parses a filter; a mistyped level, which would otherwise count as the name of a module and
/// silence everything else, is an error.
fn parse_filter(origin: &'static str, filter: &str) -> Result<EnvFilter, TelemetryError> {
    let error = |reason: String| TelemetryError::Filter {
        origin,
        filter: filter.to_owned(),
        reason,
    };
    let directives: Vec<&str> = filter.split(',').map(str::trim).collect();
    for directive in &directives {
        if let Some(level) = misspelt_level(directive) {
            return Err(error(format!(
                "{directive:?} is no level; did you mean {level:?}?"
            )));
        }
    }
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    builder
        .parse(directives.join(","))
        .map_err(|parse| error(parse.to_string()))
}

/// The level that a directive of one word nearly spells.
fn misspelt_level(directive: &str) -> Option<&'static str> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let word = directive.to_ascii_lowercase();
    let plain = word.len() >= 3 && word.bytes().all(|b| b.is_ascii_alphabetic());
    if !plain || LEVELS.contains(&word.as_str()) {
        return None;
    }
    if word == "warning" {
        return Some("warn");
    }
    LEVELS
        .into_iter()
        .find(|level| strsim::damerau_levenshtein(level, &word) == 1)
}

/// The time in milliseconds since 1970.
fn unix_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
