//! Extra checks on data beside the project: not needed to build or test it.

use super::ZoneKind;
use super::page_tests::build;

#[derive(serde::Deserialize)]
struct Row {
    #[serde(default)]
    text: String,
    #[serde(default)]
    page: String,
}

/// Words of `text` that are kept as content, and all its words.
fn kept(text: &str, show: bool) -> (usize, usize) {
    let document = build(None, Some(text), None);
    let (mut kept, mut all) = (0, 0);
    for field in &document.fields {
        for block in &field.blocks {
            let text = &field.text[block.bytes.clone()];
            let words = super::folded_words(text).len();
            all += words;
            if block.kind.is_content() {
                kept += words;
            } else if show {
                let head: String = text.chars().take(110).collect();
                let reason = block.reason.as_deref().unwrap_or_default();
                eprintln!("EVAL {:?} [{reason}] {words}: {head}", block.kind);
            }
        }
    }
    (kept, all)
}

#[test]
fn real_stories_are_hardly_touched() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/eval/dedup/aeb.jsonl"
    );
    let Ok(rows) = std::fs::read_to_string(std::env::var("AEB").unwrap_or(path.to_owned())) else {
        eprintln!("skipped: no page collection beside the project");
        return;
    };
    let mut shares = Vec::new();
    let mut pages = 0;
    for row in rows.lines() {
        let row: Row = serde_json::from_str(row).expect("a row");
        pages += usize::from(!row.page.is_empty());
        let (kept, all) = kept(&row.text, true);
        shares.push(kept as f64 / all.max(1) as f64);
    }
    let _ = ZoneKind::Main;
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let least = shares.iter().copied().fold(1.0, f64::min);
    eprintln!(
        "EVAL rows {} with pages {pages}; kept {mean:.4} least {least:.3}",
        shares.len()
    );
}
