//! The words of the terms, and which of them a word of the text stands for.

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::analyser::{Analyser, Pattern};
use super::open::OpenWords;
use super::packed::Numbered;

/// Words that are remembered with their symbols. In news four of five words were seen shortly before, and stemming
/// costs ten times as much as remembering.
const REMEMBERED: usize = 4096;
/// Bytes of the shortest word that is worth remembering: one character of a script without spaces has three.
const WORTH: usize = 4;

/// Every word that occurs in a term has a number, its *symbol*: a word of the text stands for the symbols of its
/// folded form, of its stem, of its beginnings and of its ends.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    analyser: Analyser,
    /// Folded words and their symbols.
    exact: Numbered,
    /// Stems and their symbols.
    stems: Numbered,
    prefixes: OpenWords,
    /// Of words written backwards.
    suffixes: OpenWords,
}

/// Space for the symbols of a text, and what is remembered of earlier texts for the same vocabulary.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    symbols: Vec<u32>,
    /// End of each word's symbols.
    ends: Vec<usize>,
    backwards: Vec<u8>,
    /// By hash; a newer word takes the place of an older one. Empty until the first word comes.
    memory: Vec<Remembered>,
}

/// A word and its symbols.
#[derive(Debug, Clone, Default)]
struct Remembered {
    word: Box<str>,
    symbols: Box<[u32]>,
}

impl Symbols {
    /// Words that were read.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// What the word at this place stands for.
    pub(super) fn of(&self, word: usize) -> &[u32] {
        let start = word
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = self.ends.get(word).copied().unwrap_or(start);
        self.symbols.get(start..end).unwrap_or_default()
    }
}

impl Vocabulary {
    /// Takes the words of all terms with their symbols.
    pub(super) fn new(analyser: Analyser, numbers: &HashMap<&Pattern, u32>) -> Self {
        let (mut exact, mut stems) = (Vec::new(), Vec::new());
        let (mut prefixes, mut suffixes) = (Vec::new(), Vec::new());
        for (&pattern, &number) in numbers {
            match pattern {
                Pattern::Exact(word) => exact.push((word.as_str(), number)),
                Pattern::Stem(word) => stems.push((word.as_str(), number)),
                Pattern::Prefix(word) => prefixes.push((word.as_bytes().to_vec(), number)),
                Pattern::Suffix(word) => suffixes.push((word.bytes().rev().collect(), number)),
            }
        }
        Self {
            analyser,
            exact: Numbered::new(exact.into_iter()),
            stems: Numbered::new(stems.into_iter()),
            prefixes: OpenWords::new(prefixes),
            suffixes: OpenWords::new(suffixes),
        }
    }

    /// Reads the folded words of a text.
    pub(super) fn read<'w>(&self, words: impl Iterator<Item = &'w str>, space: &mut Symbols) {
        space.symbols.clear();
        space.ends.clear();
        if space.memory.is_empty() {
            space.memory.resize_with(REMEMBERED, Remembered::default);
        }
        for word in words {
            self.recall(word, space);
            space.ends.push(space.symbols.len());
        }
    }

    /// The symbols that a folded word stands for, remembered or found.
    fn recall(&self, word: &str, space: &mut Symbols) {
        let hash = xxh3_64(word.as_bytes());
        if word.len() < WORTH {
            return self.find(word, hash, space);
        }
        let place = hash as usize % REMEMBERED;
        if let Some(known) = space.memory.get(place)
            && &*known.word == word
        {
            space.symbols.extend_from_slice(&known.symbols);
            return;
        }
        let from = space.symbols.len();
        self.find(word, hash, space);
        if let Some(slot) = space.memory.get_mut(place) {
            *slot = Remembered {
                word: word.into(),
                symbols: space.symbols.get(from..).unwrap_or_default().into(),
            };
        }
    }

    fn find(&self, word: &str, hash: u64, space: &mut Symbols) {
        let symbols = &mut space.symbols;
        symbols.extend(self.exact.find(word, hash));
        self.prefixes
            .find(word.as_bytes(), |number| symbols.push(number));
        if self.stems.is_empty() && self.suffixes.is_empty() {
            return;
        }
        let stem = self.analyser.form(word);
        symbols.extend(self.stems.find(&stem, xxh3_64(stem.as_bytes())));
        if !self.suffixes.is_empty() {
            space.backwards.clear();
            space.backwards.extend(stem.bytes().rev());
            self.suffixes
                .find(&space.backwards, |number| symbols.push(number));
        }
    }
}
