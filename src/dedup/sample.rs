//! Small samples of word sets, to compare what two texts name.

use xxhash_rust::xxh3::xxh3_64;

use crate::text::{Document, Role, Token};

/// Most hashes of a sample.
pub const SAMPLE: usize = 12;

/// The smallest hashes of a set of words (a bottom-k sketch, Cohen and Kaplan 2007). Of two sets, the hashes below both
/// limits are a fair sample of both, however much the sets differ in size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    hashes: Vec<u16>,
}

/// How far two samples agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Hashes in both.
    pub shared: u32,
    /// Hashes of the first that can be compared.
    pub left: u32,
    /// Hashes of the second that can be compared.
    pub right: u32,
}

impl Agreement {
    /// Shared words as a share of the smaller set, from 0 to 1; `None` when that has fewer than `least` words.
    pub fn of_smaller(self, least: u32) -> Option<f32> {
        let smaller = self.left.min(self.right);
        (smaller >= least.max(1)).then(|| self.shared as f32 / smaller as f32)
    }
}

impl Sample {
    fn of<'a>(words: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hashes: Vec<u16> = words.map(|word| (xxh3_64(word) >> 48) as u16).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(SAMPLE);
        Self { hashes }
    }

    /// The words of the headline; in scripts without spaces its pairs of characters.
    pub fn of_title(document: &Document) -> Self {
        let tokens = tokens(document, |role| role == Role::Title);
        let pairs = tokens
            .windows(2)
            .filter(|pair| pair.iter().all(|token| token.single));
        let pairs = pairs.filter_map(|pair| {
            let (first, last) = (pair.first()?, pair.last()?);
            let range = first.folded_start as usize..last.folded_end as usize;
            document.folded.as_bytes().get(range)
        });
        let words = tokens.iter().filter(|token| !token.single);
        Self::of(
            words
                .map(|token| document.form(token).as_bytes())
                .chain(pairs),
        )
    }

    /// The figures of the story, and its names where the script tells them by a capital letter.
    pub fn of_facts(document: &Document) -> Self {
        let tokens = tokens(document, |role| role != Role::Title);
        Self::of(
            tokens
                .iter()
                .map(|token| document.form(token).as_bytes())
                .filter(|form| form.iter().all(u8::is_ascii_digit)),
        )
    }

    /// The sample with these hashes; they must be ascending.
    pub fn from_hashes(hashes: Vec<u16>) -> Self {
        Self { hashes }
    }

    /// The hashes, ascending.
    pub fn hashes(&self) -> &[u16] {
        &self.hashes
    }

    /// Compares two samples.
    pub fn agreement(&self, other: &Self) -> Agreement {
        let limit = self.limit().min(other.limit());
        let below = |sample: &Self| sample.hashes.partition_point(|hash| *hash <= limit) as u32;
        let shared = self
            .hashes
            .iter()
            .filter(|hash| other.hashes.binary_search(hash).is_ok())
            .count();
        Agreement {
            shared: shared as u32,
            left: below(self),
            right: below(other),
        }
    }

    /// The largest hash for which the sample says whether the set has it.
    fn limit(&self) -> u16 {
        match self.hashes.last() {
            Some(last) if self.hashes.len() >= SAMPLE => *last,
            _ => u16::MAX,
        }
    }
}

fn tokens(document: &Document, wanted: impl Fn(Role) -> bool) -> Vec<Token> {
    let blocks = document.content().filter(|(field, _)| wanted(field.role));
    blocks
        .flat_map(|(_, block)| {
            let range = block.tokens.start as usize..block.tokens.end as usize;
            document.tokens.get(range).unwrap_or_default()
        })
        .copied()
        .collect()
}
