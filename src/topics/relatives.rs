//! Languages that use the word list of a close relative, as long as they have none of their own.

use std::collections::BTreeMap;

use super::settings::{Problem, TopicError};

/// Language and the language of the list it uses, one pair a line.
pub(super) const TABLE: &str = include_str!("taxonomy/relatives.tsv");
const FILE: &str = "relatives.tsv";

/// For each language (primary subtag) the relative whose list it uses.
#[derive(Debug, Clone, Default)]
pub(super) struct Relatives(BTreeMap<&'static str, &'static str>);

impl Relatives {
    /// The shipped table.
    pub(super) fn shipped() -> Result<Self, TopicError> {
        parse(TABLE).map_err(|problem| TopicError::Lexicon {
            problems: vec![problem],
        })
    }

    /// The language whose list `language` (a primary subtag in small letters) uses.
    pub(super) fn of(&self, language: &str) -> Option<&'static str> {
        self.0.get(language).copied()
    }
}

fn parse(table: &'static str) -> Result<Relatives, Problem> {
    let mut relatives = BTreeMap::new();
    for (index, line) in table.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = line
            .split_once('\t')
            .filter(|(language, list)| language != list && is_code(language) && is_code(list));
        let known = pair.map(|(language, list)| relatives.insert(language, list));
        let message = match known {
            Some(None) => continue,
            Some(Some(_)) => "this language stands here twice",
            None => "expected two language codes with a tab between them",
        };
        return Err(Problem {
            file: FILE.to_owned(),
            line: index + 1,
            message: message.to_owned(),
        });
    }
    Ok(Relatives(relatives))
}

/// Whether a text is a primary subtag as lists are named by: two or three small letters.
pub(super) fn is_code(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::lexicon::SHIPPED;

    #[test]
    fn each_relative_has_a_list_and_nobody_who_has_one_needs_it() {
        let has = |code: &str| SHIPPED.iter().any(|(language, _)| *language == code);
        let relatives = Relatives::shipped().unwrap();
        assert!(relatives.0.len() >= 15);
        for (language, list) in &relatives.0 {
            assert!(has(list) && !has(language), "{language} {list}");
        }
        assert_eq!(relatives.of("ms"), Some("id"));
        assert_eq!(relatives.of("ca"), None);
    }

    #[test]
    fn bad_lines_are_named() {
        for (table, line, message) in [
            ("# a\nms\tid\nms\thi\n", 3, "twice"),
            ("ms id\n", 1, "tab"),
            ("ms\tms\n", 1, "two language codes"),
            ("ms\tIndonesian\n", 1, "two language codes"),
        ] {
            let problem = parse(table).unwrap_err();
            assert_eq!((problem.line, problem.file.as_str()), (line, FILE));
            assert!(problem.message.contains(message), "{}", problem.message);
        }
    }
}
