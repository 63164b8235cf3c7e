//! How the words of queries and of texts are compared: the same folding for both, the Arabic article and the particles
//! written together with a word, wildcards.
//!
//! A word is folded by [`tokenize`] (case, width, accents, Arabic and Persian letter variants). A leading Arabic article
//! is then taken off words of queries. A word of a text stands for several forms, see [`forms`]; a word of a query is
//! found where it is one of them. Names are not stemmed: «التونسي» is not «تونس».

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::tokenize;

/// A part of a word with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// These letters.
    Letters(String),
    /// Any letters, or none.
    Star,
    /// Any one letter.
    One,
}

/// A word of a query as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    /// A folded word without article.
    Word(String),
    /// A folded word with wildcards.
    Pattern(Vec<Part>),
    /// Any word: a wildcard that stands alone.
    Any,
}

/// The words of a piece of a query.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Elements {
    pub(super) elements: Vec<Element>,
    /// A `*` stood beside a character of a script without spaces, where it says nothing.
    pub(super) idle_star: bool,
}

/// Undoes escapes and tells wildcards from letters.
pub(super) fn parts(raw: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut letters = String::new();
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => letters.extend(chars.next()),
            '*' | '?' => {
                if !letters.is_empty() {
                    parts.push(Part::Letters(std::mem::take(&mut letters)));
                }
                parts.push(if c == '*' { Part::Star } else { Part::One });
            }
            _ => letters.push(c),
        }
    }
    if !letters.is_empty() {
        parts.push(Part::Letters(letters));
    }
    parts
}

/// The text that is meant, with wildcards as they are written.
pub(super) fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

/// Cuts a piece of a query into words, as a text would be.
pub(super) fn elements(parts: &[Part]) -> Elements {
    let mut builder = Builder::default();
    for part in parts {
        match part {
            Part::Letters(text) => builder.letters(text),
            wildcard => builder.wildcard(wildcard),
        }
    }
    builder.flush();
    builder.found
}

#[derive(Default)]
struct Builder {
    found: Elements,
    /// The word that is being put together.
    open: Vec<Part>,
    /// Whether the last character is one of a script without spaces.
    after_single: bool,
}

impl Builder {
    fn letters(&mut self, text: &str) {
        let mut end = 0;
        let mut any = false;
        tokenize(text, |form, bytes, _, single| {
            if any || bytes.start > 0 {
                self.flush();
            }
            any = true;
            end = bytes.end;
            if single {
                self.before_single();
                self.found.elements.push(Element::Word(form.to_owned()));
            } else {
                self.open.push(Part::Letters(form.to_owned()));
            }
            self.after_single = single;
        });
        if !any || end < text.len() {
            self.flush();
            self.after_single = false;
        }
    }

    fn wildcard(&mut self, wildcard: &Part) {
        if !(self.after_single && self.open.is_empty()) {
            self.open.push(wildcard.clone());
        } else if *wildcard == Part::One {
            self.found.elements.push(Element::Any);
        } else {
            self.found.idle_star = true;
        }
    }

    /// Wildcards right before a character of a script without spaces.
    fn before_single(&mut self) {
        if self
            .open
            .iter()
            .any(|part| matches!(part, Part::Letters(_)))
        {
            self.flush();
        }
        for part in std::mem::take(&mut self.open) {
            match part {
                Part::One => self.found.elements.push(Element::Any),
                _ => self.found.idle_star = true,
            }
        }
    }

    fn flush(&mut self) {
        let mut word = std::mem::take(&mut self.open);
        word.dedup_by(|a, b| *a == Part::Star && *b == Part::Star);
        let element = match word.as_mut_slice() {
            [] => return,
            [Part::Star] => Element::Any,
            [Part::Letters(letters)] => Element::Word(
                letters
                    .get(article(letters)..)
                    .unwrap_or_default()
                    .to_owned(),
            ),
            [Part::Letters(first), ..] => {
                first.drain(..article(first));
                Element::Pattern(word)
            }
            _ => Element::Pattern(word),
        };
        self.found.elements.push(element);
    }
}

/// Letters that must remain when the article, or `و` `ب` `ل`, is taken off.
const LEFT: usize = 3;
/// The same for `ف` and `ك`, which begin many words of their own.
const LEFT_RARE: usize = 4;

/// The length of the Arabic article at the front of a folded word, in bytes.
fn article(word: &str) -> usize {
    match word.strip_prefix("ال") {
        Some(rest) if has(rest, LEFT) => word.len() - rest.len(),
        _ => 0,
    }
}

fn has(rest: &str, letters: usize) -> bool {
    rest.chars().nth(letters - 1).is_some()
}

/// Calls `emit` with every form of a folded word of a text, each once: the word, the word without article, and in an
/// Arabic text without the particles `و ف ب ك ل` in front. All are ends of the word.
pub(super) fn forms(word: &str, arabic: bool, mut emit: impl FnMut(&str)) {
    emit(word);
    if !word.starts_with(['ا', 'و', 'ف', 'ب', 'ك', 'ل']) {
        return;
    }
    let mut starts = Starts::default();
    let take = |rest: &str| word.len() - rest.len();
    let mut without_and = [Some(word), None];
    if arabic {
        without_and[1] = strip(word, "و", LEFT).or_else(|| strip(word, "ف", LEFT_RARE));
    }
    for rest in without_and.into_iter().flatten() {
        starts.add(take(rest));
        starts.add(take(rest) + article(rest));
        if !arabic {
            continue;
        }
        let particle = strip(rest, "ب", LEFT)
            .or_else(|| strip(rest, "ل", LEFT))
            .or_else(|| strip(rest, "ك", LEFT_RARE));
        if let Some(bare) = particle {
            starts.add(take(bare));
            starts.add(take(bare) + article(bare));
        }
        // «للحكومة»: the article loses its first letter behind «ل».
        if let Some(bare) = strip(rest, "لل", LEFT) {
            starts.add(take(bare));
        }
    }
    for &start in starts.iter() {
        if let Some(form) = word.get(start..).filter(|_| start > 0) {
            emit(form);
        }
    }
}

fn strip<'w>(word: &'w str, particle: &str, left: usize) -> Option<&'w str> {
    word.strip_prefix(particle).filter(|rest| has(rest, left))
}

/// A few distinct numbers.
#[derive(Default)]
struct Starts {
    values: [usize; 10],
    count: usize,
}

impl Starts {
    fn add(&mut self, value: usize) {
        if !self.iter().any(|&known| known == value)
            && let Some(free) = self.values.get_mut(self.count)
        {
            *free = value;
            self.count += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &usize> {
        self.values.iter().take(self.count)
    }
}

/// Whether a word is what the parts describe. Time is the length of the word times that of the parts at most.
pub(super) fn fits(parts: &[Part], word: &str) -> bool {
    // Where the last star stands, and how much of the word it has taken.
    let mut retry: Option<(usize, &str)> = None;
    let (mut part, mut rest) = (0, word);
    loop {
        let next = match parts.get(part) {
            Some(Part::Star) => {
                part += 1;
                retry = Some((part, rest));
                continue;
            }
            Some(Part::Letters(letters)) => rest.strip_prefix(letters.as_str()),
            Some(Part::One) => {
                let mut chars = rest.chars();
                chars.next().map(|_| chars.as_str())
            }
            None if rest.is_empty() => return true,
            None => None,
        };
        match (next, retry) {
            (Some(next), _) => {
                part += 1;
                rest = next;
            }
            (None, None) => return false,
            (None, Some((after, taken))) => {
                let mut chars = taken.chars();
                if chars.next().is_none() {
                    return false;
                }
                retry = Some((after, chars.as_str()));
                (part, rest) = (after, chars.as_str());
            }
        }
    }
}

/// Letters of a word with wildcards that are given, and the longest run of them.
pub(super) fn literal(parts: &[Part]) -> (usize, &str) {
    let runs = parts.iter().filter_map(|part| match part {
        Part::Letters(letters) => Some(letters.as_str()),
        _ => None,
    });
    let mut longest = "";
    let mut count = 0;
    for run in runs {
        count += run.chars().count();
        if run.len() > longest.len() {
            longest = run;
        }
    }
    (count, longest)
}

/// The letters of a text that are capital or small, as they are, without accents: what CASE compares.
pub(super) fn case_letters(text: &str) -> String {
    text.nfkd()
        .filter(|&c| (c.is_uppercase() || c.is_lowercase()) && !is_combining_mark(c))
        .collect()
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
