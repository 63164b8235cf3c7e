//! What an index on disk consists of: its segments, and full heads that are to become some.

use std::sync::Arc;

use super::head::Head;
use super::manifest::{Entry, Lost, Manifest};
use super::plan::Piece;
use super::segment::Segment;

/// A full head that is to become a segment, still readable.
pub(super) struct Frozen {
    pub head: Head,
    /// The log that holds it, and its length.
    pub log: u64,
    pub log_bytes: u64,
    /// The meta blob at the end of that log.
    pub meta: Vec<u8>,
}

/// What a view of the index is made of: segments and heads, oldest first.
pub(super) type Parts = (Vec<Arc<Segment>>, Vec<Arc<Frozen>>);

/// The index on disk, as the manifest names it or soon will.
pub(super) struct Catalog {
    pub segments: Vec<Arc<Segment>>,
    pub sealed_log: u64,
    pub next_article: u64,
    pub next_segment: u64,
    pub clock_ms: i64,
    pub lost: Vec<Lost>,
    pub meta: Vec<u8>,
}

impl Catalog {
    pub(super) fn empty() -> Self {
        Self {
            segments: Vec::new(),
            sealed_log: 0,
            next_article: 0,
            next_segment: 1,
            clock_ms: i64::MIN,
            lost: Vec::new(),
            meta: Vec::new(),
        }
    }

    /// Adds what a head became.
    pub(super) fn add(&mut self, segments: Vec<Arc<Segment>>, frozen: &Frozen) {
        self.segments.extend(segments);
        self.sealed_log = frozen.log;
        self.next_article = frozen.head.end();
        self.meta.clone_from(&frozen.meta);
        if let Some((_, newest_ms)) = frozen.head.arrived_ms() {
            self.clock_ms = self.clock_ms.max(newest_ms);
        }
    }

    pub(super) fn manifest(&self) -> Manifest {
        let entry = |segment: &Arc<Segment>| Entry {
            id: segment.shape().id,
            length: segment.file_length(),
            first: segment.shape().first,
            articles: segment.shape().articles,
            oldest_ms: segment.shape().oldest_ms,
            newest_ms: segment.shape().newest_ms,
        };
        Manifest {
            sealed_log: self.sealed_log,
            next_article: self.next_article,
            next_segment: self.next_segment,
            clock_ms: self.clock_ms,
            segments: self.segments.iter().map(entry).collect(),
            lost: self.lost.clone(),
            meta: self.meta.clone(),
        }
    }

    /// Where these segments are, one after another.
    pub(super) fn position(&self, segments: &[Arc<Segment>]) -> Option<usize> {
        let first = segments.first()?;
        let place = self
            .segments
            .iter()
            .position(|segment| Arc::ptr_eq(segment, first))?;
        let found = self.segments.get(place..place + segments.len())?;
        found
            .iter()
            .zip(segments)
            .all(|(left, right)| Arc::ptr_eq(left, right))
            .then_some(place)
    }
}

pub(super) fn piece(segment: &Segment) -> Piece {
    let shape = segment.shape();
    Piece {
        first: shape.first,
        articles: u64::from(shape.articles),
        postings: u64::from(shape.postings),
        record_bytes: u64::from(shape.record_bytes),
        oldest_ms: shape.oldest_ms,
        newest_ms: shape.newest_ms,
    }
}
