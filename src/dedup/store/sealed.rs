//! What does not change between two calls that change the index: segments, and heads that are to become segments.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::catalog::Frozen;
use super::residency::Residency;
use super::segment::{LOOKED_UP_TOGETHER, Segment};
use super::{Base, Posting};

/// The sealed part of the index. Any number of threads may ask it at the same time.
pub struct Sealed {
    /// Oldest first.
    pub(super) segments: Vec<Arc<Segment>>,
    /// Oldest first; all newer than the segments.
    pub(super) frozen: Vec<Arc<Frozen>>,
    pub(super) residency: Residency,
}

impl Sealed {
    pub(super) fn new() -> Self {
        Self {
            segments: Vec::new(),
            frozen: Vec::new(),
            residency: Residency::new(),
        }
    }

    /// Articles.
    pub fn len(&self) -> usize {
        let frozen: usize = self.frozen.iter().map(|frozen| frozen.head.len()).sum();
        let segments: usize = self
            .segments
            .iter()
            .map(|segment| segment.shape().articles as usize)
            .sum();
        frozen + segments
    }

    /// Whether there is no article.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Segments, each a file.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Looks up many keys: appends to `out` the newest `most` postings of each, as index into `keys` and posting. The
    /// postings of one key come newest first; the keys are mixed. Like [`Base::newest`] it may name, rarely, an article
    /// that does not have the key.
    pub fn look_up(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) {
        let (sparing, mut reads) = (self.residency.is_sparing(), 0);
        for (part, keys) in keys.chunks(LOOKED_UP_TOGETHER).enumerate() {
            let first = part * LOOKED_UP_TOGETHER;
            let mut left = [most; LOOKED_UP_TOGETHER];
            let mut take = |place: usize, posting: Posting| {
                let Some(left) = left.get_mut(place).filter(|left| **left > 0) else {
                    return ControlFlow::Break(());
                };
                *left -= 1;
                out.push(((first + place) as u32, posting));
                if *left == 0 {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            };
            for frozen in self.frozen.iter().rev() {
                frozen.head.look_up(keys, &mut take);
            }
            for segment in self.segments.iter().rev() {
                reads += segment.look_up(keys, sparing, &mut take);
            }
        }
        let hot = 2 * keys.len() * self.segments.len();
        self.residency.read(hot, reads, &self.segments);
    }

    /// Copies the record of an article; returns whether it is remembered. Where memory is scarce this is much cheaper than
    /// [`Base::record`].
    pub fn read_record(&self, article: u64, out: &mut Vec<u8>) -> bool {
        let in_segment = self.residency.is_sparing().then(|| self.segment(article));
        if let Some(segment) = in_segment.flatten()
            && segment.read_record(article, out).is_some()
        {
            return true;
        }
        let Some(record) = self.record(article) else {
            return false;
        };
        out.clear();
        out.extend_from_slice(record);
        true
    }

    /// The segment where the article is if it is in any.
    fn segment(&self, article: u64) -> Option<&Segment> {
        let place = self
            .segments
            .partition_point(|segment| segment.shape().end() <= article);
        self.segments.get(place).map(|segment| &**segment)
    }

    fn count_single_look_up(&self) {
        let segments = self.segments.len();
        self.residency
            .read(2 * segments, segments as u32, &self.segments);
    }
}

impl Base for Sealed {
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for frozen in self.frozen.iter().rev() {
            frozen.head.newest(key, visit)?;
        }
        self.count_single_look_up();
        for segment in self.segments.iter().rev() {
            segment.newest(key, visit)?;
        }
        ControlFlow::Continue(())
    }

    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.count_single_look_up();
        for segment in &self.segments {
            segment.oldest(key, visit)?;
        }
        for frozen in &self.frozen {
            frozen.head.oldest(key, visit)?;
        }
        ControlFlow::Continue(())
    }

    fn record(&self, article: u64) -> Option<&[u8]> {
        let frozen = self
            .frozen
            .iter()
            .find_map(|frozen| frozen.head.record(article));
        if frozen.is_some() {
            return frozen;
        }
        let record = self.segment(article)?.record(article);
        self.residency.read(0, 2, &self.segments);
        record
    }
}
