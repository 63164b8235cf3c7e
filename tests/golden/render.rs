//! Golden files: written to be read by a person, compared as JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use newsstage::pipeline::Outcome;
use serde_json::{Value, json};

use super::places::{self, Place};

/// Widest line of a golden file; what fits stays on one line.
const WIDTH: usize = 110;
/// Lines shown around a difference.
const CONTEXT: usize = 3;

/// What a golden file says of an outcome. `words` shows, for a reviewer, what the places point at.
pub fn golden(name: &str, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Tombstone => json!({ "case": name, "outcome": "tombstone" }),
        Outcome::Rejected(rejection) => {
            json!({ "case": name, "outcome": "rejected", "code": rejection.code.as_str() })
        }
        Outcome::Enriched(enriched) => {
            let article = places::parse(&enriched.value);
            let mut enrichment = article["enrichment"].clone();
            // A release or another default would otherwise change every file.
            enrichment["stage"]["version"] = "VERSION".into();
            enrichment["stage"]["config"] = "CONFIG".into();
            enrichment["stage"]["taxonomy"] = "TAXONOMY".into();
            json!({
                "case": name,
                "outcome": "enriched",
                "enrichment": enrichment,
                "words": words(&article),
            })
        }
    }
}

fn words(article: &Value) -> Value {
    let enrichment = &article["enrichment"];
    let dropped = enrichment["content"]["dropped"].as_array();
    let dropped = dropped.into_iter().flatten().map(|span| {
        let text: String = Place::of(span).text(article).chars().take(60).collect();
        format!("{}: {}", span["kind"].as_str().unwrap_or_default(), text)
    });
    let evidence = places::evidence(enrichment).map(|(topic, evidence)| {
        let term = evidence["term"].as_str().unwrap_or_default();
        format!("{topic} {term}: {}", Place::of(evidence).text(article))
    });
    json!({ "dropped": dropped.collect::<Vec<_>>(), "evidence": evidence.collect::<Vec<_>>() })
}

/// Compares with the golden file, or writes it when `UPDATE_GOLDEN` is set. `Err` is a report for a person.
pub fn compare(folder: &str, name: &str, actual: &Value) -> Result<(), String> {
    let path = path(folder, name);
    let text = pretty(actual);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("the golden file is written");
        return Ok(());
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if serde_json::from_str::<Value>(&known).is_ok_and(|known| known == *actual) {
        return Ok(());
    }
    Err(format!("{}\n{}", path.display(), difference(&known, &text)))
}

/// Names of the golden files of a folder.
pub fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(path(folder, "x").parent().expect("a folder"))
        .expect("golden files")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

fn path(folder: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(folder)
        .join(format!("{name}.json"))
}

/// JSON with one line for whatever fits in one.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    out.push('\n');
    out
}

fn write(out: &mut String, value: &Value, depth: usize) {
    let short = value.to_string();
    let room = WIDTH.saturating_sub(2 * depth);
    let (open, close, items): (char, char, Vec<(String, &Value)>) = match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| (String::new(), item));
            ('[', ']', items.collect())
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(key, value)| (format!("{}: ", json!(key)), value))
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            ('{', '}', members)
        }
        _ => return out.push_str(&short),
    };
    if depth > 0 && short.chars().count() <= room || items.is_empty() {
        return out.push_str(&short);
    }
    out.push(open);
    for (index, (key, item)) in items.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        write!(out, "{comma}\n{}{key}", "  ".repeat(depth + 1)).expect("text");
        write(out, item, depth + 1);
    }
    write!(out, "\n{}{close}", "  ".repeat(depth)).expect("text");
}

/// The lines that differ, with their neighbours: `-` is the golden file, `+` what came out.
fn difference(known: &str, actual: &str) -> String {
    let lines = merged(
        &known.lines().collect::<Vec<_>>(),
        &actual.lines().collect::<Vec<_>>(),
    );
    let changed = |at: usize| {
        let around = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len());
        lines[around].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut out = String::new();
    for (at, (mark, line)) in lines.iter().enumerate() {
        if changed(at) {
            writeln!(out, "  {mark} {line}").expect("text");
        } else if at > 0 && changed(at - 1) {
            out.push_str("  …\n");
        }
    }
    out + "  (UPDATE_GOLDEN=1 cargo test --release --test golden takes the new values; read the diff before you commit)\n"
}

/// The lines of both texts: common ones once, by the longest common subsequence.
fn merged<'t>(known: &[&'t str], actual: &[&'t str]) -> Vec<(char, &'t str)> {
    let equal = |a: &str, b: &str| a.trim_end_matches(',') == b.trim_end_matches(',');
    let mut common = vec![vec![0_u32; actual.len() + 1]; known.len() + 1];
    for (i, a) in known.iter().enumerate().rev() {
        for (j, b) in actual.iter().enumerate().rev() {
            common[i][j] = if equal(a, b) {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < known.len() || j < actual.len() {
        if i < known.len() && j < actual.len() && equal(known[i], actual[j]) {
            lines.push((' ', known[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == actual.len() || (i < known.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', known[i]));
            i += 1;
        } else {
            lines.push(('+', actual[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_only_what_differs() {
        let text = difference("a\nb\nc\nd\n", "a\nb\nx\nd\n");
        assert!(
            text.starts_with("    a\n    b\n  - c\n  + x\n    d\n"),
            "{text}"
        );
    }

    #[test]
    fn short_values_stay_on_one_line() {
        let value = json!({ "long": ["x".repeat(80), "y".repeat(80)], "short": { "a": 1 } });
        let text = pretty(&value);
        assert_eq!(text.lines().count(), 7, "{text}");
        assert!(text.contains("  \"short\": {\"a\":1}\n"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
