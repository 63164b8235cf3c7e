//! From matched terms to scores of topics.

use std::ops::Range;

use crate::text::{Document, ZoneKind};

use super::lexicon::Term;
use super::matcher::Matcher;
use super::packed::Packed;
use super::vocabulary::Symbols;

/// Texts up to this many words are scored alike; longer ones need more words for the same score.
const SHORT_TEXT: f32 = 100.0;

/// The terms of a list as they are needed once they are found, by the places that the matcher gives.
#[derive(Debug)]
pub(super) struct Entries {
    written: Packed<u8>,
    topics: Packed<(u16, f32)>,
}

/// One of [`Entries`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// As it stands in the list.
    pub(super) written: &'a str,
    /// See [`Term::topics`].
    pub(super) topics: &'a [(u16, f32)],
}

impl Entries {
    pub(super) fn new(terms: &[Term]) -> Self {
        Self {
            written: terms.iter().map(|term| term.written.as_bytes()).collect(),
            topics: terms.iter().map(|term| term.topics.as_slice()).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.written.len()
    }

    pub(super) fn get(&self, term: usize) -> Option<Entry<'_>> {
        (term < self.len()).then(|| Entry {
            written: std::str::from_utf8(self.written.get(term)).unwrap_or_default(),
            topics: self.topics.get(term),
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).filter_map(|term| self.get(term))
    }
}

/// A term that is in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    pub(super) term: u32,
    /// How often it is there.
    pub(super) count: u32,
    /// Whether one of the places is the headline.
    pub(super) title: bool,
    /// Its first place, as indices into [`Document::tokens`].
    pub(super) first: Range<u32>,
}

impl Hit {
    /// What a term of weight 1 adds to the score: more where it is repeated, but ever less.
    pub(super) fn factor(&self, title_boost: f32) -> f32 {
        let boost = if self.title { title_boost } else { 1.0 };
        (1.0 + (self.count as f32).ln()) * boost
    }
}

/// Space for the work on one article, kept for the next one in the same language.
#[derive(Debug, Default)]
pub(super) struct Space {
    symbols: Symbols,
    /// Place in the hits plus one, by term; all zero between articles.
    places: Vec<u32>,
}

/// The terms in the content of an article, in the order of their first places. Terms do not reach over blocks.
pub(super) fn find(document: &Document, matcher: &Matcher, space: &mut Space) -> Vec<Hit> {
    let Space { symbols, places } = space;
    places.resize(matcher.terms(), 0);
    let mut hits: Vec<Hit> = Vec::new();
    for (_, block) in document.content() {
        let Some(tokens) = document
            .tokens
            .get(block.tokens.start as usize..block.tokens.end as usize)
        else {
            continue;
        };
        let words = tokens.iter().map(|token| document.form(token));
        let title = block.kind == ZoneKind::Title;
        matcher.search(words, symbols, |term, range| {
            let Some(place) = places.get_mut(term as usize) else {
                return;
            };
            if *place == 0 {
                let index = |at: usize| block.tokens.start + u32::try_from(at).unwrap_or(u32::MAX);
                hits.push(Hit {
                    term,
                    count: 0,
                    title: false,
                    first: index(range.start)..index(range.end),
                });
                *place = u32::try_from(hits.len()).unwrap_or(u32::MAX);
            }
            if let Some(hit) = hits.get_mut(*place as usize - 1) {
                hit.count += 1;
                hit.title |= title;
            }
        });
    }
    for hit in &hits {
        if let Some(place) = places.get_mut(hit.term as usize) {
            *place = 0;
        }
    }
    hits
}

/// Scores of all topics, brought to the same length of text.
pub(super) fn scores(
    hits: &[Hit],
    entries: &Entries,
    topics: usize,
    tokens: usize,
    title_boost: f32,
) -> Vec<f32> {
    let mut scores = vec![0.0_f32; topics];
    let length = 1.0 + (tokens as f32 / SHORT_TEXT).max(1.0).ln();
    for hit in hits {
        let Some(entry) = entries.get(hit.term as usize) else {
            continue;
        };
        let factor = hit.factor(title_boost) / length;
        for &(topic, weight) in entry.topics {
            if let Some(score) = scores.get_mut(usize::from(topic)) {
                *score += weight * factor;
            }
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::super::analyser::Analyser;
    use super::*;

    #[test]
    fn repetition_counts_ever_less() {
        let factor = |count, title| {
            Hit {
                term: 0,
                count,
                title,
                first: 0..1,
            }
            .factor(2.0)
        };
        assert_eq!(factor(1, false), 1.0);
        assert_eq!(factor(1, true), 2.0);
        assert!(factor(2, false) - factor(1, false) > factor(3, false) - factor(2, false));
    }

    #[test]
    fn long_texts_need_more_words() {
        let terms = Entries::new(&[Term {
            form: Analyser::of("en").term("x").unwrap(),
            written: "x".to_owned(),
            topics: vec![(1, 4.0)],
        }]);
        let hits = [Hit {
            term: 0,
            count: 1,
            title: false,
            first: 0..1,
        }];
        assert_eq!(scores(&hits, &terms, 3, 10, 2.0), [0.0, 4.0, 0.0]);
        assert_eq!(scores(&hits, &terms, 3, 100, 2.0), [0.0, 4.0, 0.0]);
        assert!(scores(&hits, &terms, 3, 1000, 2.0)[1] < 1.3);
    }
}
