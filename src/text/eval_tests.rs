//! An extra check on real stories beside the project, which is not needed to build or test it.
//!
//! The collection (an article extraction benchmark) gives the main text of pages; where it has the page too, the page
//! is zoned, otherwise the story between the furniture of one of our own pages.

use std::collections::HashMap;

use super::folded_words;
use super::page_tests::build;
use super::pages_tests::furniture;

#[derive(serde::Deserialize)]
struct Row {
    text: String,
    #[serde(default)]
    page: String,
}

fn counts(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in folded_words(text) {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// The content of a page.
fn content(page: &str) -> String {
    let document = build(None, Some(page), None);
    let fields = document.fields.iter();
    let blocks = fields.flat_map(|field| field.blocks.iter().map(move |block| (field, block)));
    blocks
        .filter(|(_, block)| block.kind.is_content())
        .map(|(field, block)| &field.text[block.bytes.clone()])
        .collect::<Vec<_>>()
        .join("\n")
}

/// Precision, recall and F1 of words.
fn score(found: &str, story: &str) -> [f64; 3] {
    let (found, story) = (counts(found), counts(story));
    let same = story
        .iter()
        .map(|(word, count)| found.get(word).map_or(0, |other| *other.min(count)));
    let same = same.sum::<usize>() as f64;
    let share = |all: &HashMap<String, usize>| same / all.values().sum::<usize>().max(1) as f64;
    let (precision, recall) = (share(&found), share(&story));
    let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
    [precision, recall, f1]
}

fn mean(scores: &[[f64; 3]]) -> [f64; 3] {
    let sum = |place: usize| scores.iter().map(|score| score[place]).sum::<f64>();
    [0, 1, 2].map(|place| sum(place) / scores.len().max(1) as f64)
}

#[test]
fn real_stories_are_found_and_hardly_touched() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/eval/dedup/aeb.jsonl"
    );
    let Ok(rows) = std::fs::read_to_string(path) else {
        eprintln!("skipped: no collection of pages beside the project");
        return;
    };
    let (mut bare, mut whole, mut zoned, mut given) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (index, row) in rows.lines().enumerate() {
        let row: Row = serde_json::from_str(row).expect("a row");
        let (head, tail) = furniture(index);
        let page = if row.page.is_empty() {
            format!("{head}\n{}\n{tail}", row.text)
        } else {
            given += 1;
            row.page
        };
        bare.push(score(&content(&row.text), &row.text));
        whole.push(score(&page, &row.text));
        zoned.push(score(&content(&page), &row.text));
    }
    let (bare, whole, zoned) = (mean(&bare), mean(&whole), mean(&zoned));
    eprintln!(
        "{} stories, {given} with their page; precision, recall, F1: whole page {whole:.4?}, zoned {zoned:.4?}; \
         recall of bare stories {:.4}",
        rows.lines().count(),
        bare[1]
    );
    assert!(bare[1] >= 0.985, "{bare:?}");
    assert!(
        zoned[1] >= 0.975 && zoned[2] >= whole[2],
        "{whole:?} {zoned:?}"
    );
}
