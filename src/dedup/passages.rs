//! The passages that an article shares with an earlier one, for people.

use super::Fingerprint;
use crate::text::Document;

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

/// The passages of the shingles with these indices, in the order of the text. Neighbours in the sketch that are both shared
/// belong to one passage.
pub fn passages(document: &Document, fingerprint: &Fingerprint, shared: &[u32]) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    // Index of the last shingle, and the first token of the open passage.
    let (mut last, mut begin): (Option<u32>, u32) = (None, 0);
    for index in shared {
        let Some(shingle) = fingerprint.sketch.shingles.get(*index as usize) else {
            continue;
        };
        let end = shingle.token + u32::from(shingle.tokens).max(1) - 1;
        let token = |at: u32| document.tokens.get(at as usize);
        let (Some(first), Some(final_token)) = (token(shingle.token), token(end)) else {
            continue;
        };
        let joins = last.is_some_and(|last| last + 1 == *index || last == *index);
        last = Some(*index);
        match passages.last_mut() {
            Some(passage) if joins && passage.field == usize::from(final_token.field) => {
                passage.end = passage.end.max(final_token.end);
                passage.tokens = (end + 1).saturating_sub(begin);
            }
            _ => {
                begin = shingle.token;
                passages.push(Passage {
                    field: usize::from(first.field),
                    start: first.start,
                    end: final_token.end,
                    tokens: u32::from(shingle.tokens),
                });
            }
        }
    }
    passages
}
