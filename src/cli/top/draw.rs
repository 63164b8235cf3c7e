//! The picture: lines that are never wider than the terminal. All names go through [`fit`] or [`padded`].

use std::collections::HashMap;

use super::super::screen::{Paint, columns, fit, padded};
use super::figures::{Count, Figures};

/// The narrowest terminal that is looked after.
const NARROW: usize = 20;
/// Columns of a block at least, where several stand side by side, and between two of them.
const BLOCK: usize = 34;
const GAP: usize = 3;
/// The most rows of a block.
const ROWS: usize = 8;

/// All lines for this width. `state` says how the instance is, and is shown first.
pub(super) fn lines(
    figures: &Figures,
    labels: &HashMap<String, &'static str>,
    state: &str,
    width: usize,
    paint: Paint,
) -> Vec<String> {
    let width = width.max(NARROW);
    let mut out = vec![head(figures, state, width, paint)];
    for trouble in troubles(figures) {
        out.push(paint.red(&fit(&trouble, width)));
    }
    out.push(String::new());
    for parts in [flow(figures), work(figures), index(figures)] {
        out.extend(wrapped(&parts, width, paint));
    }
    out.push(String::new());
    let across = ((width + GAP) / (BLOCK + GAP)).clamp(1, 3);
    let each = ((width + GAP) / across - GAP).min(60);
    let over = figures.over.map_or_else(
        || "since the start".to_owned(),
        |seconds| format!("last {seconds:.0} s"),
    );
    let topics: Vec<Count> = figures
        .topics
        .iter()
        .map(|(id, count)| {
            let label = labels
                .get(id)
                .map_or_else(|| id.clone(), |label| (*label).to_owned());
            (label, *count)
        })
        .collect();
    let articles: f64 = figures.verdicts.iter().map(|(_, count)| count).sum();
    let blocks = [
        shares(
            &format!("Verdicts, {over}"),
            &figures.verdicts,
            articles,
            each,
            paint,
        ),
        shares(
            &format!("Languages, {over}"),
            &figures.languages,
            articles,
            each,
            paint,
        ),
        shares(&format!("Topics, {over}"), &topics, articles, each, paint),
        lag(figures, each, paint),
        dead_letters(figures, each, paint),
    ];
    for row in blocks.chunks(across) {
        out.extend(beside(row, each));
        out.push(String::new());
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

fn head(figures: &Figures, state: &str, width: usize, paint: Paint) -> String {
    let name = fit(&format!("newsstage {}", figures.version), width);
    let rest = width.saturating_sub(columns(&name) + 2);
    let state = format!("{state} · up {}", duration(figures.up));
    match rest {
        0..8 => paint.bold(&name),
        rest => format!("{}  {}", paint.bold(&name), paint.dim(&fit(&state, rest))),
    }
}

/// What somebody must look at.
fn troubles(figures: &Figures) -> Vec<String> {
    let mut troubles = Vec::new();
    if figures.breaker {
        troubles
            .push("breaker open: too many dead letters, the stage has stopped itself".to_owned());
    }
    if figures.split {
        troubles.push("index split: copies across replicas are not found".to_owned());
    }
    troubles
}

/// Name and value of what passes through.
type Parts = Vec<(&'static str, String)>;

fn flow(figures: &Figures) -> Parts {
    let messages: f64 = figures.lag.iter().map(|(_, messages, _)| messages).sum();
    let oldest = figures.lag.iter().filter_map(|(.., seconds)| *seconds);
    let oldest = oldest.fold(0.0, f64::max);
    let mut lag = number(messages);
    if oldest > 0.0 {
        lag += &format!(", {}", seconds(oldest));
    }
    vec![
        ("in", rate(figures.read)),
        ("out", rate(figures.written)),
        ("dead letters", rate(figures.dead)),
        ("in flight", number(figures.in_flight)),
        ("lag", lag),
    ]
}

fn work(figures: &Figures) -> Parts {
    let latency = figures.latency.map_or_else(
        || "–".to_owned(),
        |all| {
            let [p50, p90, p99] = all.map(seconds);
            format!("p50 {p50}  p90 {p90}  p99 {p99}")
        },
    );
    let aborted = match figures.aborted {
        0.0 => String::new(),
        aborted => format!(", {} aborted", number(aborted)),
    };
    vec![
        ("latency", latency),
        ("transactions", rate(figures.transactions) + &aborted),
        ("rebalances", number(figures.rebalances)),
    ]
}

fn index(figures: &Figures) -> Parts {
    let cores = figures
        .cores
        .map_or_else(|| "–".to_owned(), |cores| format!("{cores:.2} cores"));
    vec![
        ("index", format!("{} articles", number(figures.entries))),
        ("on disk", bytes(figures.disk_bytes)),
        ("in memory", bytes(figures.memory_bytes)),
        (
            "process",
            format!("{cores}, {}", bytes(figures.resident_bytes)),
        ),
    ]
}

/// Parts after each other, on as many lines as they need.
fn wrapped(parts: &Parts, width: usize, paint: Paint) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for (name, value) in parts {
        let value = fit(value, width.saturating_sub(name.len() + 1).max(1));
        let wide = name.len() + 1 + columns(&value);
        let text = format!("{} {value}", paint.dim(name));
        match lines.last_mut() {
            Some((line, used)) if *used + GAP + wide <= width => {
                *line += &format!("{}{text}", " ".repeat(GAP));
                *used += GAP + wide;
            }
            _ => lines.push((text, wide)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

/// A heading and a bar for each name; every line fills `width`.
fn shares(title: &str, counts: &[Count], all: f64, width: usize, paint: Paint) -> Vec<String> {
    let mut rows = vec![paint.bold(&padded(title, width))];
    let name_width = (width / 2).clamp(6, 34);
    let bar_width = width.saturating_sub(name_width + 8);
    let largest = counts.first().map_or(1.0, |(_, count)| *count);
    let largest = counts
        .iter()
        .fold(largest, |most, (_, count)| most.max(*count));
    for (name, count) in counts.iter().take(ROWS) {
        let percent = if all > 0.0 { count / all * 100.0 } else { 0.0 };
        rows.push(format!(
            "{} {} {:>5.1}%",
            padded(name, name_width),
            paint.cyan(&bar(count / largest, bar_width)),
            percent.min(999.9),
        ));
    }
    if counts.is_empty() {
        rows.push(paint.dim(&padded("none yet", width)));
    }
    if counts.len() > ROWS {
        let more = format!("and {} more", counts.len() - ROWS);
        rows.push(paint.dim(&padded(&more, width)));
    }
    rows
}

fn lag(figures: &Figures, width: usize, paint: Paint) -> Vec<String> {
    let mut rows = vec![paint.bold(&padded("Lag by partition", width))];
    let name_width = width.saturating_sub(20).max(8);
    for (name, messages, age) in figures.lag.iter().take(ROWS) {
        let age = age.map_or_else(String::new, seconds);
        let row = format!(
            "{} {:>10} {age:>8}",
            padded(name, name_width),
            number(*messages)
        );
        rows.push(padded(&row, width));
    }
    if figures.lag.is_empty() {
        rows.push(paint.dim(&padded("no partition", width)));
    }
    if figures.lag.len() > ROWS {
        let more = format!("and {} more", figures.lag.len() - ROWS);
        rows.push(paint.dim(&padded(&more, width)));
    }
    rows
}

fn dead_letters(figures: &Figures, width: usize, paint: Paint) -> Vec<String> {
    let mut rows = vec![paint.bold(&padded("Dead letters, since the start", width))];
    for (reason, count) in figures.dead_letters.iter().take(ROWS) {
        let row = format!(
            "{} {:>9}",
            padded(reason, width.saturating_sub(10)),
            number(*count)
        );
        rows.push(paint.yellow(&padded(&row, width)));
    }
    if figures.dead_letters.is_empty() {
        rows.push(paint.dim(&padded("none", width)));
    }
    rows
}

/// Blocks side by side; all lines of a block have the same width.
fn beside(blocks: &[Vec<String>], each: usize) -> Vec<String> {
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let empty = " ".repeat(each);
    (0..height)
        .map(|row| {
            let cells = blocks
                .iter()
                .map(|block| block.get(row).unwrap_or(&empty).as_str());
            let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
            line.trim_end().to_owned()
        })
        .collect()
}

/// A bar of `width` columns, in eighths of a column.
fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let eighths = (share * width as f64 * 8.0).round() as usize;
    let part = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    padded(&format!("{}{part}", "█".repeat(eighths / 8)), width)
}

fn rate(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.1}/s"),
        Some(value) => format!("{}/s", number(value)),
    }
}

/// A whole number in groups of three.
fn number(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn seconds(value: f64) -> String {
    match value {
        value if !value.is_finite() => "over a day".to_owned(),
        value if value < 1.0 => format!("{:.0} ms", value * 1000.0),
        value if value < 60.0 => format!("{value:.1} s"),
        value => duration(value),
    }
}

fn duration(value: f64) -> String {
    let all = value.max(0.0) as u64;
    let (days, hours, minutes) = (all / 86_400, all / 3600 % 24, all / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{all} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", all % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (value.max(0.0), 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    let digits = usize::from(value < 10.0 && unit > 0);
    format!(
        "{value:.digits$} {}",
        UNITS.get(unit).copied().unwrap_or_default()
    )
}

#[cfg(test)]
#[path = "draw_tests.rs"]
mod tests;
