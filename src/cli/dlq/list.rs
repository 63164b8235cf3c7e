//! `dlq list`: how many dead letters there are and why, and the last of them.

use std::collections::{BTreeMap, VecDeque};
use std::io::IsTerminal as _;

use serde_json::json;

use super::describe::{facts, place, safe_line, time};
use super::{AT_ONCE, ListArgs, WAIT, failed};
use crate::cli::screen::{Paint, fit, padded, safe};
use crate::cli::{Exit, print};
use crate::kafka::dead_letter::DeadLetter;
use crate::kafka::history::History;

/// Dead letters listed for people, unless they ask for more.
const SHOWN: usize = 20;
/// Reasons counted one by one: a foreign program's dead letters may have one each.
const MOST_REASONS: usize = 200;
/// Columns of a reason and of the words that explain it.
const REASON: usize = 18;
const DETAIL: usize = 60;

/// Counts of one reason.
#[derive(Debug, Default, Clone)]
pub struct Count {
    /// Dead letters.
    pub letters: u64,
    /// Least and greatest time of a message.
    pub span_ms: Option<(i64, i64)>,
    /// What the last one said.
    pub example: String,
}

/// Dead letters by reason.
#[derive(Debug, Default)]
pub struct Histogram {
    /// All of them.
    pub total: u64,
    /// By reason.
    pub reasons: BTreeMap<String, Count>,
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, letter: &DeadLetter) {
        self.total += 1;
        let mut reason = letter.reason();
        if !self.reasons.contains_key(&reason) && self.reasons.len() >= MOST_REASONS {
            reason = "other".to_owned();
        }
        let count = self.reasons.entry(reason).or_default();
        count.letters += 1;
        count.example = letter.detail();
        if let Some(at) = letter.record.timestamp_ms {
            let (first, last) = count.span_ms.unwrap_or((at, at));
            count.span_ms = Some((first.min(at), last.max(at)));
        }
    }

    /// As a table, the most frequent reason first.
    pub fn table(&self, paint: Paint) -> String {
        let mut rows: Vec<(&String, &Count)> = self.reasons.iter().collect();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(count.letters));
        let mut out = String::new();
        for (reason, count) in rows {
            let share = count.letters as f64 * 100.0 / self.total.max(1) as f64;
            let (first, last) = count
                .span_ms
                .map_or((None, None), |(first, last)| (Some(first), Some(last)));
            out += &format!(
                "{} {:>9} {share:>5.1}%  {} … {}  {}\n",
                paint.bold(&padded(reason, REASON)),
                count.letters,
                time(first),
                time(last),
                paint.dim(&fit(&count.example, DETAIL)),
            );
        }
        out
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let reasons = self.reasons.iter().map(|(reason, count)| {
            let (first, last) = count.span_ms.unzip();
            let count = json!({
                "letters": count.letters, "first_timestamp_ms": first, "last_timestamp_ms": last,
            });
            (reason.clone(), count)
        });
        json!(reasons.collect::<serde_json::Map<_, _>>())
    }
}

pub(super) fn main(args: &ListArgs) -> Result<Exit, Exit> {
    let config = args.stage.config()?;
    let filter = args.filter.prepare()?;
    let topic = config.dead_letter.topic.as_str();
    let mut history = History::over(&config, &[topic], &filter.stretch(), args.stage.timeout())
        .map_err(|failure| failed(&failure))?;
    let most = match (args.limit, args.json) {
        (Some(limit), _) => limit,
        (None, true) => usize::MAX,
        (None, false) => SHOWN,
    };
    let mut histogram = Histogram::default();
    let mut last: VecDeque<String> = VecDeque::new();
    let line = |letter: &DeadLetter| match args.json {
        true => format!("{}\n", serde_json::Value::from(facts(letter))),
        false => row(letter),
    };
    loop {
        let records = history
            .next(AT_ONCE, WAIT)
            .map_err(|failure| failed(&failure))?;
        let Some(records) = records else { break };
        let letters = records.into_iter().map(|record| DeadLetter { record });
        for letter in letters.filter(|letter| filter.passes(letter)) {
            histogram.add(&letter);
            if args.json && args.limit.is_none() {
                // Nothing has to be kept back.
                if let exit @ (Exit::InputOutput | Exit::Failure) = print(&line(&letter)) {
                    return Ok(exit);
                }
                continue;
            }
            last.push_back(line(&letter));
            if last.len() > most {
                last.pop_front();
            }
        }
    }
    let listed: String = last.iter().map(String::as_str).collect();
    let text = if args.json {
        let summary = json!({"summary": {
            "topic": topic, "letters": histogram.total, "reasons": histogram.json(),
        }});
        format!("{listed}{summary}\n")
    } else {
        shown(topic, &histogram, &listed, last.len())
    };
    Ok(print(&text))
}

fn shown(topic: &str, histogram: &Histogram, listed: &str, rows: usize) -> String {
    let paint = Paint::new(std::io::stdout().is_terminal());
    let mut out = format!(
        "{}: {} dead letters\n",
        paint.bold(&safe(topic)),
        histogram.total
    );
    out += &histogram.table(paint);
    if rows > 0 {
        out += &format!("\nthe last {rows}; `newsstage dlq show PARTITION/OFFSET` shows one\n");
        out += listed;
    }
    out
}

/// A dead letter in one line.
fn row(letter: &DeadLetter) -> String {
    let record = &letter.record;
    let origin = letter
        .origin()
        .map_or_else(|| "?".to_owned(), |origin| origin.to_string());
    let key = record.key.as_deref().map_or_else(
        || "no key".to_owned(),
        |key| format!("key {}", safe_line(key)),
    );
    let replays = match letter.replays() {
        0 => String::new(),
        n => format!("  replayed {n}×"),
    };
    let bytes = record.payload.as_ref().map_or_else(
        || "no value".to_owned(),
        |value| format!("{} bytes", value.len()),
    );
    format!(
        "{:<10} {} {}  from {}  {}  {bytes}{replays}\n",
        place(letter),
        padded(&letter.reason(), REASON),
        time(record.timestamp_ms),
        fit(&origin, DETAIL),
        fit(&key, DETAIL),
    )
}
