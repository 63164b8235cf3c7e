//! What does not change between two calls that change the index: segments, and heads that are to become segments.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::background::Frozen;
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
        let mut reads = 0;
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
                reads += segment.look_up(keys, &mut take);
            }
        }
        self.residency.read(reads, &self.segments);
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
        self.residency
            .read(self.segments.len() as u32, &self.segments);
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
        self.residency
            .read(self.segments.len() as u32, &self.segments);
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
        let place = self
            .segments
            .partition_point(|segment| segment.shape().end() <= article);
        let record = self.segments.get(place)?.record(article);
        self.residency.read(2, &self.segments);
        record
    }
}
