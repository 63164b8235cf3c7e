//! The articles of the window: segments in order, and a number for each article.

use std::collections::VecDeque;

use super::key::Kind;
use super::record::Record;
use super::segment::Segment;

/// Articles are numbered in order of arrival while the process lives. Numbers wrap around after four billion, when all
/// that had the same number are long forgotten.
#[derive(Default)]
pub(super) struct Articles {
    /// Oldest first; only the last one takes articles.
    segments: VecDeque<Segment>,
}

impl Articles {
    pub(super) fn segments(&self) -> &VecDeque<Segment> {
        &self.segments
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Segment> {
        self.segments.back_mut()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Segment> {
        self.segments.iter_mut()
    }

    /// Adds a segment after the last one and numbers its articles.
    pub(super) fn add(&mut self, mut segment: Segment) {
        segment.first = self.segments.back().map_or(0, Segment::next_number);
        self.segments.push_back(segment);
    }

    pub(super) fn pop_first(&mut self) -> Option<Segment> {
        self.segments.pop_front()
    }

    /// Articles remembered.
    pub(super) fn len(&self) -> usize {
        self.segments.iter().map(Segment::articles).sum()
    }

    /// Place in the order of arrival, 0 for the oldest one remembered.
    pub(super) fn age(&self, number: u32) -> u32 {
        number.wrapping_sub(self.segments.front().map_or(0, |oldest| oldest.first))
    }

    /// Whether the article is remembered.
    pub(super) fn is_known(&self, number: u32) -> bool {
        self.segment(number).is_some()
    }

    /// Numbers of all articles, oldest first.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.segments.iter().flat_map(|segment| {
            (0..segment.articles()).map(|index| segment.first.wrapping_add(index as u32))
        })
    }

    pub(super) fn record(&self, number: u32) -> Option<Record<'_>> {
        let segment = self.segment(number)?;
        segment.record(number.wrapping_sub(segment.first))
    }

    pub(super) fn key(&self, number: u32, kind: Kind) -> Option<u64> {
        self.record(number)?.key(kind)
    }

    /// When an article arrived, in milliseconds since 1970.
    pub(super) fn arrived_ms(&self, number: u32) -> Option<i64> {
        Some(
            self.segment(number)?
                .header()
                .arrived_ms(self.record(number)?),
        )
    }

    pub(super) fn same_segment(&self, left: u32, right: u32) -> bool {
        let first = |number| self.segment(number).map(|segment| segment.first);
        first(left) == first(right)
    }

    fn segment(&self, number: u32) -> Option<&Segment> {
        let age = self.age(number);
        let after = self
            .segments
            .partition_point(|segment| self.age(segment.first) <= age);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let place = number.wrapping_sub(segment.first) as usize;
        (place < segment.articles()).then_some(segment)
    }
}
