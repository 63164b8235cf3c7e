//! A query as it stands in a file or on a topic: one JSON object.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::syntax::Dialect;

/// A part of the text in which words without a field are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Headline.
    Title,
    /// First paragraph of the story.
    Lead,
    /// Lead and main text.
    Body,
}

/// A query and what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Name of the query in records and in `topic:`; 1 to 256 bytes without control characters.
    #[serde(default)]
    pub id: String,
    /// For people; the id where it is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The query itself.
    pub query: String,
    /// Languages of the articles to look at (BCP 47, as in `lang:`); empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub langs: Vec<String>,
    /// Where words without a field are looked for; empty: everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// Handed through to the record of every article that matches.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Smallest score of a match, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_score: f32,
    /// Style the query is written in.
    #[serde(default)]
    pub syntax: Dialect,
    /// In scripts without spaces, match only where words begin and end (as `WORD(…)` around the query).
    #[serde(default)]
    pub whole_words: bool,
    /// A query that is switched off is checked but matches nothing.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

impl Definition {
    /// A query without anything beside it.
    pub fn new(id: &str, query: &str) -> Self {
        Self {
            id: id.to_owned(),
            label: String::new(),
            query: query.to_owned(),
            langs: Vec::new(),
            zones: Vec::new(),
            tags: BTreeMap::new(),
            min_score: 0.0,
            syntax: Dialect::default(),
            whole_words: false,
            enabled: true,
        }
    }

    /// Reads one JSON object.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("not a query: {error}"))
    }

    /// What is wrong beside the query, in one sentence.
    pub(super) fn problem(&self) -> Option<String> {
        if self.id.is_empty() {
            return Some("the id is missing".to_owned());
        }
        if self.id.len() > 256 || self.id.chars().any(char::is_control) {
            return Some("the id has more than 256 bytes, or control characters".to_owned());
        }
        if !(0.0..=1e6).contains(&self.min_score) {
            return Some("min_score must be a number from 0 to 1000000".to_owned());
        }
        let lang = self
            .langs
            .iter()
            .find(|code| !super::plan::is_language(&code.replace('_', "-").to_ascii_lowercase()))?;
        Some(format!("langs: {lang:?} is not a language code"))
    }
}

/// A definition and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sourced {
    /// Path of the file, or `topic NAME`.
    pub file: Arc<str>,
    /// Line of the file from 1; 0 where there are no lines.
    pub line: usize,
    /// The definition, or what is wrong with it and the id, as far as it is known.
    pub definition: Result<Definition, (String, String)>,
}

impl Sourced {
    /// A definition that comes from no file, as tests and programs have it.
    pub fn of(definition: Definition) -> Self {
        Self {
            file: "".into(),
            line: 0,
            definition: Ok(definition),
        }
    }

    /// The definitions of a JSON Lines text. Blank lines, and lines that begin with `#` or `//`, are left out.
    pub fn read_lines(file: &Arc<str>, text: &[u8]) -> Vec<Self> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let lines = text.split(|&byte| byte == b'\n').zip(1..);
        lines
            .filter(|(line, _)| {
                let line = line.trim_ascii();
                !(line.is_empty() || line.starts_with(b"#") || line.starts_with(b"//"))
            })
            .map(|(json, line)| Self {
                file: file.clone(),
                line,
                definition: Definition::from_json(json).map_err(|problem| (String::new(), problem)),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_by_one() {
        let text = "\u{feff}{\"id\":\"a\",\"query\":\"oil\",\"langs\":[\"ar\"],\"zones\":[\"title\"],\"tags\":{\"client\":\"7\"}}\n\n# note\n{\"id\":\"b\"}\n{\"id\":\"c\",\"query\":\"x\",\"colour\":1}\r\n{\"id\":\"d\",\"query\":\"y\"}";
        let read = Sourced::read_lines(&"q.jsonl".into(), text.as_bytes());
        assert_eq!(
            read.iter().map(|one| one.line).collect::<Vec<_>>(),
            [1, 4, 5, 6]
        );
        assert_eq!(read[0].definition.as_ref().unwrap().zones, [Zone::Title]);
        assert!(
            read[1]
                .definition
                .as_ref()
                .unwrap_err()
                .1
                .contains("missing field `query`")
        );
        assert!(
            read[2]
                .definition
                .as_ref()
                .unwrap_err()
                .1
                .contains("colour")
        );
        assert_eq!(
            read[3].definition.as_ref().unwrap(),
            &Definition::new("d", "y")
        );
    }

    #[test]
    fn what_stands_beside_the_query_is_checked() {
        let with = |change: fn(&mut Definition)| {
            let mut definition = Definition::new("a", "b");
            change(&mut definition);
            definition.problem()
        };
        assert_eq!(with(|_| ()), None);
        assert!(with(|d| d.id = "x\n".to_owned()).is_some());
        assert!(with(|d| d.langs = vec!["arabic!".to_owned()]).is_some());
        assert!(with(|d| d.min_score = f32::NAN).is_some());
    }
}
