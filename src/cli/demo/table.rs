//! The table that the demo shows, and its summary.

use std::collections::BTreeMap;

use super::super::screen::{Paint, fit, padded};
use super::broker::Seen;

const ID: usize = 20;
const LANGUAGE: usize = 8;
const TOPICS: usize = 42;
const VERDICT: usize = 34;

pub fn head(paint: Paint) -> String {
    let cells = [
        padded("ID", ID),
        padded("LANGUAGE", LANGUAGE),
        padded("TOPICS", TOPICS),
        padded("DUPLICATE OF", VERDICT),
    ];
    paint.bold(cells.join("  ").trim_end())
}

pub fn row(seen: &Seen, paint: Paint) -> String {
    let id = padded(&seen.id, ID);
    if let Some(code) = &seen.rejected {
        return format!(
            "{id}  {}\n",
            paint.red(&format!("dead letter: {}", fit(code, 40)))
        );
    }
    if seen.tombstone {
        return format!("{id}  {}\n", paint.dim("tombstone, passed through"));
    }
    let language = padded(&seen.language, LANGUAGE);
    let topics = padded(&seen.topics.join("; "), TOPICS);
    let verdict = if seen.of.is_empty() {
        paint.dim("–")
    } else {
        paint.cyan(&fit(&format!("{} ({})", seen.of, seen.dedup), VERDICT))
    };
    format!("{id}  {}  {topics}  {verdict}\n", paint.green(&language))
}

pub fn summary(seen: &[Seen], paint: Paint) -> String {
    let counted = |values: &mut dyn Iterator<Item = &str>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for value in values {
            *counts.entry(value.to_owned()).or_default() += 1;
        }
        let mut rows: Vec<(String, usize)> = counts.into_iter().collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows.iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let enriched: Vec<&Seen> = seen
        .iter()
        .filter(|seen| seen.rejected.is_none() && !seen.tombstone)
        .collect();
    let languages = counted(&mut enriched.iter().map(|seen| seen.language.as_str()));
    let verdicts = counted(&mut enriched.iter().map(|seen| seen.dedup.as_str()));
    let dead = counted(&mut seen.iter().filter_map(|seen| seen.rejected.as_deref()));
    format!(
        "\n{}\n  {} messages: {} enriched, {} to the dead-letter topic\n  duplicates   {verdicts}\n  \
         languages    {languages}\n  dead letters {dead}\n",
        paint.bold("Summary"),
        seen.len(),
        enriched.len(),
        seen.iter().filter(|seen| seen.rejected.is_some()).count(),
    )
}
