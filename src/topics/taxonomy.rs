//! The topics that can be given: IPTC Media Topics, levels 1 and 2.

use std::collections::HashMap;

use super::settings::{Problem, TopicError};

/// The shipped list: code, broader code, English label.
pub(super) const TOPICS: &str = include_str!("taxonomy/topics.tsv");
const FILE: &str = "topics.tsv";

/// Every topic that can be given: its identifier, such as `medtop:11000000`, and its English label.
pub fn labels() -> impl Iterator<Item = (String, &'static str)> {
    let lines = TOPICS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut columns = line.split('\t');
        let (code, label) = (columns.next()?, columns.nth(1)?);
        Some((format!("medtop:{code}"), label))
    })
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    /// Eight digits.
    pub(super) code: String,
    /// English label.
    pub(super) label: String,
    /// The broader topic, for level 2.
    pub(super) parent: Option<u16>,
}

/// All topics; a broader one stands before its narrower ones.
#[derive(Debug, Clone)]
pub(super) struct Taxonomy {
    topics: Vec<Topic>,
    by_code: HashMap<String, u16>,
}

impl Taxonomy {
    /// The shipped topics.
    pub(super) fn shipped() -> Result<Self, TopicError> {
        Self::parse(TOPICS)
    }

    fn parse(source: &str) -> Result<Self, TopicError> {
        let mut taxonomy = Self {
            topics: Vec::new(),
            by_code: HashMap::new(),
        };
        for (index, line) in source.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            taxonomy.add(line).map_err(|message| TopicError::Lexicon {
                problems: vec![Problem {
                    file: FILE.to_owned(),
                    line: index + 1,
                    message,
                }],
            })?;
        }
        Ok(taxonomy)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [code, broader, label] = columns.as_slice() else {
            return Err("expected code, broader code and label with tabs between them".to_owned());
        };
        if code.len() != 8 || !code.bytes().all(|byte| byte.is_ascii_digit()) || label.is_empty() {
            return Err(format!(
                "expected eight digits and a label, found {code:?} and {label:?}"
            ));
        }
        let parent = match *broader {
            "" => None,
            broader => Some(
                self.index(broader)
                    .filter(|&parent| self.get(parent).is_some_and(|topic| topic.parent.is_none()))
                    .ok_or_else(|| format!("no topic of level 1 {broader:?} before this line"))?,
            ),
        };
        let index = u16::try_from(self.topics.len()).map_err(|_| "too many topics".to_owned())?;
        if self.by_code.insert((*code).to_owned(), index).is_some() {
            return Err(format!("code {code} stands twice"));
        }
        self.topics.push(Topic {
            code: (*code).to_owned(),
            label: (*label).to_owned(),
            parent,
        });
        Ok(())
    }

    /// Place of a code in [`Self::topics`].
    pub(super) fn index(&self, code: &str) -> Option<u16> {
        self.by_code.get(code).copied()
    }

    pub(super) fn get(&self, index: u16) -> Option<&Topic> {
        self.topics.get(usize::from(index))
    }

    pub(super) fn topics(&self) -> &[Topic] {
        &self.topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_complete() {
        let taxonomy = Taxonomy::shipped().unwrap();
        let broad = taxonomy
            .topics()
            .iter()
            .filter(|topic| topic.parent.is_none())
            .count();
        assert_eq!((broad, taxonomy.topics().len()), (17, 138));
        let relations = taxonomy.get(taxonomy.index("20000638").unwrap()).unwrap();
        assert_eq!(relations.label, "international relations");
        assert_eq!(
            taxonomy.get(relations.parent.unwrap()).unwrap().code,
            "11000000"
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        for (source, expected) in [
            ("# x\n01000000\tarts", "topics.tsv:2: expected code"),
            ("0100000x\t\tarts", "topics.tsv:1: expected eight digits"),
            (
                "01000000\t\tarts\n01000000\t\tarts",
                "topics.tsv:2: code 01000000 stands twice",
            ),
            (
                "20000002\t01000000\tarts",
                "topics.tsv:1: no topic of level 1 \"01000000\"",
            ),
        ] {
            let message = Taxonomy::parse(source).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
