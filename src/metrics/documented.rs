//! `docs/metrics.md` lists every metric.

use std::collections::{BTreeMap, BTreeSet};

use super::tests::{exercised, metrics};

/// One metric as the exposition describes it.
#[derive(Default)]
struct Described {
    kind: String,
    help: String,
    labels: BTreeMap<String, BTreeSet<String>>,
}

/// Names, types, meanings and labels in an exposition, by the name that a query uses.
fn describe(text: &str) -> BTreeMap<String, Described> {
    let mut by_name: BTreeMap<String, Described> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|l| l.split_once(' ')) {
            by_name.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|l| l.split_once(' '))
        {
            by_name.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else if let Some((sample, rest)) = line.split_once('{') {
            let Some((labels, _)) = rest.split_once('}') else {
                continue;
            };
            let family = by_name
                .iter_mut()
                .filter(|(name, _)| sample.starts_with(name.as_str()));
            let Some((_, described)) = family.max_by_key(|(name, _)| name.len()) else {
                continue;
            };
            for (label, value) in labels.split("\",").filter_map(|l| l.split_once("=\"")) {
                let values = described.labels.entry(label.to_owned()).or_default();
                values.insert(value.trim_end_matches('"').to_owned());
            }
        }
    }
    by_name
        .into_iter()
        .map(|(name, described)| {
            let suffix = match described.kind.as_str() {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            (name + suffix, described)
        })
        .collect()
}

/// The table of `docs/metrics.md`.
fn table() -> String {
    let fixed = describe(&metrics().encode());
    let mut rows = String::from("| name | type | labels | meaning |\n|---|---|---|---|\n");
    for (name, described) in describe(&exercised().encode()) {
        let labels: Vec<String> = described
            .labels
            .keys()
            .filter(|l| *l != "le")
            .map(|label| {
                let values = fixed
                    .get(&name)
                    .filter(|d| d.kind != "info")
                    .and_then(|d| d.labels.get(label));
                match values {
                    Some(values) => {
                        let values: Vec<&str> = values.iter().map(String::as_str).collect();
                        format!("`{label}`: {}", values.join(", "))
                    }
                    None => format!("`{label}`"),
                }
            })
            .collect();
        rows += &format!(
            "| `{name}` | {} | {} | {} |\n",
            described.kind,
            labels.join("; "),
            described.help
        );
    }
    rows
}

const BEGIN: &str = "<!-- table: written by the test `the_documentation_lists_every_metric` -->\n";
const END: &str = "<!-- end of table -->\n";

/// `UPDATE_DOCS=1 cargo test the_documentation` rewrites the table.
#[test]
fn the_documentation_lists_every_metric() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    let text = std::fs::read_to_string(path).expect("docs/metrics.md");
    let (head, rest) = text.split_once(BEGIN).expect("the mark before the table");
    let (found, tail) = rest.split_once(END).expect("the mark after the table");
    let expected = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{expected}{END}{tail}"))
            .expect("docs/metrics.md");
    } else {
        assert_eq!(
            found, expected,
            "docs/metrics.md is behind; run the tests with UPDATE_DOCS=1"
        );
    }
}

#[test]
fn names_follow_the_conventions() {
    for (name, described) in describe(&exercised().encode()) {
        assert!(
            name.starts_with("newsstage_") || name.starts_with("process_"),
            "{name}"
        );
        assert!(
            described.help.ends_with('.') && !described.help.ends_with(".."),
            "{name}: {}",
            described.help
        );
        assert!(
            !["counter", "gauge", "histogram", "info"]
                .iter()
                .all(|k| described.kind != *k),
            "{name}"
        );
        for unit in ["_ms", "_millis", "_kb", "_minutes", "_percent"] {
            assert!(!name.contains(unit), "{name} is not in a base unit");
        }
    }
}
