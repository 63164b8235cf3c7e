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

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        span_ms: 1_000,
        articles: 4_000,
    };

    fn piece(first: u64, articles: u64, from_ms: i64, to_ms: i64) -> Piece {
        Piece {
            first,
            articles,
            postings: articles * 50,
            record_bytes: articles * 170,
            oldest_ms: from_ms,
            newest_ms: to_ms,
        }
    }

    /// Merges until nothing is due; returns the articles that were written.
    fn settle(pieces: &mut Vec<Piece>) -> u64 {
        let mut written = 0;
        while let Some(merge) = plan(pieces, &BOUNDS) {
            assert!(merge.pieces.len() > 1);
            let merged = pieces[merge.pieces.clone()]
                .iter()
                .copied()
                .reduce(|sum, next| sum.and(&next))
                .unwrap();
            assert!(merged.fits(&BOUNDS), "{merged:?}");
            written += merged.articles;
            pieces.splice(merge.pieces, [merged]);
        }
        written
    }

    /// A stream whose window holds `per_window` articles, in heads of so many: the most segments at rest, and how often
    /// an article is written by merging.
    fn run(head: u64, per_window: u64, capacity: u64) -> (usize, f64) {
        let (mut pieces, mut written, mut most) = (Vec::new(), 0, 0);
        let window_ms = BOUNDS.span_ms * PARTS as i64;
        let heads = 4 * per_window.min(capacity) / head;
        for number in 0..heads {
            let ms = |articles: u64| (articles * window_ms as u64 / per_window) as i64;
            let first = number * head;
            let new = piece(first, head, ms(first), ms(first + head));
            pieces.push(new);
            written += settle(&mut pieces);
            let mut total: u64 = pieces.iter().map(|piece| piece.articles).sum();
            while pieces[0].newest_ms + window_ms <= new.newest_ms || total > capacity {
                total -= pieces[0].articles;
                pieces.remove(0);
                written += settle(&mut pieces);
            }
            most = most.max(pieces.len());
        }
        (most, written as f64 / (heads * head) as f64)
    }

    #[test]
    fn at_rest_there_are_at_most_eight_and_nothing_is_written_too_often() {
        // Bounded by time, by count, with large heads and small ones.
        for (head, per_window, capacity) in [
            (40, 16_000, 20_000),
            (40, 64_000, 20_000),
            (10, 16_000, 20_000),
            (400, 18_000, 20_000),
            (1, 1_000, 20_000),
            (200, 1_600, 20_000),
        ] {
            let (most, written) = run(head, per_window, capacity);
            println!("{head} {per_window}: {most} segments, written {written:.1} times");
            assert!(most <= MOST, "{most} of {head}, {per_window}");
            assert!(written < 16.0, "{written} of {head}, {per_window}");
        }
    }

    #[test]
    fn what_does_not_belong_together_is_not_merged() {
        // Articles are missing between the first two; the others are too long, too many, or too large together.
        let mut pieces = vec![
            piece(0, 10, 0, 0),
            piece(11, 10, 0, 0),
            piece(21, 10, 2_000, 2_000),
            piece(31, 3_995, 2_000, 2_000),
            piece(4_026, 10, 2_000, 2_000),
            Piece {
                postings: MAX_POSTINGS,
                ..piece(4_036, 10, 2_000, 2_000)
            },
            Piece {
                record_bytes: MAX_RECORD_BYTES,
                ..piece(4_046, 10, 2_000, 2_000)
            },
        ];
        let before = pieces.clone();
        assert_eq!(settle(&mut pieces), 0);
        assert_eq!(pieces, before);
        assert_eq!(plan(&[], &BOUNDS), None);
    }
}
