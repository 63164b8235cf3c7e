//! Which segments to merge.
//!
//! From the oldest on, segments form groups: as many as are together no more than a part of the window and of the
//! capacity. A group that is full ends as one segment, so that forgetting the oldest segment forgets one part. In the
//! last group, which still grows, merging everything at each step would write each article a hundred times; it keeps as
//! many segments as the rest leaves of [`MOST`], with sizes that fall by a constant factor from the oldest to the newest.

use std::ops::Range;

use super::segment::{MAX_ARTICLES, MAX_POSTINGS, MAX_RECORD_BYTES};

/// The most segments when nothing is left to do. (More only where single segments are longer than half a part.)
pub(super) const MOST: usize = 8;
/// Parts of the window and of the capacity that one segment holds at most. Five full ones, one that is being forgotten
/// and two that grow make eight.
pub(super) const PARTS: u64 = 5;

/// A segment, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub first: u64,
    pub articles: u64,
    pub postings: u64,
    pub record_bytes: u64,
    pub oldest_ms: i64,
    pub newest_ms: i64,
}

/// The largest segment that merging makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub span_ms: i64,
    pub articles: u64,
}

/// What to merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merge {
    pub pieces: Range<usize>,
    /// Whether the result will not be merged again.
    pub last: bool,
}

impl Piece {
    fn and(&self, next: &Self) -> Self {
        Self {
            first: self.first,
            articles: self.articles + next.articles,
            postings: self.postings + next.postings,
            record_bytes: self.record_bytes + next.record_bytes,
            oldest_ms: self.oldest_ms.min(next.oldest_ms),
            newest_ms: self.newest_ms.max(next.newest_ms),
        }
    }

    fn fits(&self, bounds: &Bounds) -> bool {
        self.newest_ms.saturating_sub(self.oldest_ms) <= bounds.span_ms
            && self.articles <= bounds.articles.min(MAX_ARTICLES)
            && self.postings <= MAX_POSTINGS
            && self.record_bytes <= MAX_RECORD_BYTES
    }
}

/// The next merge, the smallest of those that are due; `None` when there is nothing to do. `pieces` are the segments,
/// oldest first.
pub(super) fn plan(pieces: &[Piece], bounds: &Bounds) -> Option<Merge> {
    let groups = groups(pieces, bounds);
    let (open, full) = groups.split_last()?;
    let finish = full
        .iter()
        .filter(|group| group.len() > 1)
        .map(|group| Merge {
            pieces: group.clone(),
            last: true,
        });
    let room = MOST.saturating_sub(full.len()).max(1);
    let grow = grow(pieces, open, room, bounds).map(|pieces| Merge {
        pieces,
        last: false,
    });
    finish.chain(grow).min_by_key(|merge| {
        pieces
            .get(merge.pieces.clone())
            .unwrap_or_default()
            .iter()
            .map(|piece| piece.articles)
            .sum::<u64>()
    })
}

/// Runs of segments that may become one. Between two runs one did not fit, or articles are missing.
fn groups(pieces: &[Piece], bounds: &Bounds) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut sum: Option<Piece> = None;
    for (index, piece) in pieces.iter().enumerate() {
        let joined = sum
            .filter(|sum| sum.first + sum.articles == piece.first)
            .map(|sum| sum.and(piece))
            .filter(|joined| joined.fits(bounds));
        match (groups.last_mut(), joined) {
            (Some(group), Some(_)) => group.end = index + 1,
            _ => groups.push(index..index + 1),
        }
        sum = Some(joined.unwrap_or(*piece));
    }
    groups
}

/// What to merge in the group that still grows.
fn grow(
    pieces: &[Piece],
    group: &Range<usize>,
    room: usize,
    bounds: &Bounds,
) -> Option<Range<usize>> {
    if group.len() <= room {
        return None;
    }
    let sizes: Vec<u64> = pieces
        .get(group.clone())?
        .iter()
        .map(|piece| piece.articles.max(1))
        .collect();
    let newest = *sizes.last()?;
    // The factor at which so many segments reach from the newest to the largest.
    let steps = (bounds.articles.min(MAX_ARTICLES) as f64 / newest as f64).max(2.0);
    let factor = steps.powf(1.0 / room as f64).max(1.5);
    // The newest ones, up to the first that is much larger than what comes after it; at least two.
    let mut start = sizes.len() - 1;
    let mut sum = newest;
    while let Some(before) = start.checked_sub(1).and_then(|before| sizes.get(before)) {
        let joins = *before as f64 <= factor * sum as f64 || start == sizes.len() - 1;
        if !joins {
            break;
        }
        sum += before;
        start -= 1;
    }
    Some(group.start + start..group.end)
}
