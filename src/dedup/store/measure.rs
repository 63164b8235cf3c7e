//! How much an index holds, and what that takes.

use super::Embedded;

impl Embedded {
    /// Articles remembered.
    pub fn len(&self) -> usize {
        self.sealed.len() + self.head.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number that the next article gets.
    pub fn next_article(&self) -> u64 {
        self.head.end()
    }

    /// The latest arrival, in milliseconds since 1970; `i64::MIN` before the first.
    pub fn clock_ms(&self) -> i64 {
        self.clock_ms
    }

    /// Bytes of the files.
    pub fn disk_bytes(&self) -> u64 {
        let Some(disk) = &self.disk else { return 0 };
        let segments: u64 = self
            .sealed
            .segments
            .iter()
            .map(|segment| segment.file_length())
            .sum();
        let frozen: u64 = self
            .sealed
            .frozen
            .iter()
            .map(|frozen| frozen.log_bytes)
            .sum();
        segments + frozen + disk.log.written_bytes()
    }

    /// Bytes of memory held for heads and buffers, and those that mapped files take just now.
    pub fn memory_bytes(&self) -> u64 {
        let frozen: usize = self
            .sealed
            .frozen
            .iter()
            .map(|frozen| frozen.head.memory_bytes())
            .sum();
        let log = self.disk.as_ref().map_or(0, |disk| disk.log.memory_bytes());
        let mapped = match self.sealed.segments() {
            0 => 0,
            _ => self.sealed.residency.mapped(),
        };
        (frozen + self.head.memory_bytes() + log) as u64 + mapped
    }

    /// No remembered article arrived before this time (milliseconds since 1970); `None` when nothing is remembered.
    pub fn oldest_ms(&self) -> Option<i64> {
        let segment = self
            .sealed
            .segments
            .first()
            .map(|oldest| oldest.shape().oldest_ms);
        let frozen = || Some(self.sealed.frozen.first()?.head.arrived_ms()?.0);
        let head = || Some(self.head.arrived_ms()?.0);
        segment.or_else(frozen).or_else(head)
    }
}
