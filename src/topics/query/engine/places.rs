//! Where words, phrases and words near each other stand.

use std::ops::Range;

use super::evaluate::Evaluation;
use super::text::PublishedText;
use crate::topics::query::leaf::{ANY, Phrase};
use crate::topics::query::plan::EVERYWHERE;
use crate::topics::query::program::Op;
use crate::topics::query::syntax::ast::{NearOp, Within};
use crate::topics::query::vocabulary::{Space, TermId};

/// Places from the first word up to, not including, the place behind the last. Account names have no length.
pub(super) type Span = Range<u32>;

impl Evaluation<'_, '_> {
    /// The spans of a word, a phrase, alternatives of them, or of what takes part in a NEAR; sorted, each once. At most
    /// `limit` of a phrase.
    pub(super) fn spans(&mut self, at: usize, limit: usize) -> Vec<Span> {
        let step = self.set.programs.step(at);
        match step.op {
            Op::Word => self.word_spans(step.payload, EVERYWHERE),
            Op::Zoned => {
                let zones = self.set.programs.number(step.next) as u8;
                self.word_spans(step.payload, zones)
            }
            Op::Phrase => self.phrase_spans(step.payload, limit),
            Op::Or => {
                let mut all = Vec::new();
                for part in self.set.programs.parts(at) {
                    all.append(&mut self.spans(part, usize::MAX));
                }
                sort(&mut all);
                all
            }
            Op::Near => {
                let mut all: Vec<Span> = self.near(at).into_iter().flatten().collect();
                sort(&mut all);
                all
            }
            // Refused around these when the query is read.
            Op::And | Op::Not | Op::AtLeast => Vec::new(),
        }
    }

    fn word_spans(&mut self, term: TermId, zones: u8) -> Vec<Span> {
        let account = self.set.vocabulary.is_of(term, Space::Account);
        let length = u32::from(!account);
        let places = self.article.places(term);
        self.steps += places.len() as u64;
        if zones == EVERYWHERE {
            return places.iter().map(|&place| place..place + length).collect();
        }
        let zone = |place: u32| match self.article.account(term, place).filter(|_| account) {
            Some(account) => account.zone,
            None => self.article.zone(place),
        };
        places
            .iter()
            .filter(|&&place| zone(place) & zones != 0)
            .map(|&place| place..place + length)
            .collect()
    }

    pub(super) fn phrase_spans(&mut self, phrase: u32, limit: usize) -> Vec<Span> {
        let set = self.set;
        let Some((phrase, terms)) = set.phrases.get(phrase) else {
            return Vec::new();
        };
        let mut found = if phrase.slop == 0 {
            self.in_a_row(phrase, terms, limit)
        } else {
            self.sloppy(phrase, terms)
        };
        sort(&mut found);
        found
    }

    /// Whether a phrase may stand here: within one paragraph, in its zones, and as its check says.
    pub(super) fn may_stand(&mut self, phrase: Phrase, span: &Span) -> bool {
        let Some(first) = self.article.stretch(span.start) else {
            return false;
        };
        if span.end > first.paragraph_end {
            return false;
        }
        if phrase.zones != EVERYWHERE {
            let last = self.article.zone(span.end.saturating_sub(1));
            if first.zone & phrase.zones == 0 || last & phrase.zones == 0 {
                return false;
            }
        }
        match self.set.phrases.check(phrase) {
            None => true,
            Some(check) => {
                self.steps += u64::from(span.end - span.start);
                PublishedText::fits(self.subject.document, self.article, check, span.clone())
            }
        }
    }

    fn in_a_row(&mut self, phrase: Phrase, terms: &[TermId], limit: usize) -> Vec<Span> {
        let mut found = Vec::new();
        // The rarest word leads.
        let rarest = terms
            .iter()
            .zip(0_u32..)
            .filter(|&(&term, _)| term != ANY)
            .map(|(&term, offset)| (self.article.places(term).len(), offset, term))
            .min();
        let Some((count, lead, leader)) = rarest else {
            return found;
        };
        for index in 0..count {
            let Some(&place) = self.article.places(leader).get(index) else {
                break;
            };
            self.steps += 1;
            let Some(start) = place.checked_sub(lead) else {
                continue;
            };
            let others = terms.iter().zip(start..).all(|(&term, place)| {
                term == ANY || term == leader && place == start + lead || {
                    self.steps += 1;
                    self.article.places(term).binary_search(&place).is_ok()
                }
            });
            let span = start..start + terms.len() as u32;
            if others && self.may_stand(phrase, &span) {
                found.push(span);
                if found.len() >= limit {
                    break;
                }
            }
            if self.is_over() {
                break;
            }
        }
        found
    }

    /// By part of a NEAR: those of its spans that take part in some chain, in which each part stands near the one
    /// before it. All are empty where there is no chain.
    pub(super) fn near(&mut self, at: usize) -> Vec<Vec<Span>> {
        let (ops, _) = self.set.programs.near(at + 1);
        let parts = self.set.programs.parts(at);
        let mut sets: Vec<Vec<Span>> = Vec::with_capacity(parts.len());
        for part in parts {
            let spans = self.spans(part, usize::MAX);
            self.steps += spans.len() as u64;
            sets.push(spans);
            if sets.last().is_none_or(Vec::is_empty) || self.is_over() {
                return Vec::new();
            }
        }
        for (index, op) in ops.iter().enumerate() {
            self.keep(&mut sets, index + 1, index, *op, true);
        }
        for (index, op) in ops.iter().enumerate().rev() {
            self.keep(&mut sets, index, index + 1, *op, false);
        }
        sets
    }

    /// Keeps the spans of one part that have one of another near them.
    fn keep(
        &mut self,
        sets: &mut [Vec<Span>],
        of: usize,
        near: usize,
        op: NearOp,
        other_is_left: bool,
    ) {
        let Some(own) = sets.get_mut(of).map(std::mem::take) else {
            return;
        };
        let others = Others::new(sets.get(near).map_or(&[][..], Vec::as_slice));
        self.steps += own.len() as u64;
        let before = !op.ordered || other_is_left;
        let behind = !op.ordered || !other_is_left;
        let kept = own
            .into_iter()
            .filter(|span| match op.within {
                Within::Words(words) => {
                    before && others.ends_in(span.start.saturating_sub(words)..span.start + 1)
                        || behind
                            && others.starts_in(
                                span.end..span.end.saturating_add(words).saturating_add(1),
                            )
                }
                Within::Sentence | Within::Paragraph => {
                    let around = self.around(span.start, op.within);
                    let till = around.end.min(span.start + 1);
                    before && others.starts_in_and_ends_by(around.start..till, span.start)
                        || behind && others.starts_in(span.end.max(around.start)..around.end)
                }
            })
            .collect();
        if let Some(place) = sets.get_mut(of) {
            *place = kept;
        }
    }

    /// The places of the sentence or paragraph around a place.
    fn around(&mut self, place: u32, within: Within) -> Range<u32> {
        match within {
            Within::Sentence => self.article.sentence(self.subject.document, place),
            _ => self
                .article
                .stretch(place)
                .filter(|stretch| stretch.places.contains(&place))
                .map_or(place..place, |stretch| {
                    stretch.paragraph_start..stretch.paragraph_end
                }),
        }
    }
}

/// Spans that others are held to, sorted by their starts and by their ends.
struct Others<'s> {
    spans: &'s [Span],
    ends: Vec<u32>,
}

impl<'s> Others<'s> {
    fn new(spans: &'s [Span]) -> Self {
        let mut ends: Vec<u32> = spans.iter().map(|span| span.end).collect();
        ends.sort_unstable();
        Self { spans, ends }
    }

    fn starts_in(&self, range: Range<u32>) -> bool {
        let next = self.spans.partition_point(|span| span.start < range.start);
        self.spans
            .get(next)
            .is_some_and(|span| span.start < range.end)
    }

    fn ends_in(&self, range: Range<u32>) -> bool {
        let next = self.ends.partition_point(|&end| end < range.start);
        self.ends.get(next).is_some_and(|&end| end < range.end)
    }

    /// Whether a span starts in a range and ends at a place or before it. Only spans that reach over the place are
    /// looked at in vain, and those start shortly before it.
    fn starts_in_and_ends_by(&self, range: Range<u32>, end: u32) -> bool {
        let next = self.spans.partition_point(|span| span.start < range.start);
        self.spans
            .get(next..)
            .unwrap_or_default()
            .iter()
            .take_while(|span| span.start < range.end)
            .any(|span| span.end <= end)
    }
}

/// Sorts spans and leaves out repetitions.
fn sort(spans: &mut Vec<Span>) {
    if !spans.is_sorted_by_key(|span| (span.start, span.end)) {
        spans.sort_unstable_by_key(|span| (span.start, span.end));
    }
    spans.dedup();
}

/// Whether a span is among sorted spans.
pub(super) fn is_among(spans: &[Span], span: &Span) -> bool {
    spans
        .binary_search_by_key(&(span.start, span.end), |other| (other.start, other.end))
        .is_ok()
}
