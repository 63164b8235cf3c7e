//! Phrases with a distance.

use super::evaluate::Evaluation;
use super::places::Span;
use crate::topics::query::leaf::{ANY, Phrase};
use crate::topics::query::vocabulary::TermId;

impl Evaluation<'_, '_> {
    /// Phrases with a distance, as Lucene defines it: every word has a place of its own, and the places less the words'
    /// numbers in the phrase differ by no more than the distance. For each first place, the shortest span.
    pub(super) fn sloppy(&mut self, phrase: Phrase, terms: &[TermId]) -> Vec<Span> {
        let mut starts: Vec<u32> = Vec::new();
        for &term in terms.iter().filter(|&&term| term != ANY) {
            starts.extend_from_slice(self.article.places(term));
        }
        if terms.contains(&ANY) {
            // Any word may come first.
            let known = starts.clone();
            let reach = terms.len() as u32 + phrase.slop;
            for place in known {
                starts.extend(place.saturating_sub(reach)..place);
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let mut found = Vec::new();
        for start in starts {
            if let Some(end) = self.shortest(phrase, terms, start)
                && self.may_stand(phrase, &(start..end))
            {
                found.push(start..end);
            }
            if self.is_over() {
                break;
            }
        }
        found
    }

    /// The nearest end of a span that begins at a place.
    fn shortest(&mut self, phrase: Phrase, terms: &[TermId], start: u32) -> Option<u32> {
        let limit = self.article.stretch(start)?.paragraph_end;
        if start >= limit {
            return None;
        }
        let slop = i64::from(phrase.slop);
        let mut best: Option<u32> = None;
        for (first, &term) in terms.iter().enumerate() {
            if !self.is_at(term, start) {
                continue;
            }
            let own = i64::from(start) - first as i64;
            for lowest in own - slop..=own {
                let end = self.assign(
                    terms,
                    first,
                    start,
                    lowest,
                    slop,
                    best.unwrap_or(limit).min(limit),
                );
                best = match (best, end) {
                    (Some(best), Some(end)) => Some(best.min(end)),
                    (best, end) => best.or(end),
                };
                if self.is_over() {
                    return best;
                }
            }
        }
        best
    }

    fn is_at(&mut self, term: TermId, place: u32) -> bool {
        self.steps += 1;
        term == ANY || self.article.places(term).binary_search(&place).is_ok()
    }

    /// Gives every word but the first a place behind `start`, the first one having `start`; returns the earliest end.
    ///
    /// Places are tried from left to right, and each that lets one more word have a place (an augmenting path) is kept:
    /// sets of places that can be given out form a matroid, so that the last place needed is as early as can be.
    fn assign(
        &mut self,
        terms: &[TermId],
        first: usize,
        start: u32,
        lowest: i64,
        slop: i64,
        limit: u32,
    ) -> Option<u32> {
        let missing = terms.len() - 1;
        if missing == 0 {
            return Some(start + 1);
        }
        // By word: the place it has.
        let mut given: Vec<Option<u32>> = vec![None; terms.len()];
        let last = lowest + slop + terms.len() as i64 - 1;
        let mut count = 0;
        for place in start + 1..limit.min(u32::try_from(last + 1).unwrap_or(0)) {
            let mut tried = vec![false; terms.len()];
            if let Some(own) = tried.get_mut(first) {
                *own = true;
            }
            if self.augment(terms, place, lowest, slop, &mut given, &mut tried) {
                count += 1;
                if count == missing {
                    return Some(place + 1);
                }
            }
        }
        None
    }

    /// Gives a place to a word, moving other words where that helps. Recursion is bounded by the words of the phrase.
    fn augment(
        &mut self,
        terms: &[TermId],
        place: u32,
        lowest: i64,
        slop: i64,
        given: &mut [Option<u32>],
        tried: &mut [bool],
    ) -> bool {
        for (word, &term) in terms.iter().enumerate() {
            let adjusted = i64::from(place) - word as i64;
            if tried.get(word).copied().unwrap_or(true)
                || !(lowest..=lowest + slop).contains(&adjusted)
                || !self.is_at(term, place)
            {
                continue;
            }
            if let Some(tried) = tried.get_mut(word) {
                *tried = true;
            }
            let free = match given.get(word).copied().flatten() {
                None => true,
                Some(other) => self.augment(terms, other, lowest, slop, given, tried),
            };
            if free {
                if let Some(own) = given.get_mut(word) {
                    *own = Some(place);
                }
                return true;
            }
        }
        false
    }
}
