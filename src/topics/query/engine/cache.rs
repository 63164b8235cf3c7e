//! What the words of texts are to the queries, remembered: news repeats its words, and most are looked up once.

use std::ops::Range;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::topics::query::stem::StemLanguage;
use crate::topics::query::vocabulary::{Space, TermId, Vocabulary};
use crate::topics::query::words::forms;

/// Most words remembered.
const MAX_ENTRIES: usize = 1 << 16;
/// Most bytes of words, and four times as many of terms.
const MAX_BYTES: usize = 2 << 20;
/// Longer words are looked up each time.
const MAX_WORD: usize = 64;

/// How the words of an article are treated: by the class of its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    /// Particles and article are written together with the word.
    pub(super) arabic: bool,
    /// Rules for `STEM`, where some query asks for them.
    pub(super) stem: Option<StemLanguage>,
}

impl Class {
    fn number(self) -> u64 {
        let stem = self
            .stem
            .map_or(0, |language| u64::from(language.number()) + 1);
        stem << 1 | u64::from(self.arabic)
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    start: u32,
    length: u32,
    terms: u32,
    count: u32,
}

/// Words and the terms they are.
#[derive(Debug, Default)]
pub(super) struct Cache {
    table: HashTable<Entry>,
    words: String,
    terms: Vec<TermId>,
    found: Vec<TermId>,
}

impl Cache {
    /// Where in [`Self::terms`] the terms of a folded word stand. They stay there until [`Self::trim`].
    #[inline]
    pub(super) fn look_up(
        &mut self,
        vocabulary: &Vocabulary,
        class: Class,
        word: &str,
    ) -> Range<u32> {
        if word.len() > MAX_WORD {
            return self.add(vocabulary, class, word);
        }
        // The class is part of the word's hash; equal hashes of one word mean equal classes.
        let hash = xxh3_64_with_seed(word.as_bytes(), class.number());
        let words = &self.words;
        let known = self.table.find(hash, |entry| {
            entry.hash == hash
                && words
                    .as_bytes()
                    .get(entry.start as usize..(entry.start + entry.length) as usize)
                    == Some(word.as_bytes())
        });
        if let Some(entry) = known {
            return entry.terms..entry.terms + entry.count;
        }
        let terms = self.add(vocabulary, class, word);
        let entry = Entry {
            hash,
            start: self.words.len() as u32,
            length: word.len() as u32,
            terms: terms.start,
            count: terms.end - terms.start,
        };
        self.words.push_str(word);
        self.table.insert_unique(hash, entry, |entry| entry.hash);
        terms
    }

    fn add(&mut self, vocabulary: &Vocabulary, class: Class, word: &str) -> Range<u32> {
        let found = &mut self.found;
        found.clear();
        forms(word, class.arabic, |form| {
            vocabulary.find_all(Space::Text, form, found)
        });
        if let Some(language) = class.stem {
            vocabulary.find_stems(language, word, found);
        }
        found.sort_unstable();
        found.dedup();
        let start = self.terms.len() as u32;
        self.terms.extend_from_slice(found);
        start..self.terms.len() as u32
    }

    /// The terms at a place.
    #[inline]
    pub(super) fn terms(&self, range: Range<u32>) -> &[TermId] {
        self.terms
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// Forgets everything when there is too much. To be called between articles.
    pub(super) fn trim(&mut self) {
        if self.table.len() > MAX_ENTRIES
            || self.words.len() > MAX_BYTES
            || self.terms.len() > MAX_BYTES
        {
            *self = Self::default();
        }
    }
}
