//! Words and spellings that tell siblings apart (`facts.tsv`, `facts/`), found in one pass over a text.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::LanguageError;
use super::clean::has_case;

/// The files, in the order of reading.
const FILES: [(&str, &str); 10] = [
    ("facts/latin.tsv", include_str!("facts/latin.tsv")),
    ("facts/added.tsv", include_str!("facts/added.tsv")),
    ("facts/bantu.tsv", include_str!("facts/bantu.tsv")),
    ("facts/bcs.tsv", include_str!("facts/bcs.tsv")),
    ("facts/pairs.tsv", include_str!("facts/pairs.tsv")),
    ("facts/common.tsv", include_str!("facts/common.tsv")),
    ("facts/cyrillic.tsv", include_str!("facts/cyrillic.tsv")),
    ("facts/arabic.tsv", include_str!("facts/arabic.tsv")),
    ("facts/indic.tsv", include_str!("facts/indic.tsv")),
    ("facts/chinese.tsv", include_str!("facts/chinese.tsv")),
];

/// A fact counts again when it is seen again, but ever less: `log2(1 + times)` up to this many times.
const MOST_TIMES: u32 = 15;

/// What a text holds for one language.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Evidence {
    /// Sum of the weights, in logits.
    pub weight: f32,
    /// Words of the text that are words of the language.
    pub words: u32,
    /// Those words, each counted once.
    pub different: u32,
}

/// One pattern: which languages it speaks for, and how strongly.
#[derive(Debug, Default)]
struct Fact {
    /// Place of the language among the candidates of the script, and weight.
    speaks_for: Vec<(u16, f32)>,
    /// Whether it is a whole word of more than one letter.
    word: bool,
}

/// The facts of one script.
#[derive(Debug)]
pub(super) struct Facts {
    automaton: AhoCorasick,
    facts: Vec<Fact>,
    patterns: Vec<String>,
}

impl Facts {
    /// Facts of a script about its candidates, given by code; `None` where there are none.
    ///
    /// # Errors
    ///
    /// When a line is damaged, or names a language that is no candidate of its script.
    pub(super) fn shipped(
        script: &str,
        candidates: &[&'static str],
    ) -> Result<Option<Self>, LanguageError> {
        let mut patterns: HashMap<String, usize> = HashMap::new();
        let mut facts: Vec<Fact> = Vec::new();
        for (file, data) in FILES {
            let rows = data.lines().enumerate();
            for (index, row) in rows.filter(|(_, row)| !row.is_empty() && !row.starts_with('#')) {
                if row.split('\t').next() == Some(script) {
                    add(row, candidates, &mut patterns, &mut facts).ok_or(LanguageError::Data {
                        file,
                        line: index + 1,
                    })?;
                }
            }
        }
        if facts.is_empty() {
            return Ok(None);
        }
        let mut ordered: Vec<(String, usize)> = patterns.into_iter().collect();
        ordered.sort_by_key(|&(_, id)| id);
        let patterns: Vec<String> = ordered.into_iter().map(|(pattern, _)| pattern).collect();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .map_err(|_| LanguageError::Data {
                file: "facts",
                line: 1,
            })?;
        Ok(Some(Self {
            automaton,
            facts,
            patterns,
        }))
    }

    /// Evidence for each candidate in a text as [`normalise`] writes it.
    pub(super) fn evidence(&self, text: &str, candidates: usize) -> Vec<Evidence> {
        let mut evidence = vec![Evidence::default(); candidates];
        for (id, times) in self.found(text) {
            let Some(fact) = self.facts.get(id) else {
                continue;
            };
            let repeated = (1.0 + times.min(MOST_TIMES) as f32).log2();
            for &(language, weight) in &fact.speaks_for {
                if let Some(own) = evidence.get_mut(usize::from(language)) {
                    own.weight += weight * repeated;
                    if fact.word {
                        own.words += times;
                        own.different += 1;
                    }
                }
            }
        }
        evidence
    }

    /// Facts found, with the times, in the order of the files.
    fn found(&self, text: &str) -> Vec<(usize, u32)> {
        let mut hits: Vec<usize> = self
            .automaton
            .find_overlapping_iter(text)
            .map(|hit| hit.pattern().as_usize())
            .collect();
        hits.sort_unstable();
        let mut found: Vec<(usize, u32)> = Vec::new();
        for id in hits {
            match found.last_mut() {
                Some((last, times)) if *last == id => *times += 1,
                _ => found.push((id, 1)),
            }
        }
        found
    }

    /// What speaks for a candidate in a text, heaviest first: for explanations.
    pub(super) fn reasons(&self, text: &str, language: usize, most: usize) -> Vec<String> {
        let mut reasons: Vec<(f32, &str)> = self
            .found(text)
            .into_iter()
            .filter_map(|(id, times)| {
                let speaks_for = &self.facts.get(id)?.speaks_for;
                let (_, weight) = speaks_for
                    .iter()
                    .find(|(own, _)| usize::from(*own) == language)?;
                let weight = weight * (1.0 + times.min(MOST_TIMES) as f32).log2();
                Some((weight, self.patterns.get(id)?.as_str()))
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        reasons
            .into_iter()
            .take(most)
            .map(|(_, pattern)| pattern.replace(' ', "·"))
            .collect()
    }
}

fn add(
    row: &str,
    candidates: &[&'static str],
    patterns: &mut HashMap<String, usize>,
    facts: &mut Vec<Fact>,
) -> Option<()> {
    let columns: Vec<&str> = row.split('\t').collect();
    let [_, languages, weight, terms] = columns[..] else {
        return None;
    };
    let weight: f32 = weight.parse().ok()?;
    let languages = languages
        .split(',')
        .map(|code| candidates.iter().position(|candidate| *candidate == code))
        .collect::<Option<Vec<_>>>()?;
    for term in terms.split_whitespace() {
        let (pattern, word) = pattern(term)?;
        let id = *patterns.entry(pattern).or_insert_with(|| {
            facts.push(Fact::default());
            facts.len() - 1
        });
        let fact = facts.get_mut(id)?;
        fact.word = word && term.chars().count() > 1;
        for &language in &languages {
            let language = u16::try_from(language).ok()?;
            if !fact.speaks_for.iter().any(|(own, _)| *own == language) {
                fact.speaks_for.push((language, weight));
            }
        }
    }
    Some(())
}

/// A term of the file as it stands in a normalised text: `word`, `start*`, `*end`, `*inside*`; `_` is a space.
fn pattern(term: &str) -> Option<(String, bool)> {
    let (open_start, open_end) = (term.starts_with('*'), term.ends_with('*'));
    let core = term.trim_matches('*');
    if core.is_empty() || core.contains('*') {
        return None;
    }
    let core = core.replace('_', " ");
    // As `normalise` writes it: nothing before a word, a space inside it.
    let mut core = core.trim_start_matches('\'').replace('\'', "' ");
    if core.ends_with("' ") {
        core.pop();
    }
    let pattern = format!(
        "{}{core}{}",
        if open_start { "" } else { " " },
        if open_end { "" } else { " " }
    );
    Some((pattern, !open_start && !open_end))
}

/// Whether a character belongs to a word: letters and what is written over and under them, and the signs by which
/// Sindhi writes "and" and "in", which Unicode counts among the symbols.
fn is_word(c: char) -> bool {
    c.is_alphabetic()
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{6FD}' | '\u{6FE}')
}

/// Vowel signs and the lengthening stroke of Arabic script, which most texts leave out.
fn is_optional(c: char) -> bool {
    matches!(c, '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

/// Appends the words of a text in lower case, with one space before each and one at the end of all. Returns their
/// number.
pub(super) fn normalise(text: &str, into: &mut String) -> u32 {
    if into.is_empty() {
        into.push(' ');
    }
    let mut words = 0;
    for c in text.chars() {
        if c.is_ascii_alphabetic() {
            into.push(c.to_ascii_lowercase());
        } else if matches!(c, '\'' | '’' | 'ʼ' | 'ʻ' | '‘') {
            // Belongs to the word before it, as in l'any, and stands apart from the one after.
            if !into.ends_with(' ') {
                into.push_str("' ");
                words += 1;
            }
        } else if c.is_ascii() || !is_word(c) {
            if !into.ends_with(' ') {
                into.push(' ');
                words += 1;
            }
        } else if has_case(c) {
            into.extend(c.to_lowercase());
        } else if !is_optional(c) {
            into.push(c);
        }
    }
    if !into.ends_with(' ') {
        into.push(' ');
        words += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_stand_as_texts_are_normalised() {
        for (term, text) in [
            ("zo'n", "in zo'n stad"),
            ("'n", "dit is 'n stad"),
            ("l'", "l'any nou"),
            ("po'o", "po’o le a"),
            ("*tjh*", "isitjhaba"),
            ("može_da", "ne može da dođe"),
        ] {
            let mut normal = String::new();
            normalise(text, &mut normal);
            let (pattern, _) = pattern(term).expect("a term");
            assert!(normal.contains(&pattern), "{normal:?} {pattern:?}");
        }
    }
}
