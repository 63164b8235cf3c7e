//! An article as the queries see it: which of their terms it has, and where.

use std::ops::Range;

use super::cache::{Cache, Class};
use super::text::PublishedText;
use super::{Metadata, Subject};
use crate::text::{Block, Document, DocumentField, ZoneKind, tokenize};
use crate::topics::query::country;
use crate::topics::query::plan::{EVERYWHERE, LEAD, MAIN, TITLE, strip_scheme};
use crate::topics::query::stem::StemLanguage;
use crate::topics::query::vocabulary::{Space, TermId, Vocabulary};
use crate::topics::query::words::forms;

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

    fn read_text(
        &mut self,
        document: &Document,
        vocabulary: &Vocabulary,
        class: Class,
        cache: &mut Cache,
    ) {
        for (field, number) in document.fields.iter().zip(0_u16..) {
            let shift = u32::from(number) * GAP;
            let mut before: Option<(usize, &Block)> = None;
            for (index, block) in field.blocks.iter().enumerate() {
                let zone = match block.kind {
                    ZoneKind::Title => TITLE,
                    ZoneKind::Lead => LEAD,
                    ZoneKind::Main => MAIN,
                    _ => continue,
                };
                let tokens = document
                    .tokens
                    .get(block.tokens.start as usize..block.tokens.end as usize)
                    .unwrap_or_default();
                let places = block.tokens.start + shift..block.tokens.end + shift;
                let goes_on = before.is_some_and(|(last, earlier)| {
                    last + 1 == index && is_continued(field, earlier, block)
                });
                self.open_stretch(
                    places.clone(),
                    block.tokens.start,
                    zone,
                    number,
                    index,
                    goes_on,
                );
                before = Some((index, block));
                for (token, place) in tokens.iter().zip(places) {
                    let terms = cache.look_up(vocabulary, class, document.form(token));
                    for &term in cache.terms(terms) {
                        self.hit(term, place, zone);
                    }
                }
            }
        }
    }

    fn open_stretch(
        &mut self,
        places: Range<u32>,
        token: u32,
        zone: u8,
        field: u16,
        block: usize,
        goes_on: bool,
    ) {
        let mut paragraph_start = places.start;
        if goes_on && let Some(last) = self.stretches.last() {
            paragraph_start = last.paragraph_start;
            for earlier in self.stretches.iter_mut().rev() {
                if earlier.paragraph_start != paragraph_start || earlier.field != field {
                    break;
                }
                earlier.paragraph_end = places.end;
            }
        }
        self.stretches.push(Stretch {
            paragraph_end: places.end,
            paragraph_start,
            places,
            token,
            zone,
            field,
            block: block as u32,
        });
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

    fn read_accounts(&mut self, document: &Document, vocabulary: &Vocabulary) {
        for index in 0..self.stretches.len() {
            let Some(stretch) = self.stretches.get(index).cloned() else {
                continue;
            };
            let Some(field) = document.fields.get(usize::from(stretch.field)) else {
                continue;
            };
            let Some(block) = field.blocks.get(stretch.block as usize) else {
                continue;
            };
            let line = field.text.get(block.bytes.clone()).unwrap_or_default();
            if !line.contains('@') {
                continue;
            }
            for link in crate::text::link_ranges(line) {
                let Some(name) = line
                    .get(link.clone())
                    .and_then(|link| link.strip_prefix('@'))
                else {
                    continue;
                };
                let name = name.trim_end_matches(['.', '-']).to_ascii_lowercase();
                let bytes =
                    block.bytes.start + link.start..block.bytes.start + link.start + 1 + name.len();
                let place = self.text.place_behind(document, &stretch, bytes.end);
                let mut found = std::mem::take(&mut self.found);
                found.clear();
                vocabulary.find_all(Space::Account, &name, &mut found);
                found.sort_unstable();
                found.dedup();
                for &term in &found {
                    self.hit(term, place, stretch.zone);
                    self.accounts.push(Account {
                        place,
                        field: stretch.field,
                        bytes: bytes.clone(),
                        zone: stretch.zone,
                        term,
                    });
                }
                self.found = found;
            }
        }
    }

    /// Words outside the document: authors, address, tags, name and host of the publication.
    fn read_words(&mut self, metadata: &Metadata<'_>, vocabulary: &Vocabulary, next: &mut u32) {
        if vocabulary.has(Space::Author) {
            for author in metadata.authors {
                self.words_of(Space::Author, author, vocabulary, next);
            }
        }
        if let Some(url) = metadata.url.filter(|_| vocabulary.has(Space::Url)) {
            self.words_of(Space::Url, strip_scheme(url), vocabulary, next);
        }
        if vocabulary.has(Space::Tag) {
            for tag in metadata.tags {
                self.words_of(Space::Tag, tag, vocabulary, next);
            }
        }
        if vocabulary.has(Space::Source) {
            for name in [metadata.source_name, metadata.host].into_iter().flatten() {
                self.words_of(Space::Source, name, vocabulary, next);
            }
        }
    }

    fn words_of(&mut self, space: Space, text: &str, vocabulary: &Vocabulary, next: &mut u32) {
        let start = *next;
        let mut place = start;
        let mut found = std::mem::take(&mut self.found);
        tokenize(text, |word, _, _, _| {
            found.clear();
            forms(word, false, |form| {
                vocabulary.find_all(space, form, &mut found)
            });
            found.sort_unstable();
            found.dedup();
            for &term in &found {
                self.hit(term, place, EVERYWHERE);
            }
            place = place.saturating_add(1);
        });
        self.found = found;
        self.stretches.push(Stretch {
            places: start..place,
            token: u32::MAX,
            zone: EVERYWHERE,
            field: u16::MAX,
            block: 0,
            paragraph_end: place,
            paragraph_start: start,
        });
        *next = place.saturating_add(GAP);
    }

    /// What has no words: language, host, country, topics.
    fn read_metadata(&mut self, subject: &Subject<'_>, vocabulary: &Vocabulary) {
        let mut mark = |space, form: &str| {
            if let Some(term) = vocabulary.find(space, form) {
                self.mark(term);
            }
        };
        let language = subject.language.replace('_', "-").to_ascii_lowercase();
        let ends = language.match_indices('-').map(|(at, _)| at);
        for end in ends.chain([language.len()]) {
            mark(Space::Lang, language.get(..end).unwrap_or_default());
        }
        if let Some(host) = subject.metadata.host {
            mark(Space::Host, host);
            for (dot, _) in host.match_indices('.') {
                mark(Space::Host, host.get(dot + 1..).unwrap_or_default());
            }
        }
        if vocabulary.has(Space::Country)
            && let Some(code) = country::of(subject.metadata.country, subject.metadata.host)
        {
            mark(Space::Country, code);
        }
        for topic in subject.topics {
            mark(Space::Topic, topic);
        }
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

/// Whether a line goes on in the next: one line end between them, and no full stop before it. An empty line begins a
/// paragraph, and so does a line behind one that ends in a full stop.
fn is_continued(field: &DocumentField, earlier: &Block, later: &Block) -> bool {
    let between = field
        .text
        .get(earlier.bytes.end..later.bytes.start)
        .unwrap_or_default();
    let ends = between
        .replace("\r\n", "\n")
        .matches(|c: char| !c.is_whitespace() || is_line_end(c))
        .count();
    let line = field.text.get(earlier.bytes.clone()).unwrap_or_default();
    let last = line
        .trim_end_matches(|c: char| c.is_whitespace() || is_closing(c))
        .chars()
        .next_back();
    ends == 1 && !last.is_some_and(ends_sentence)
}

fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{0C}'
    )
}

/// Quotation marks and brackets that may stand behind a full stop.
pub(super) fn is_closing(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '”'
            | '’'
            | '»'
            | '›'
            | '“'
            | ')'
            | ']'
            | '}'
            | '）'
            | '」'
            | '』'
            | '】'
            | '》'
    )
}

/// Marks that end a sentence.
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | '!'
            | '?'
            | '…'
            | '。'
            | '！'
            | '？'
            | '｡'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '։'
            | '።'
            | '၊'
            | '။'
            | '។'
            | '།'
            | '‼'
            | '⁇'
            | '⁈'
            | '⁉'
    )
}
