//! Reading a section of a segment from one end to the other.

use super::super::IndexError;
use super::super::format::{Fault, u32_at};
use super::layout::{SECTIONS, Section};
use super::read::Segment;

impl Segment {
    /// A reader of a section that checks what it reads.
    pub(in super::super) fn stream(&self, section: usize) -> Stream<'_> {
        let sections: [Section; SECTIONS] = self.layout.sections();
        Stream {
            segment: self,
            left: sections.get(section).map_or(0, |section| section.length),
            next: self.first_block(section) as usize,
            block: Vec::new(),
            at: 0,
        }
    }
}

/// Reads a section from its beginning, block by block, each compared with its checksum. Does not use the map, so that it
/// takes no memory beyond a block.
pub(in super::super) struct Stream<'a> {
    segment: &'a Segment,
    /// Bytes of the section that are not read yet.
    left: u64,
    next: usize,
    block: Vec<u8>,
    at: usize,
}

impl Stream<'_> {
    /// The next bytes, at least one and at most `most`; nothing at the end.
    pub(in super::super) fn some(&mut self, most: usize) -> Result<&[u8], IndexError> {
        if self.at == self.block.len() && self.left > 0 {
            self.segment.check_block(self.next, &mut self.block)?;
            self.next += 1;
            self.at = 0;
        }
        let count = most
            .min(self.block.len() - self.at)
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let start = self.at;
        self.at += count;
        self.left -= count as u64;
        Ok(self.block.get(start..start + count).unwrap_or_default())
    }

    /// Appends exactly `count` bytes.
    pub(in super::super) fn take(
        &mut self,
        mut count: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), IndexError> {
        while count > 0 {
            let some = self.some(count)?;
            if some.is_empty() {
                let fault = Fault {
                    offset: 0,
                    what: "a section ends before it should",
                };
                return Err(IndexError::damaged(&self.segment.path, fault));
            }
            count -= some.len();
            out.extend_from_slice(some);
        }
        Ok(())
    }

    /// The next 32-bit number.
    pub(in super::super) fn number(&mut self, scratch: &mut Vec<u8>) -> Result<u32, IndexError> {
        scratch.clear();
        self.take(4, scratch)?;
        Ok(u32_at(scratch, 0).unwrap_or_default())
    }
}
