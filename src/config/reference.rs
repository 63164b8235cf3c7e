//! The reference of all settings, written from the key tree.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::check::range;
use super::keys::{KeyNode, Kind, dotted, key_tree};
use super::show::literal;

const INTRODUCTION: &str = include_str!("reference_introduction.md");

/// Tables in the order in which an article meets them; any other follows by name.
const ORDER: [&str; 14] = [
    "input",
    "output",
    "dead_letter",
    "kafka",
    "batch",
    "stages",
    "dedup",
    "language",
    "topics",
    "text",
    "retry",
    "shutdown",
    "liveness",
    "admin",
];

/// `docs/configuration.md`: every key with its type, default and meaning.
pub fn reference_markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    section(&mut text, &[], key_tree());
    let Kind::Table(tables) = &key_tree().kind else {
        return text;
    };
    let position = |name: &str| {
        ORDER
            .iter()
            .position(|known| *known == name)
            .unwrap_or(ORDER.len())
    };
    let mut names: Vec<&String> = tables.keys().collect();
    names.sort_by_key(|name| position(name));
    for name in names {
        let top = [name.clone()];
        // A table's own section comes before those of the tables in it.
        let below = key_tree()
            .paths()
            .into_iter()
            .filter(|path| path.starts_with(&top));
        for path in below {
            if let Some(node) = key_tree()
                .at(&path)
                .filter(|node| matches!(node.kind, Kind::Table(_)))
            {
                section(&mut text, &path, node);
            }
        }
    }
    text
}

/// One table: its meaning and a row for each of its keys. Nothing for a table that holds tables alone.
fn section(text: &mut String, path: &[String], node: &KeyNode) {
    let Kind::Table(keys) = &node.kind else {
        return;
    };
    let leaves: Vec<_> = keys
        .iter()
        .filter(|(_, child)| !matches!(child.kind, Kind::Table(_)))
        .collect();
    if leaves.is_empty() && !keys.is_empty() {
        return;
    }
    let title = if path.is_empty() {
        "Top level".to_owned()
    } else {
        format!("`[{}]`", dotted(path))
    };
    let doc = if path.is_empty() {
        "Keys before the first table."
    } else {
        node.doc.as_str()
    };
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## {title}\n\n{doc}\n");
    if leaves.is_empty() {
        text.push_str("\nIt has no settings yet.\n");
        return;
    }
    text.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
    for (name, leaf) in leaves {
        let _ = writeln!(
            text,
            "| `{name}` | {} | {} | {} |",
            cell(&type_name(leaf)),
            cell(&default(leaf)),
            cell(&meaning(leaf))
        );
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn type_name(node: &KeyNode) -> String {
    let range = range(node);
    match &node.kind {
        Kind::Text if node.secret => "secret".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Duration => format!("duration{range}"),
        Kind::Size => format!("byte size{range}"),
        Kind::Integer => format!("whole number{range}"),
        Kind::Number => format!("number{range}"),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Choice(names) => {
            let names: Vec<String> = names
                .iter()
                .map(|(name, _)| format!("`\"{name}\"`"))
                .collect();
            if names.len() == 1 {
                names.concat()
            } else {
                format!("one of {}", names.join(", "))
            }
        }
        Kind::List(item) => format!("list of {}", type_name(item)),
        Kind::Properties(_) => "table of properties".to_owned(),
        Kind::Map(item) => format!("table; each value: {}", type_name(item)),
        Kind::Table(_) => "table".to_owned(),
        Kind::Any => "any".to_owned(),
    }
}

fn default(node: &KeyNode) -> String {
    let Some(default) = &node.default else {
        return "unset".to_owned();
    };
    match default {
        Json::String(text) if text.is_empty() => "empty".to_owned(),
        Json::Object(map) if map.is_empty() => "empty".to_owned(),
        Json::Array(items) if items.is_empty() => "empty".to_owned(),
        // Whole numbers come without a fraction, numbers as TOML writes them.
        Json::Number(number) if node.kind == Kind::Integer => format!("`{number}`"),
        other => match toml::Value::try_from(other) {
            Ok(value) => format!("`{}`", literal(&value)),
            Err(_) => format!("`{other}`"),
        },
    }
}

fn meaning(node: &KeyNode) -> String {
    let Kind::Choice(names) = &node.kind else {
        return node.doc.clone();
    };
    let mut text = node.doc.clone();
    for (name, doc) in names.iter().filter(|(_, doc)| !doc.is_empty()) {
        let _ = write!(text, "<br>`\"{name}\"`: {doc}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

    /// `UPDATE_DOCS=1` writes the file anew.
    #[test]
    fn the_published_reference_is_up_to_date() {
        let expected = reference_markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(FILE, &expected).expect("writes the reference");
        }
        let published = std::fs::read_to_string(FILE).expect("docs/configuration.md");
        assert!(
            published == expected,
            "docs/configuration.md is stale: run the tests once with UPDATE_DOCS=1"
        );
    }

    #[test]
    fn every_key_is_in_it() {
        let text = reference_markdown();
        for path in key_tree().paths() {
            let node = key_tree().at(&path).expect("listed");
            let name = path.last().expect("not the root");
            let holds_tables_alone = matches!(&node.kind, Kind::Table(keys)
                if !keys.is_empty() && keys.values().all(|child| matches!(child.kind, Kind::Table(_))));
            if matches!(node.kind, Kind::Table(_)) {
                assert!(
                    holds_tables_alone || text.contains(&format!("`[{}]`", dotted(&path))),
                    "{}",
                    dotted(&path)
                );
            } else {
                assert!(text.contains(&format!("| `{name}` |")), "{}", dotted(&path));
            }
        }
    }

    #[test]
    fn rows_give_type_range_default_and_choices() {
        let text = reference_markdown();
        for part in [
            "| `linger` | duration from 0ms to 1m | `\"100ms\"` |",
            "| `bytes` | byte size from 1KiB to 1GiB | `\"12MiB\"` |",
            "| `threads` | whole number from 1 to 1024 | unset |",
            "| `max_ratio` | number from 0 to 1 | `0.5` |",
            "| `password` | secret | unset |",
            "<br>`\"route\"`: They go to `output.duplicates_topic`",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
