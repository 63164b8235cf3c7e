//! The header of a segment, and where its sections lie.

use std::path::Path;

use super::super::IndexError;
use super::super::format::{FORMAT, Fault, Fields, Put, checksum};
use super::bucket::PAYLOAD;

const MAGIC: [u8; 8] = *b"NEWSSEG\n";
/// Sections begin at multiples of this, and the header takes as much.
pub(super) const PAGE: u64 = 4096;
/// Bytes that share a checksum.
pub(in super::super) const BLOCK: usize = 64 << 10;
/// The most articles in a segment: their numbers in it have 24 bits.
pub(in super::super) const MAX_ARTICLES: u64 = (1 << 24) - 1;
/// The most postings in a segment.
pub(in super::super) const MAX_POSTINGS: u64 = u32::MAX as u64 - 1;
/// The most bytes of records in a segment.
pub(in super::super) const MAX_RECORD_BYTES: u64 = u32::MAX as u64 - 1;
/// Sections with checksums.
pub(in super::super) const SECTIONS: usize = 5;
/// Bits of the key that a segment keeps for the sake of later merges, which need more of them.
const BITS_FOR_MERGING: u32 = 42;

/// What a segment holds and how it is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Shape {
    pub id: u64,
    /// Number of its first article.
    pub first: u64,
    pub articles: u32,
    pub postings: u32,
    pub record_bytes: u32,
    /// Bits of the key that are its bucket.
    pub directory_bits: u32,
    /// Bytes of the key after the bucket that are kept.
    pub key_bytes: u32,
    /// Bits of the key that are true. Those that are kept beyond are 0.
    pub known_bits: u32,
    /// When its first and its last article arrived, in milliseconds since 1970.
    pub oldest_ms: i64,
    pub newest_ms: i64,
}

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Section {
    pub start: u64,
    /// Bytes in use.
    pub length: u64,
}

impl Section {
    /// Bytes with what fills the last page.
    pub(in super::super) fn padded(self) -> u64 {
        self.length.next_multiple_of(PAGE)
    }

    pub(in super::super) fn end(self) -> u64 {
        self.start + self.padded()
    }

    /// Blocks with a checksum.
    pub(in super::super) fn blocks(self) -> u64 {
        self.padded().div_ceil(BLOCK as u64)
    }
}

/// The sections of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Layout {
    pub offsets: Section,
    pub records: Section,
    pub directory: Section,
    pub tags: Section,
    pub entries: Section,
    pub checksums: Section,
}

impl Layout {
    /// The sections with checksums, in order.
    pub(in super::super) fn sections(&self) -> [Section; SECTIONS] {
        [
            self.offsets,
            self.records,
            self.directory,
            self.tags,
            self.entries,
        ]
    }

    /// Length of the file.
    pub(in super::super) fn file_length(&self) -> u64 {
        self.checksums.start + self.checksums.length
    }
}

impl Shape {
    /// Chooses bucket and key sizes. A segment that will be merged keeps more bits of the keys than it needs itself.
    pub(in super::super) fn sized(mut self, last: bool, known_bits: u32) -> Self {
        self.directory_bits = (u64::from(self.postings) / 8).max(1).ilog2().clamp(10, 29);
        self.key_bytes = match self.directory_bits {
            _ if last => 2,
            bits if bits + 24 >= BITS_FOR_MERGING => 3,
            _ => 4,
        };
        self.known_bits = known_bits.min(self.directory_bits + 8 * self.key_bytes);
        self
    }

    pub(in super::super) fn layout(&self) -> Layout {
        let mut at = PAGE;
        let mut section = |length: u64| {
            let section = Section { start: at, length };
            at = section.end();
            section
        };
        let (articles, postings) = (u64::from(self.articles), u64::from(self.postings));
        let entry = u64::from(self.key_bytes) - 1 + PAYLOAD as u64;
        let offsets = section(4 * (articles + 1));
        let records = section(u64::from(self.record_bytes));
        let directory = section(4 * ((1 << self.directory_bits) + 1));
        let tags = section(postings);
        let entries = section(postings * entry);
        let blocks: u64 = [offsets, records, directory, tags, entries]
            .iter()
            .map(|section| section.blocks())
            .sum();
        let checksums = section(8 * blocks);
        Layout {
            offsets,
            records,
            directory,
            tags,
            entries,
            checksums,
        }
    }

    /// Number of the article after its last.
    pub(in super::super) fn end(&self) -> u64 {
        self.first + u64::from(self.articles)
    }

    /// The header page.
    pub(super) fn encode(&self, sum_of_checksums: u64) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE as usize);
        page.extend_from_slice(&MAGIC);
        page.put_u32(FORMAT);
        page.put_u32(self.directory_bits);
        page.put_u32(self.key_bytes);
        page.put_u32(self.known_bits);
        page.put_u32(self.articles);
        page.put_u32(self.postings);
        page.put_u32(self.record_bytes);
        page.put_u64(self.id);
        page.put_u64(self.first);
        page.put_i64(self.oldest_ms);
        page.put_i64(self.newest_ms);
        page.put_u64(sum_of_checksums);
        page.resize(PAGE as usize - 8, 0);
        page.put_u64(checksum(&page, self.id, 0));
        page
    }

    /// Reads the header page: the shape, and the checksum of the checksums.
    pub(super) fn decode(path: &Path, page: &[u8], id: u64) -> Result<(Self, u64), IndexError> {
        let fault = |what| IndexError::damaged(path, Fault { offset: 0, what });
        let (content, sum) = page
            .split_at_checked(PAGE as usize - 8)
            .ok_or_else(|| fault("the file header is incomplete"))?;
        if !content.starts_with(&MAGIC) || checksum(content, id, 0).to_le_bytes() != *sum {
            return Err(fault("the file header does not match its checksum"));
        }
        let mut fields = Fields(content.get(MAGIC.len()..).unwrap_or_default());
        let format = fields.u32().unwrap_or_default();
        if format != FORMAT {
            return Err(IndexError::Version {
                file: path.to_owned(),
                found: format,
                known: FORMAT,
            });
        }
        read_shape(&mut fields)
            .filter(|(shape, _)| shape.id == id && shape.is_possible())
            .ok_or_else(|| fault("the file header is malformed"))
    }

    fn is_possible(&self) -> bool {
        (1..=29).contains(&self.directory_bits)
            && (2..=4).contains(&self.key_bytes)
            && (self.directory_bits + 8..=self.directory_bits + 8 * self.key_bytes)
                .contains(&self.known_bits)
            && u64::from(self.articles) <= MAX_ARTICLES
            && self.first.checked_add(MAX_ARTICLES).is_some()
    }
}

fn read_shape(fields: &mut Fields<'_>) -> Option<(Shape, u64)> {
    let (directory_bits, key_bytes, known_bits) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (articles, postings, record_bytes) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let shape = Shape {
        directory_bits,
        key_bytes,
        known_bits,
        articles,
        postings,
        record_bytes,
        id: fields.u64()?,
        first: fields.u64()?,
        oldest_ms: fields.i64()?,
        newest_ms: fields.i64()?,
    };
    Some((shape, fields.u64()?))
}
