//! The terms by which queries become candidates.

use std::sync::atomic::Ordering;

use super::QuerySet;
use crate::topics::query::program::Cover;
use crate::topics::query::vocabulary::TermId;

impl QuerySet {
    /// Chooses the terms that make a query a candidate, by how frequent they are.
    pub(super) fn anchor(&mut self, before: Option<&Self>) {
        let frequencies = self.frequencies(before);
        let frequency = |term: TermId| frequencies.get(term as usize).copied().unwrap_or(1.0);
        let phrases = &self.phrases;
        let cover = Cover {
            programs: &self.programs,
            phrase_terms: |phrase| phrases.get(phrase).map_or(&[][..], |(_, terms)| terms),
            frequency: &frequency,
        };
        let mut pairs: Vec<(TermId, u32)> = Vec::new();
        let mut terms = Vec::new();
        for (head, number) in self.heads.iter().zip(0_u32..) {
            terms.clear();
            cover.collect(head.code as usize, &mut terms);
            terms.sort_unstable();
            terms.dedup();
            pairs.extend(terms.iter().map(|&term| (term, number)));
        }
        let count = self.vocabulary.len();
        let mut starts = vec![0_u32; count + 1];
        for (term, _) in &pairs {
            if let Some(next) = starts.get_mut(*term as usize + 1) {
                *next += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut queries = vec![0_u32; pairs.len()];
        let mut next = starts.clone();
        for (term, number) in pairs {
            if let Some(place) = next.get_mut(term as usize) {
                if let Some(query) = queries.get_mut(*place as usize) {
                    *query = number;
                }
                *place += 1;
            }
        }
        self.anchor_starts = starts;
        self.anchor_queries = queries;
    }

    /// The share of articles each term is expected in: a guess by its length, corrected by what was seen.
    fn frequencies(&self, before: Option<&Self>) -> Vec<f32> {
        // So many articles weigh as much as the guess.
        const GUESS: f32 = 20.0;
        let sampled = before.map_or(0.0, |set| set.sampled.load(Ordering::Relaxed) as f32);
        (0..self.vocabulary.len() as TermId)
            .map(|term| {
                let seen = before.filter(|_| sampled > 0.0).and_then(|before| {
                    let known = before.vocabulary.same(&self.vocabulary, term)?;
                    Some(before.seen.get(known as usize)?.load(Ordering::Relaxed) as f32)
                });
                let guess = self.vocabulary.guess(term);
                seen.map_or(guess, |seen| (seen + guess * GUESS) / (sampled + GUESS))
            })
            .collect()
    }
}
