//! The words a match rests on, and its score.

use std::ops::Range;

use super::evaluate::Evaluation;
use super::places::{Span, is_among};
use super::{Place, Scored};
use crate::text::Document;
use crate::topics::query::plan::TITLE;
use crate::topics::query::program::Op;
use crate::topics::query::vocabulary::Space;

/// Texts up to this many words are scored alike, as with the topic lists.
const SHORT_TEXT: f32 = 100.0;

/// A word or phrase of the query that is in the text.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    leaf: u32,
    at: usize,
    first: Span,
    weight: f32,
}

impl Hit {
    /// A place of a leaf, without weight.
    pub(super) fn at(leaf: u32, at: usize, first: Span) -> Self {
        Self {
            leaf,
            at,
            first,
            weight: 0.0,
        }
    }
}

impl Evaluation<'_, '_> {
    /// The evidence of a query that holds: the first place of each word and phrase that makes it hold, in reading
    /// order. Queries it refers to are added to `references`.
    pub(super) fn evidence(
        &mut self,
        query: u32,
        code: usize,
        places: &mut Vec<Place>,
        references: &mut Vec<u32>,
    ) -> Scored {
        let mut hits: Vec<Hit> = Vec::new();
        self.collect(query, code, None, &mut hits, references);
        let words = self.subject.document.tokens.len() as f32;
        let length = 1.0 + (words / SHORT_TEXT).max(1.0).ln();
        // Not `sum`, which is minus zero where nothing is in the text.
        let score = hits.iter().fold(0.0, |sum, hit| sum + hit.weight) / length;
        hits.sort_by_key(|hit| (hit.first.start, hit.leaf));
        let start = places.len();
        for hit in hits {
            if places.len() - start >= self.set.options.max_evidence {
                break;
            }
            places.extend(self.published(&hit));
        }
        Scored {
            score,
            places: start as u32..places.len() as u32,
        }
    }

    /// Nesting is bounded by the parser.
    fn collect(
        &mut self,
        query: u32,
        at: usize,
        within: Option<&[Span]>,
        hits: &mut Vec<Hit>,
        references: &mut Vec<u32>,
    ) {
        let step = self.set.programs.step(at);
        let end = step.next + step.payload as usize;
        match step.op {
            Op::Word | Op::Zoned if !self.article.has(step.payload) => {}
            Op::Word if within.is_none() => self.collect_word(query, at, hits, references),
            Op::Word | Op::Zoned | Op::Phrase => {
                let mut spans = self.spans(at, usize::MAX);
                if let Some(within) = within {
                    spans.retain(|span| is_among(within, span));
                }
                self.add(query, at, spans.first().cloned(), spans.len(), hits);
            }
            Op::And | Op::Or => {
                let mut next = step.next;
                while next < end {
                    let needed = match self.set.programs.step(next).op {
                        Op::Not => false,
                        Op::And | Op::Or | Op::AtLeast => {
                            step.op == Op::And || self.part_holds(next, within)
                        }
                        _ => true,
                    };
                    if needed {
                        self.collect(query, next, within, hits, references);
                    }
                    next = self.set.programs.skip(next);
                }
            }
            Op::Near => {
                let mut sets = self.near(at);
                let parts = self.set.programs.parts(at);
                for (part, spans) in parts.into_iter().zip(&mut sets) {
                    if let Some(within) = within {
                        spans.retain(|span| is_among(within, span));
                    }
                    self.collect(query, part, Some(spans), hits, references);
                }
            }
            Op::AtLeast => self.collect(query, step.next + 1, within, hits, references),
            Op::Not => {}
        }
    }

    /// Within NEAR there is no AND, and what does not hold has no spans.
    fn part_holds(&mut self, at: usize, within: Option<&[Span]>) -> bool {
        within.is_some() || self.holds(at)
    }

    /// A word anywhere, which needs no list of places.
    fn collect_word(
        &mut self,
        query: u32,
        at: usize,
        hits: &mut Vec<Hit>,
        references: &mut Vec<u32>,
    ) {
        let term = self.set.programs.step(at).payload;
        let Some(slot) = self.article.get(term) else {
            return;
        };
        if slot.count == 0 {
            if self.set.vocabulary.is_of(term, Space::Query) {
                let id = self.set.vocabulary.form(term);
                references.extend(self.set.number(id));
            }
            return;
        }
        let first = self.article.places(term).first().copied();
        let account = self.set.vocabulary.is_of(term, Space::Account);
        let first = first.map(|place| place..place + u32::from(!account));
        self.add(query, at, first, slot.count as usize, hits);
    }

    fn add(
        &mut self,
        query: u32,
        at: usize,
        first: Option<Span>,
        count: usize,
        hits: &mut Vec<Hit>,
    ) {
        let (Some(first), Some((leaf, _))) = (first, self.set.leaf(query, at)) else {
            return;
        };
        let zone = self.article.zone(first.start);
        let title = if zone == TITLE {
            self.set.options.title_boost
        } else {
            1.0
        };
        let boost = self.set.boosts.get(&leaf).copied().unwrap_or(1.0);
        hits.push(Hit {
            leaf,
            at,
            weight: boost * title * (1.0 + (count as f32).ln()),
            first,
        });
    }

    /// Where a hit stands in the published field; `None` for what is not in the text, as an author.
    pub(super) fn published(&self, hit: &Hit) -> Option<Place> {
        let document = self.subject.document;
        let step = self.set.programs.step(hit.at);
        if hit.first.is_empty() {
            let account = self.article.account(step.payload, hit.first.start)?;
            let points = self.points(document, account.field, account.bytes.clone())?;
            return Some(Place {
                leaf: hit.leaf,
                field: account.field,
                start: points.start,
                end: points.end,
            });
        }
        let token = |place: u32| {
            let stretch = self
                .article
                .stretch(place)
                .filter(|stretch| stretch.in_document())?;
            document
                .tokens
                .get((stretch.token + place - stretch.places.start) as usize)
        };
        let first = token(hit.first.start)?;
        let last = token(hit.first.end - 1)?;
        Some(Place {
            leaf: hit.leaf,
            field: first.field,
            start: first.start,
            end: last.end,
        })
    }

    /// Code points of the published field for bytes of the plain text.
    fn points(&self, document: &Document, field: u16, bytes: Range<usize>) -> Option<Range<u32>> {
        let field = document.fields.get(usize::from(field))?;
        if let Some(map) = self.subject.metadata.map(field.role) {
            return Some(map.span(bytes));
        }
        let count = |end: usize| {
            field
                .text
                .get(..end)
                .map(|text| text.chars().count() as u32)
        };
        Some(count(bytes.start)?..count(bytes.end)?)
    }
}
