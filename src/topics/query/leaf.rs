//! Phrases of all queries, and what must be checked against the published text.

use super::vocabulary::TermId;
use super::words::Part;

/// What a place in the text must be besides words in a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Check {
    /// Capital and small letters are these.
    pub(super) case: Option<Vec<Part>>,
    /// The published text is this.
    pub(super) raw: Option<String>,
    /// It is a whole hashtag.
    pub(super) hashtag: bool,
    /// Words begin and end with it, in scripts without spaces.
    pub(super) word: bool,
}

impl Check {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A phrase: words in a row, or near each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phrase {
    start: u32,
    end: u32,
    /// Moves of a word by one place that are allowed.
    pub(super) slop: u32,
    pub(super) zones: u8,
    /// Place in the checks plus one; 0: none.
    check: u32,
}

/// A word of a phrase that may be any.
pub(super) const ANY: TermId = TermId::MAX;

/// The phrases of a set of queries.
#[derive(Debug, Default)]
pub(super) struct PhraseTable {
    phrases: Vec<Phrase>,
    terms: Vec<TermId>,
    checks: Vec<Check>,
}

impl PhraseTable {
    pub(super) fn add(
        &mut self,
        terms: &[Option<TermId>],
        slop: u32,
        zones: u8,
        check: Check,
    ) -> u32 {
        let start = self.terms.len() as u32;
        self.terms
            .extend(terms.iter().map(|term| term.unwrap_or(ANY)));
        let check = if check.is_empty() {
            0
        } else {
            self.checks.push(check);
            self.checks.len() as u32
        };
        self.phrases.push(Phrase {
            start,
            end: self.terms.len() as u32,
            slop,
            zones,
            check,
        });
        self.phrases.len() as u32 - 1
    }

    /// A phrase and its terms.
    pub(super) fn get(&self, phrase: u32) -> Option<(Phrase, &[TermId])> {
        let phrase = *self.phrases.get(phrase as usize)?;
        let terms = self.terms.get(phrase.start as usize..phrase.end as usize)?;
        Some((phrase, terms))
    }

    /// What a phrase must be besides.
    pub(super) fn check(&self, phrase: Phrase) -> Option<&Check> {
        self.checks.get((phrase.check as usize).checked_sub(1)?)
    }

    /// Whether any phrase must be a hashtag, or a word of a script without spaces, or the like.
    pub(super) fn bytes(&self) -> usize {
        self.phrases.capacity() * size_of::<Phrase>()
            + self.terms.capacity() * size_of::<TermId>()
            + self.checks.len() * 128
    }
}
