//! Matching: which queries of a set hold for an article.
//!
//! 1. `article`: the words of the article are turned into the terms of the queries that they are (`cache`).
//! 2. Candidates: queries of which a term that must be there is there, and whose language it is.
//! 3. `evaluate`: the candidates are decided by which words are there; where that does not decide, `places` looks at
//!    where they stand, and `text` at the published text.
//! 4. `evidence`: for those that hold, the words they rest on.
//!
//! The result is the same as if every query were evaluated; steps 2 and 3 only leave out work.

mod article;
mod cache;
mod evaluate;
mod evidence;
pub(super) mod explain;
mod matches;
mod places;
mod punctuation;
mod sloppy;
mod subject;
mod text;

use std::ops::Range;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::set::{NONE, QuerySet};
use super::vocabulary::TermId;
use article::ArticleIndex;
use cache::Cache;
use evaluate::{Evaluation, Verdict};
use matches::{Found, Place, Scored};

pub use matches::{Match, MatchEvidence, QueryMatches};
pub use subject::{Metadata, Subject};

/// Room for the work on one article, used again for the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    cache: Cache,
    article: ArticleIndex,
    /// Queries that are candidates already, a bit each.
    seen: Vec<u64>,
    /// Candidates by level.
    pending: Vec<Vec<u32>>,
    /// By filter: whether it lets the article through.
    passes: Vec<bool>,
}

/// One article in how many is counted for the frequencies of words.
const SAMPLED: u32 = 4;
/// Where counting stops: frequencies are known well enough, and counters stay far from their end.
const ENOUGH: u32 = 1 << 20;

impl QuerySet {
    /// The queries that hold for an article.
    pub fn matches(self: &Arc<Self>, subject: &Subject<'_>) -> QueryMatches {
        let mut scratch = self.take_scratch();
        let result = self.match_with(subject, &mut scratch);
        let mut pool = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        pool.push(scratch);
        result
    }

    /// The same by evaluating every query: what the choice of candidates is measured against.
    pub fn matches_by_trying_all(self: &Arc<Self>, subject: &Subject<'_>) -> QueryMatches {
        let mut scratch = self.take_scratch();
        let mut result = self.nothing();
        scratch
            .article
            .read(subject, &self.vocabulary, &mut scratch.cache);
        self.find_candidates(&mut scratch);
        let filters: Vec<bool> = scratch.passes.clone();
        for level in &mut scratch.pending {
            level.clear();
        }
        for (query, head) in (0..).zip(&self.heads) {
            if let (Some(level), Some(true)) = (
                scratch.pending.get_mut(usize::from(head.level)),
                filters.get(usize::from(head.filter)),
            ) {
                level.push(query);
            }
        }
        scratch.seen.iter_mut().for_each(|bits| *bits = u64::MAX);
        self.decide_all(subject, &mut scratch, &mut result);
        let mut pool = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        pool.push(scratch);
        result
    }

    fn nothing(self: &Arc<Self>) -> QueryMatches {
        QueryMatches {
            set: self.clone(),
            found: Vec::new(),
            places: Vec::new(),
            over: Vec::new(),
            candidates: 0,
        }
    }

    fn take_scratch(&self) -> Box<Scratch> {
        let mut pool = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        pool.pop().unwrap_or_default()
    }

    fn match_with(self: &Arc<Self>, subject: &Subject<'_>, scratch: &mut Scratch) -> QueryMatches {
        let mut result = self.nothing();
        if self.is_empty() {
            return result;
        }
        scratch.cache.trim();
        scratch
            .article
            .read(subject, &self.vocabulary, &mut scratch.cache);
        self.count(&scratch.article);
        self.find_candidates(scratch);
        self.decide_all(subject, scratch, &mut result);
        result
    }

    fn decide_all(&self, subject: &Subject<'_>, scratch: &mut Scratch, result: &mut QueryMatches) {
        let mut steps = self.options.article_steps;
        for level in 0..scratch.pending.len() {
            let mut candidates = scratch
                .pending
                .get_mut(level)
                .map(std::mem::take)
                .unwrap_or_default();
            // The order decides which queries are given up when an article takes too many steps in all.
            candidates.sort_unstable();
            result.candidates += candidates.len();
            for &query in &candidates {
                if self.decide(query, subject, scratch, &mut steps, result) {
                    self.refer(query, scratch);
                }
            }
            if let Some(place) = scratch.pending.get_mut(level) {
                candidates.clear();
                *place = candidates;
            }
        }
        result.found.sort_unstable_by_key(|found| found.query);
    }

    /// Counts in how many articles a term is, for the next choice of terms.
    fn count(&self, article: &ArticleIndex) {
        let number = self.sampled.load(Ordering::Relaxed);
        if number >= ENOUGH {
            return;
        }
        self.sampled.fetch_add(1, Ordering::Relaxed);
        if !number.is_multiple_of(SAMPLED) {
            return;
        }
        for slot in &article.slots {
            if let Some(seen) = self.seen.get(slot.term as usize) {
                seen.fetch_add(SAMPLED, Ordering::Relaxed);
            }
        }
    }

    fn find_candidates(&self, scratch: &mut Scratch) {
        let Scratch {
            article,
            seen,
            pending,
            passes,
            ..
        } = scratch;
        seen.clear();
        seen.resize(self.len().div_ceil(64), 0);
        pending.resize_with(usize::from(self.levels), Vec::new);
        pending.iter_mut().for_each(Vec::clear);
        passes.clear();
        passes.extend(
            self.filters
                .iter()
                .map(|terms| terms.is_empty() || terms.iter().any(|&term| article.has(term))),
        );
        for slot in &article.slots {
            self.add_candidates(slot.term, seen, pending, passes);
        }
    }

    #[inline]
    fn add_candidates(
        &self,
        term: TermId,
        seen: &mut [u64],
        pending: &mut [Vec<u32>],
        passes: &[bool],
    ) {
        for &query in self.anchored(term) {
            let (word, bit) = (query as usize / 64, query % 64);
            let Some(bits) = seen.get_mut(word) else {
                continue;
            };
            if *bits >> bit & 1 == 1 {
                continue;
            }
            *bits |= 1 << bit;
            let Some(head) = self.heads.get(query as usize) else {
                continue;
            };
            if !passes
                .get(usize::from(head.filter))
                .copied()
                .unwrap_or(true)
            {
                continue;
            }
            if let Some(level) = pending.get_mut(usize::from(head.level)) {
                level.push(query);
            }
        }
    }

    /// Decides one query. Returns whether it matches.
    fn decide(
        &self,
        query: u32,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        steps: &mut u64,
        result: &mut QueryMatches,
    ) -> bool {
        let Some(head) = self.heads.get(query as usize).copied() else {
            return false;
        };
        let mut evaluation = Evaluation {
            set: self,
            subject,
            article: &mut scratch.article,
            steps: 0,
            limit: self.options.query_steps.min(*steps),
        };
        let code = head.code as usize;
        let holds = match evaluation.quick(code).0 {
            Verdict::No => return false,
            Verdict::Yes => true,
            Verdict::Open => evaluation.holds(code),
        };
        *steps = steps.saturating_sub(evaluation.steps);
        if evaluation.is_over() {
            result.over.push(query);
            return false;
        }
        if !holds {
            return false;
        }
        let mut references = Vec::new();
        let before = result.places.len();
        let Scored { score, mut places } =
            evaluation.evidence(query, code, &mut result.places, &mut references);
        if score < head.min_score {
            result.places.truncate(before);
            return false;
        }
        for reference in references {
            self.borrow_evidence(reference, &mut places, result);
        }
        result.found.push(Found {
            query,
            score,
            places,
        });
        true
    }

    /// Adds the evidence of a query that this one refers to. That one has been decided before.
    fn borrow_evidence(&self, reference: u32, places: &mut Range<u32>, result: &mut QueryMatches) {
        let Some(found) = result.found.iter().find(|found| found.query == reference) else {
            return;
        };
        for place in found.places.clone() {
            if places.len() >= self.options.max_evidence {
                return;
            }
            if let Some(&place) = result.places.get(place as usize) {
                result.places.push(place);
                places.end += 1;
            }
        }
    }

    /// Makes candidates of the queries that refer to one that matched.
    fn refer(&self, query: u32, scratch: &mut Scratch) {
        let Some(head) = self
            .heads
            .get(query as usize)
            .filter(|head| head.reference != NONE)
        else {
            return;
        };
        if scratch.article.mark(head.reference) {
            let Scratch {
                seen,
                pending,
                passes,
                ..
            } = scratch;
            self.add_candidates(head.reference, seen, pending, passes);
        }
    }
}
