//! The words of the terms, and which of them a word of the text stands for.

use std::collections::BTreeMap;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::analyser::{Analyser, KEPT, Pattern};
use super::open::OpenWords;

/// Bits of the filter for the beginnings of stems.
const FILTER_BITS: u64 = 1 << 15;

/// Every word that occurs in a term has a number, its *symbol*: a word of the text stands for the symbols of its
/// folded form, of its stem, of its beginnings and of its ends.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    analyser: Analyser,
    /// Folded words and their symbols.
    exact: HashTable<(String, u32)>,
    /// Stems and their symbols.
    stems: HashTable<(String, u32)>,
    prefixes: OpenWords,
    /// Of words written backwards.
    suffixes: OpenWords,
    /// Which beginnings of three letters any stem has: most words of a text need no stemming.
    filter: Vec<u64>,
}

/// Space for the symbols of a text, kept between its blocks.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    symbols: Vec<u32>,
    /// End of each word's symbols.
    ends: Vec<usize>,
    backwards: Vec<u8>,
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
    pub(super) fn new(analyser: Analyser, numbers: &BTreeMap<&Pattern, u32>) -> Self {
        let mut own = Self {
            analyser,
            exact: HashTable::new(),
            stems: HashTable::new(),
            prefixes: OpenWords::default(),
            suffixes: OpenWords::default(),
            filter: vec![0; (FILTER_BITS / 64) as usize],
        };
        let (mut prefixes, mut suffixes) = (Vec::new(), Vec::new());
        for (&pattern, &number) in numbers {
            match pattern {
                Pattern::Exact(word) => insert(&mut own.exact, word, number),
                Pattern::Stem(word) => {
                    insert(&mut own.stems, word, number);
                    if let Some(bit) = filter_bit(word)
                        && let Some(slot) = own.filter.get_mut((bit / 64) as usize)
                    {
                        *slot |= 1 << (bit % 64);
                    }
                }
                Pattern::Prefix(word) => prefixes.push((word.as_bytes().to_vec(), number)),
                Pattern::Suffix(word) => suffixes.push((word.bytes().rev().collect(), number)),
            }
        }
        own.prefixes = OpenWords::new(prefixes);
        own.suffixes = OpenWords::new(suffixes);
        own
    }

    /// Reads the folded words of a text.
    pub(super) fn read<'w>(&self, words: impl Iterator<Item = &'w str>, space: &mut Symbols) {
        space.symbols.clear();
        space.ends.clear();
        for word in words {
            self.symbols(word, space);
            space.ends.push(space.symbols.len());
        }
    }

    /// The symbols that a folded word stands for.
    fn symbols(&self, word: &str, space: &mut Symbols) {
        let symbols = &mut space.symbols;
        symbols.extend(find(&self.exact, word));
        self.prefixes
            .find(word.as_bytes(), |number| symbols.push(number));
        let stemmed = !self.stems.is_empty() && self.may_be_stem(word);
        if !stemmed && self.suffixes.is_empty() {
            return;
        }
        let stem = self.analyser.form(word);
        if stemmed {
            symbols.extend(find(&self.stems, &stem));
        }
        if !self.suffixes.is_empty() {
            space.backwards.clear();
            space.backwards.extend(stem.bytes().rev());
            self.suffixes
                .find(&space.backwards, |number| symbols.push(number));
        }
    }

    fn may_be_stem(&self, word: &str) -> bool {
        if !self.analyser.keeps_start() {
            return true;
        }
        filter_bit(word).is_some_and(|bit| {
            self.filter
                .get((bit / 64) as usize)
                .is_some_and(|bits| bits & 1 << (bit % 64) != 0)
        })
    }
}

fn insert(table: &mut HashTable<(String, u32)>, word: &str, number: u32) {
    table.insert_unique(
        xxh3_64(word.as_bytes()),
        (word.to_owned(), number),
        |(word, _)| xxh3_64(word.as_bytes()),
    );
}

fn find(table: &HashTable<(String, u32)>, word: &str) -> Option<u32> {
    table
        .find(xxh3_64(word.as_bytes()), |(own, _)| own == word)
        .map(|&(_, number)| number)
}

/// The place of the first letters of a word in the filter; `None` where it is shorter.
fn filter_bit(word: &str) -> Option<u64> {
    let mut letters = word.chars();
    let mut key = 0_u64;
    for _ in 0..KEPT {
        key = key << 21 | u64::from(u32::from(letters.next()?));
    }
    Some(key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 49)
}
