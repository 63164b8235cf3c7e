//! An article as the queries see it: which of their terms it has, and where.

mod content;
mod metadata;

use std::ops::Range;

use super::Subject;
use super::cache::{Cache, Class};
use super::text::PublishedText;
use crate::topics::query::stem::StemLanguage;
use crate::topics::query::vocabulary::{Space, TermId, Vocabulary};

/// Places that are left out between fields, more than the widest distance, so that nothing reaches from one to another.
pub(super) const GAP: u32 = 1024;

/// Languages in which particles are written together with words: Arabic and its spoken forms. A text of unknown
/// language is treated so too; only words in Arabic letters are changed by it.
const ARABIC: [&str; 18] = [
    "ar", "arb", "arz", "ary", "arq", "aeb", "ayl", "apc", "ajp", "acm", "acw", "afb", "apd",
    "ars", "acx", "ayn", "shu", "und",
];

/// A term of the article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) term: TermId,
    start: u32,
    /// How often; 0 for what has no place in the text.
    pub(super) count: u32,
    /// Zones it is in.
    pub(super) zones: u8,
}

/// A stretch of neighbouring words: a block of the document, or an author, a tag, an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Places of its words.
    pub(super) places: Range<u32>,
    /// Index of its first word in the document's tokens; for what is not in the document, [`u32::MAX`].
    pub(super) token: u32,
    pub(super) zone: u8,
    pub(super) field: u16,
    pub(super) block: u32,
    /// Where the paragraph ends that it belongs to.
    pub(super) paragraph_end: u32,
    pub(super) paragraph_start: u32,
}

impl Stretch {
    pub(super) fn in_document(&self) -> bool {
        self.token != u32::MAX
    }
}

/// An account name in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) place: u32,
    pub(super) field: u16,
    /// Bytes of the field's text.
    pub(super) bytes: Range<usize>,
    pub(super) zone: u8,
    term: TermId,
}

/// The terms of one article. The room is used again for the next.
#[derive(Debug, Default)]
pub(super) struct ArticleIndex {
    present: Vec<u64>,
    slot_of: Vec<u32>,
    pub(super) slots: Vec<Slot>,
    hits: Vec<(u32, u32)>,
    places: Vec<u32>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) accounts: Vec<Account>,
    pub(super) text: PublishedText,
    found: Vec<TermId>,
}

impl ArticleIndex {
    /// Reads an article. What the last one left is cleared.
    pub(super) fn read(
        &mut self,
        subject: &Subject<'_>,
        vocabulary: &Vocabulary,
        cache: &mut Cache,
    ) {
        self.clear(vocabulary.len());
        let primary = subject
            .language
            .split(['-', '_'])
            .next()
            .unwrap_or_default();
        let class = Class {
            arabic: ARABIC.contains(&primary),
            stem: StemLanguage::of(primary)
                .filter(|&language| vocabulary.has(Space::Stem(language))),
        };
        self.read_text(subject.document, vocabulary, class, cache);
        if vocabulary.has(Space::Account) {
            self.read_accounts(subject.document, vocabulary);
        }
        let mut next = self.stretches.last().map_or(0, |last| last.places.end) + GAP;
        self.read_words(&subject.metadata, vocabulary, &mut next);
        self.read_metadata(subject, vocabulary);
        self.sort();
    }

    fn clear(&mut self, terms: usize) {
        for slot in self.slots.drain(..) {
            if let Some(word) = self.present.get_mut(slot.term as usize / 64) {
                *word = 0;
            }
        }
        self.present.resize(terms.div_ceil(64), 0);
        self.slot_of.resize(terms, 0);
        self.hits.clear();
        self.places.clear();
        self.stretches.clear();
        self.accounts.clear();
        self.text.clear();
    }

    /// Notes that a term is at a place.
    #[inline]
    fn hit(&mut self, term: TermId, place: u32, zone: u8) {
        let slot = self.slot(term);
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.count += 1;
            slot.zones |= zone;
        }
        self.hits.push((slot, place));
    }

    /// The slot of a term, which is new or not.
    #[inline]
    fn slot(&mut self, term: TermId) -> u32 {
        let (word, bit) = (term as usize / 64, term % 64);
        if let Some(bits) = self.present.get_mut(word)
            && *bits >> bit & 1 == 0
        {
            *bits |= 1 << bit;
            if let Some(place) = self.slot_of.get_mut(term as usize) {
                *place = self.slots.len() as u32;
            }
            self.slots.push(Slot {
                term,
                start: 0,
                count: 0,
                zones: 0,
            });
        }
        self.slot_of.get(term as usize).copied().unwrap_or_default()
    }

    /// Notes that the article has a term that has no place. Returns whether that is news.
    pub(super) fn mark(&mut self, term: TermId) -> bool {
        let before = self.slots.len();
        self.slot(term);
        self.slots.len() > before
    }

    /// Sorts the hits by term; within a term they stay in order.
    fn sort(&mut self) {
        let mut sum = 0;
        for slot in &mut self.slots {
            slot.start = sum;
            sum += slot.count;
            slot.count = 0;
        }
        self.places.resize(sum as usize, 0);
        for &(slot, place) in &self.hits {
            if let Some(slot) = self.slots.get_mut(slot as usize) {
                if let Some(free) = self.places.get_mut((slot.start + slot.count) as usize) {
                    *free = place;
                }
                slot.count += 1;
            }
        }
    }

    /// Whether the article has a term.
    #[inline]
    pub(super) fn has(&self, term: TermId) -> bool {
        self.present
            .get(term as usize / 64)
            .is_some_and(|bits| bits >> (term % 64) & 1 == 1)
    }

    /// The slot of a term that the article has.
    #[inline]
    pub(super) fn get(&self, term: TermId) -> Option<Slot> {
        if !self.has(term) {
            return None;
        }
        let slot = *self.slot_of.get(term as usize)?;
        self.slots.get(slot as usize).copied()
    }

    /// The places of a term, in order.
    #[inline]
    pub(super) fn places(&self, term: TermId) -> &[u32] {
        self.get(term)
            .and_then(|slot| {
                self.places
                    .get(slot.start as usize..(slot.start + slot.count) as usize)
            })
            .unwrap_or_default()
    }

    /// The stretch a place is in, or before whose end it stands.
    pub(super) fn stretch(&self, place: u32) -> Option<&Stretch> {
        let next = self
            .stretches
            .partition_point(|stretch| stretch.places.start <= place);
        // Stretches without words share their place with the next.
        self.stretches.get(next.checked_sub(1)?)
    }

    /// The zones of a place.
    pub(super) fn zone(&self, place: u32) -> u8 {
        self.stretch(place).map_or(0, |stretch| stretch.zone)
    }

    /// The account name of a term at a place.
    pub(super) fn account(&self, term: TermId, place: u32) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|account| account.term == term && account.place == place)
    }
}
