//! The sketch of a story: a sample of its shingles by which near-duplicates are found.
//!
//! A *shingle* is the hash of three consecutive words; in scripts without spaces of as many characters as stand for
//! three words (two characters count as one word). *Winnowing* (Schleimer, Wilkerson and Aiken, SIGMOD 2003) keeps a
//! shingle where it is the smallest in some window of `w` consecutive ones, so any passage of `w + 2` words that two
//! texts share gives at least one common shingle, wherever it stands.
//!
//! The windows are a fixed ladder ([`WINDOWS`]), and what a larger window keeps, a smaller one keeps too: the largest
//! window in which a shingle is the smallest is its *level*. A text of up to [`KEEP_ALL`] shingles keeps all of them, a longer one
//! those of the smallest window that leaves at most [`KEEP`]. Two texts of different lengths are compared at the coarser
//! of their levels, or the finer one would seem to lack what the coarser never kept.

use xxhash_rust::xxh3::xxh3_64;

use crate::text::{Document, Role, Token};

/// The windows of the levels, in shingles.
pub const WINDOWS: [usize; 16] = [
    1, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024,
];
/// Texts of up to as many different shingles keep all: a sample of a short text is too noisy.
pub const KEEP_ALL: usize = 80;
/// Most shingles of a longer text.
pub const KEEP: usize = 56;
/// Length of a shingle in half words: a word counts two, a character of a script without spaces one.
const SHINGLE: u32 = 6;

/// One kept shingle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shingle {
    /// The hash.
    pub hash: u64,
    /// Index into [`WINDOWS`] of the largest window in which it is the smallest.
    pub level: u8,
    /// Whether it first stands in the first half of the story.
    pub first_half: bool,
    /// Index of its first token in [`Document::tokens`].
    pub token: u32,
    /// Tokens it spans.
    pub tokens: u8,
}

/// The kept shingles of a story in the order of the text, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// The shingles.
    pub shingles: Vec<Shingle>,
    /// Index into [`WINDOWS`] of the window that was used.
    pub level: u8,
    /// Length of the story in words.
    pub words: u32,
}

impl Sketch {
    /// Sketches the body of a document, or title and summary where there is no body. Linear in the number of words.
    pub fn of(document: &Document) -> Self {
        let body = story(document, |role| role == Role::Body);
        let tokens = if body.is_empty() {
            story(document, |_| true)
        } else {
            body
        };
        let halves: u32 = tokens
            .iter()
            .map(|(_, token)| weight(token))
            .fold(0, u32::saturating_add);
        let shingles = shingles(document, &tokens, halves);
        Self::winnowed(shingles, halves.div_ceil(2))
    }

    fn winnowed(mut shingles: Vec<Shingle>, words: u32) -> Self {
        assign_levels(&mut shingles);
        once_each(&mut shingles);
        let level = chosen_level(&shingles);
        shingles.retain(|shingle| shingle.level >= level);
        Self {
            shingles,
            level,
            words,
        }
    }

    /// How many of its shingles a comparison at each level has, from [`Self::level`] on.
    pub fn counts(&self) -> Vec<u8> {
        (self.level..WINDOWS.len() as u8)
            .map(|level| {
                let count = self
                    .shingles
                    .iter()
                    .filter(|shingle| shingle.level >= level)
                    .count();
                u8::try_from(count).unwrap_or(u8::MAX)
            })
            .take_while(|count| *count > 0)
            .collect()
    }
}

fn weight(token: &Token) -> u32 {
    if token.single { 1 } else { 2 }
}

/// The tokens of the story with their indices.
fn story(document: &Document, wanted: impl Fn(Role) -> bool) -> Vec<(u32, &Token)> {
    let mut tokens = Vec::with_capacity(document.tokens.len());
    for (_, block) in document.content().filter(|(field, _)| wanted(field.role)) {
        let range = block.tokens.start as usize..block.tokens.end as usize;
        let found = document.tokens.get(range).unwrap_or_default();
        tokens.extend((block.tokens.start..).zip(found));
    }
    tokens
}

fn shingles(document: &Document, tokens: &[(u32, &Token)], halves: u32) -> Vec<Shingle> {
    let hashes: Vec<u64> = tokens
        .iter()
        .map(|(_, token)| xxh3_64(document.form(token).as_bytes()))
        .collect();
    let mut shingles = Vec::with_capacity(tokens.len());
    let mut before = 0_u32;
    for (at, (index, token)) in tokens.iter().enumerate() {
        let (mut hash, mut length, mut count) = (0_u64, 0, 0_u8);
        for ((_, token), word) in tokens.iter().zip(&hashes).skip(at) {
            hash = mixed(hash ^ word);
            length += weight(token);
            count += 1;
            if length >= SHINGLE {
                break;
            }
        }
        if length < SHINGLE {
            break;
        }
        shingles.push(Shingle {
            hash,
            level: 0,
            first_half: before.saturating_mul(2) < halves,
            token: *index,
            tokens: count,
        });
        before = before.saturating_add(weight(token));
    }
    shingles
}

/// The finaliser of SplitMix64: a bijection, so no two inputs fall together.
fn mixed(value: u64) -> u64 {
    let mut value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Gives each shingle the largest window in which it is the smallest; of equal ones the rightmost counts.
fn assign_levels(shingles: &mut [Shingle]) {
    // How many neighbours to the left and right are larger: the classic nearest-smaller scan with a stack.
    let count = shingles.len();
    let mut left = vec![0_usize; count];
    let mut stack: Vec<usize> = Vec::with_capacity(64);
    let hash = |shingles: &[Shingle], at: usize| shingles.get(at).map_or(0, |each| each.hash);
    let mut right = vec![count; count];
    for at in 0..count {
        while let Some(&top) = stack.last()
            && hash(shingles, top) >= hash(shingles, at)
        {
            stack.pop();
            if let Some(end) = right.get_mut(top) {
                *end = at;
            }
        }
        if let Some(start) = left.get_mut(at) {
            *start = stack.last().map_or(0, |top| top + 1);
        }
        stack.push(at);
    }
    for (shingle, (start, end)) in shingles.iter_mut().zip(left.into_iter().zip(right)) {
        let extent = end - start;
        // A text shorter than a window is one window.
        let level = if extent == count {
            WINDOWS.len() - 1
        } else {
            WINDOWS.partition_point(|window| *window <= extent) - 1
        };
        shingle.level = level as u8;
    }
}

/// Keeps each hash where it first stands, with its highest level.
fn once_each(shingles: &mut Vec<Shingle>) {
    let mut order: Vec<(u64, u32)> = shingles
        .iter()
        .zip(0..)
        .map(|(shingle, at)| (shingle.hash, at))
        .collect();
    order.sort_unstable();
    let mut drop = vec![false; shingles.len()];
    for run in order
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|run| run.len() > 1)
    {
        let best = run
            .iter()
            .filter_map(|(_, at)| shingles.get(*at as usize))
            .map(|shingle| shingle.level)
            .max();
        for (place, (_, at)) in run.iter().enumerate() {
            if place > 0 {
                if let Some(dropped) = drop.get_mut(*at as usize) {
                    *dropped = true;
                }
            } else if let (Some(first), Some(best)) = (shingles.get_mut(*at as usize), best) {
                first.level = best;
            }
        }
    }
    let mut drop = drop.into_iter();
    shingles.retain(|_| !drop.next().unwrap_or(false));
}

/// The finest level that keeps few enough.
fn chosen_level(shingles: &[Shingle]) -> u8 {
    if shingles.len() <= KEEP_ALL {
        return 0;
    }
    let mut counts = [0_usize; WINDOWS.len()];
    for shingle in shingles {
        if let Some(count) = counts.get_mut(usize::from(shingle.level)) {
            *count += 1;
        }
    }
    let mut kept = 0;
    for (level, count) in counts.iter().enumerate().rev() {
        kept += count;
        if kept > KEEP {
            return ((level + 1).min(WINDOWS.len() - 1)) as u8;
        }
    }
    0
}

#[cfg(test)]
#[path = "sketch_tests.rs"]
mod tests;
