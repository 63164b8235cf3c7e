//! The passages that an article shares with an earlier one, for people.

use super::judge::Judgement;
use super::sketch::{Shingle, Sketch};
use super::{DedupStatus, Fingerprint};
use crate::text::{Document, Role, Token};

/// A run of words that also stands in the earlier article, except perhaps for a word here and there where the sketch of a
/// long text keeps only a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Index of the field in [`Document::fields`].
    pub field: usize,
    /// Code points in the published field: start.
    pub start: u32,
    /// Code points in the published field: end.
    pub end: u32,
    /// Its words, or characters of a script without spaces.
    pub tokens: u32,
}

impl Judgement {
    /// The earlier article that most is shared with, and the passages in common with it: of an exact copy the whole story.
    pub fn in_common(
        &self,
        document: &Document,
        fingerprint: &Fingerprint,
    ) -> Option<(&str, Vec<Passage>)> {
        let (of, found) = match &self.verdict.of {
            Some(of) if self.verdict.status == DedupStatus::Exact => {
                (of.as_str(), whole_story(document))
            }
            _ => {
                let first = self.neighbours.first()?;
                let found = passages(document, fingerprint, &self.shared, self.level);
                (first.id.as_str(), found)
            }
        };
        (!found.is_empty()).then_some((of, found))
    }
}

/// The passages of the shingles with these indices, in the order of the text, none touching another. Shared shingles belong
/// to one passage where their words touch or overlap, and where no other shingle of this article stands between them at
/// `level`, the coarser of the two sketches' levels: what stands between two of a sample is not known.
pub(super) fn passages(
    document: &Document,
    fingerprint: &Fingerprint,
    shared: &[u32],
    level: u8,
) -> Vec<Passage> {
    let sketch = &fingerprint.sketch;
    let level = level.max(sketch.level);
    let ranks = ranks(sketch, level);
    let mut runs: Vec<Run> = Vec::new();
    for index in shared {
        let at = *index as usize;
        let (Some(shingle), Some(rank)) = (sketch.shingles.get(at), ranks.get(at).copied()) else {
            continue;
        };
        let first = shingle.token;
        let after = first.saturating_add(u32::from(shingle.tokens).max(1));
        match runs.last_mut().filter(|run| run.joins(first, rank)) {
            Some(run) => run.extend(after, rank),
            None => runs.push(Run::new(first, after, rank)),
        }
    }
    runs.into_iter()
        .flat_map(|run| by_field(document, &run))
        .collect()
}

/// Place of each shingle among those of the level; `None` for finer ones, which say that their own words are shared, and
/// nothing of what stands between them.
fn ranks(sketch: &Sketch, level: u8) -> Vec<Option<u32>> {
    let mut before = 0;
    let rank = |shingle: &Shingle| {
        (shingle.level >= level).then(|| {
            before += 1;
            before
        })
    };
    sketch.shingles.iter().map(rank).collect()
}

/// The whole text that identifies the story, as passages, one for each field: the body, or title and summary without one.
fn whole_story(document: &Document) -> Vec<Passage> {
    let has_body = document
        .content()
        .any(|(field, block)| field.role == Role::Body && !block.tokens.is_empty());
    let mut passages: Vec<Passage> = Vec::new();
    let story = document
        .content()
        .filter(|(field, _)| !has_body || field.role == Role::Body);
    for (_, block) in story {
        let tokens = block.tokens.start as usize..block.tokens.end as usize;
        let Some(first) = document.tokens.get(tokens).and_then(<[Token]>::first) else {
            continue;
        };
        let (field, tokens) = (usize::from(first.field), block.tokens.len() as u32);
        match passages.last_mut() {
            Some(last) if last.field == field => {
                last.end = block.span.end;
                last.tokens = last.tokens.saturating_add(tokens);
            }
            _ => passages.push(Passage {
                field,
                start: block.span.start,
                end: block.span.end,
                tokens,
            }),
        }
    }
    passages
}

/// Consecutive tokens of a document.
struct Run {
    first: u32,
    after: u32,
    /// Rank of the last shingle of the level.
    rank: Option<u32>,
}

impl Run {
    fn new(first: u32, after: u32, rank: Option<u32>) -> Self {
        Self { first, after, rank }
    }

    fn joins(&self, first: u32, rank: Option<u32>) -> bool {
        let follows = |(last, next): (u32, u32)| next <= last + 1;
        first <= self.after || self.rank.zip(rank).is_some_and(follows)
    }

    fn extend(&mut self, after: u32, rank: Option<u32>) {
        self.after = self.after.max(after);
        self.rank = rank.or(self.rank);
    }
}

/// The passages of a run: one, unless it goes from one field over into the next.
fn by_field(document: &Document, run: &Run) -> Vec<Passage> {
    let tokens = document
        .tokens
        .get(run.first as usize..run.after as usize)
        .unwrap_or_default();
    let passage = |tokens: &[Token]| {
        let (first, last) = (tokens.first()?, tokens.last()?);
        Some(Passage {
            field: usize::from(first.field),
            start: first.start,
            end: last.end,
            tokens: tokens.len() as u32,
        })
    };
    tokens
        .chunk_by(|a, b| a.field == b.field)
        .filter_map(passage)
        .collect()
}
