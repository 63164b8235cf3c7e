//! Letters and words that tell languages of one script apart (`telling.tsv`).

use std::collections::{HashMap, HashSet};

use super::LanguageError;
use crate::text::tokenize;

const DATA: &str = include_str!("telling.tsv");

/// What one word counts against one letter.
const WORD: u32 = 4;
const LETTER: u32 = 3;
/// Share of the letters that must be telling before letters alone replace an answer of the model, and their number.
const LETTER_SHARE: f32 = 0.01;
const FEWEST_LETTERS: u32 = 2;
/// Share of the words that must be telling before words alone replace any answer of the model, and the least number of
/// different ones.
const WORD_SHARE: f32 = 0.12;
const FEWEST_WORDS: u32 = 3;

/// What a row of the data file may replace.
#[derive(Debug, PartialEq, Eq)]
enum Instead {
    /// Nothing: it only speaks for its own language.
    Nothing,
    /// Any answer, by many words.
    Anything,
    /// These answers.
    Codes(Vec<&'static str>),
}

#[derive(Debug)]
struct Row {
    script: &'static str,
    language: &'static str,
    instead: Instead,
    has_letters: bool,
}

/// Evidence for one row.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    letters: u32,
    words: u32,
    /// Words, each counted once.
    different: u32,
}

/// The rows and where each letter and word occurs in them.
#[derive(Debug)]
pub(super) struct Telling {
    rows: Vec<Row>,
    letters: HashMap<char, Vec<usize>>,
    /// Whether a code point is in `letters`: most are not, and that is quick to see.
    telling: Vec<bool>,
    words: HashMap<String, Vec<usize>>,
    prefixes: Vec<(String, usize)>,
}

impl Telling {
    pub(super) fn shipped() -> Result<Self, LanguageError> {
        let mut telling = Self {
            rows: Vec::new(),
            letters: HashMap::new(),
            telling: vec![false; 0x2000],
            words: HashMap::new(),
            prefixes: Vec::new(),
        };
        for (index, row) in DATA
            .lines()
            .enumerate()
            .filter(|(_, row)| !row.starts_with('#'))
        {
            telling.add(row).ok_or(LanguageError::Data {
                file: "telling.tsv",
                line: index + 1,
            })?;
        }
        Ok(telling)
    }

    fn add(&mut self, line: &'static str) -> Option<()> {
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [script, language, instead, letters, words] = columns[..] else {
            return None;
        };
        let instead = match instead {
            "-" => Instead::Nothing,
            "*" => Instead::Anything,
            codes => Instead::Codes(codes.split(',').collect()),
        };
        let id = self.rows.len();
        for letter in letters
            .chars()
            .flat_map(|letter| [Some(letter), capital(letter)])
            .flatten()
        {
            self.letters.entry(letter).or_default().push(id);
            if let Some(flag) = self.telling.get_mut(letter as usize) {
                *flag = true;
            }
        }
        for word in words.split_whitespace() {
            let folded = crate::text::folded_words(word).join("");
            if word.ends_with('*') {
                self.prefixes.push((folded, id));
            } else {
                let rows = self.words.entry(folded).or_default();
                if !rows.contains(&id) {
                    rows.push(id);
                }
            }
        }
        self.rows.push(Row {
            script,
            language,
            instead,
            has_letters: !letters.is_empty(),
        });
        Some(())
    }

    fn count(&self, script: &str, text: &str) -> (Vec<Count>, Count) {
        let mut counts = vec![Count::default(); self.rows.len()];
        let mut total = Count::default();
        for c in text.chars().filter(|c| !matches!(c, '\0'..='@')) {
            total.letters += 1;
            if self.telling.get(c as usize) == Some(&true) {
                for &row in self.letters.get(&c).into_iter().flatten() {
                    add(
                        &mut counts,
                        row,
                        Count {
                            letters: 1,
                            words: 0,
                            different: 0,
                        },
                    );
                }
            }
        }
        let mut seen: HashSet<&str> = HashSet::new();
        tokenize(text, |word, _, _, _| {
            total.words += 1;
            if let Some((word, rows)) = self.words.get_key_value(word) {
                let different = u32::from(seen.insert(word));
                for &row in rows {
                    add(
                        &mut counts,
                        row,
                        Count {
                            letters: 0,
                            words: 1,
                            different,
                        },
                    );
                }
            }
            for (prefix, row) in &self.prefixes {
                // The prefix alone, or with one letter, is another word.
                if word.len() > prefix.len() + 2 && word.starts_with(prefix.as_str()) {
                    add(
                        &mut counts,
                        *row,
                        Count {
                            letters: 0,
                            words: 1,
                            different: 0,
                        },
                    );
                }
            }
        });
        for (row, count) in self.rows.iter().zip(&mut counts) {
            if row.script != script {
                *count = Count::default();
            }
        }
        (counts, total)
    }

    /// The language of a text in a script whose rows decide among themselves, with confidence 0 to 1; `None` where
    /// nothing telling stands in it.
    pub(super) fn decide(&self, script: &str, text: &str) -> Option<(&'static str, f32)> {
        let (counts, _) = self.count(script, text);
        let (mut best, mut score, mut second) = (None, 0, 0);
        for (row, count) in self.rows.iter().zip(&counts) {
            let points = LETTER * count.letters + WORD * count.words;
            if points > score {
                (best, second, score) = (Some(row.language), score, points);
            } else {
                second = second.max(points);
            }
        }
        // One telling word is a hint, three are enough.
        let margin = (score - second) as f32 / score.max(1) as f32;
        let enough = (score as f32 / (3 * WORD) as f32).min(1.0);
        best.map(|language| (language, (0.3 + margin).min(1.0) * enough))
    }

    /// The language that should replace the model's answer for a text, if any.
    pub(super) fn instead(&self, script: &str, answer: &str, text: &str) -> Option<&'static str> {
        let (counts, total) = self.count(script, text);
        let rows = || self.rows.iter().zip(&counts);
        let own = rows()
            .find(|(row, _)| row.language == answer && row.script == script)
            .map_or(0, |(_, count)| count.words);
        let mut best: Option<(&'static str, u32)> = None;
        for (row, count) in rows() {
            let many =
                |count: u32, share: f32, total: u32| count as f32 >= share * total.max(1) as f32;
            let letters = if count.letters >= FEWEST_LETTERS
                && many(count.letters, LETTER_SHARE, total.letters)
            {
                count.letters
            } else {
                0
            };
            let points = match &row.instead {
                // Where the language has letters of its own, words alone prove nothing.
                Instead::Codes(codes)
                    if codes.contains(&answer) && (letters > 0 || !row.has_letters) =>
                {
                    letters + count.words.saturating_sub(own)
                }
                Instead::Anything
                    if count.different >= FEWEST_WORDS
                        && many(count.words, WORD_SHARE, total.words) =>
                {
                    letters + count.words
                }
                Instead::Anything => letters,
                _ => 0,
            };
            if points > best.map_or(0, |(_, points)| points) {
                best = Some((row.language, points));
            }
        }
        best.map(|(language, _)| language)
    }
}

fn add(counts: &mut [Count], row: usize, more: Count) {
    if let Some(count) = counts.get_mut(row) {
        count.letters += more.letters;
        count.words += more.words;
        count.different += more.different;
    }
}

/// The capital of a letter, where there is one.
fn capital(letter: char) -> Option<char> {
    letter
        .to_uppercase()
        .next()
        .filter(|&capital| capital != letter)
}
