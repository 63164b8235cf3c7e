//! The bytes of a segment file: a header, then blocks of records, each with its checksum.
//!
//! ```text
//! file header  magic (8), format (4), flags (4), number (8), base time (8), length of the file before (8), checksum (8)
//! block        magic (4), bytes of records (4), count of records (4), checksum of these 12 (4), of the records (8); records
//! ```
//! Checksums are XXH3-64 seeded with the file's number and the place, so bytes from elsewhere never pass.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::record::Record;

pub(super) const FORMAT: u32 = 1;
pub(super) const FILE_HEADER: usize = 48;
pub(super) const BLOCK_HEADER: usize = 24;
const FILE_MAGIC: [u8; 8] = *b"NEWSIDX\n";
const BLOCK_MAGIC: [u8; 4] = *b"BLK\n";
/// Set in an empty file that stands for one that was discarded.
const DISCARDED: u32 = 1;

/// What is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub offset: usize,
    pub what: &'static str,
}

/// The first bytes of a segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// The segment's number: one more than that of the segment before.
    pub number: u64,
    /// No article of the segment arrived before; milliseconds since 1970.
    pub base_ms: i64,
    /// Final length of the segment before, to notice when its end is missing.
    pub previous: u64,
    /// Whether this stands for a discarded segment.
    pub discarded: bool,
}

impl FileHeader {
    /// When an article of the segment arrived, in milliseconds since 1970.
    pub(super) fn arrived_ms(&self, record: Record<'_>) -> i64 {
        self.base_ms.saturating_add(i64::from(record.arrival()))
    }

    pub(super) fn encode(&self) -> [u8; FILE_HEADER] {
        let flags = if self.discarded { DISCARDED } else { 0 };
        let mut bytes = Vec::with_capacity(FILE_HEADER);
        bytes.extend_from_slice(&FILE_MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&flags.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.base_ms.to_le_bytes());
        bytes.extend_from_slice(&self.previous.to_le_bytes());
        let sum = xxh3_64_with_seed(&bytes, seed(self.number, 0));
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes.first_chunk().copied().unwrap_or([0; FILE_HEADER])
    }

    /// Reads the header of the segment with this number, and the format if it is another one.
    pub(super) fn decode(image: &[u8], number: u64) -> Result<Result<Self, u32>, Fault> {
        let fault = |what| Fault { offset: 0, what };
        let header = image
            .get(..FILE_HEADER)
            .ok_or(fault("the file header is incomplete"))?;
        let (content, sum) = header.split_at(FILE_HEADER - 8);
        if xxh3_64_with_seed(content, seed(number, 0)).to_le_bytes() != *sum
            || !content.starts_with(&FILE_MAGIC)
        {
            return Err(fault("the file header does not match its checksum"));
        }
        let format = u32_at(content, 8);
        if format != FORMAT {
            return Ok(Err(format));
        }
        if u64_at(content, 16) != number {
            return Err(fault("the file belongs elsewhere in the index"));
        }
        Ok(Ok(Self {
            number,
            base_ms: u64_at(content, 24).cast_signed(),
            previous: u64_at(content, 32),
            discarded: u32_at(content, 12) & DISCARDED != 0,
        }))
    }
}

/// A checked block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub start: usize,
    pub end: usize,
    pub records: u32,
}

/// Fills in the header of the block that reaches from `start` to the end of the image.
pub(super) fn seal_block(image: &mut [u8], start: usize, records: u32, number: u64) {
    let Some((header, content)) = image
        .get_mut(start..)
        .and_then(|block| block.split_at_mut_checked(BLOCK_HEADER))
    else {
        return;
    };
    let mut bytes = Vec::with_capacity(BLOCK_HEADER);
    bytes.extend_from_slice(&BLOCK_MAGIC);
    // A segment is closed long before 4 GiB.
    bytes.extend_from_slice(
        &u32::try_from(content.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    bytes.extend_from_slice(&records.to_le_bytes());
    let seed = seed(number, start);
    let check = xxh3_64_with_seed(&bytes, seed) as u32;
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes.extend_from_slice(&xxh3_64_with_seed(content, seed).to_le_bytes());
    header.copy_from_slice(&bytes);
}

/// Checks the block that starts here.
pub(super) fn check_block(image: &[u8], start: usize, number: u64) -> Result<Block, Fault> {
    let fault = |what| Fault {
        offset: start,
        what,
    };
    let rest = image.get(start..).unwrap_or_default();
    let (header, rest) = rest
        .split_at_checked(BLOCK_HEADER)
        .ok_or(fault("a block header is incomplete"))?;
    let seed = seed(number, start);
    let check = xxh3_64_with_seed(header.get(..12).unwrap_or_default(), seed) as u32;
    if !header.starts_with(&BLOCK_MAGIC) || check != u32_at(header, 12) {
        return Err(fault("a block header does not match its checksum"));
    }
    let length = u32_at(header, 4) as usize;
    let content = rest.get(..length).ok_or(fault("a block is incomplete"))?;
    if xxh3_64_with_seed(content, seed) != u64_at(header, 16) {
        return Err(fault("a block does not match its checksum"));
    }
    Ok(Block {
        start,
        end: start + BLOCK_HEADER + length,
        records: u32_at(header, 8),
    })
}

/// Whether an intact block lies anywhere after this place: then what is before it is damage,
/// not the end of an unfinished write.
pub(super) fn intact_block_after(image: &[u8], from: usize, number: u64) -> bool {
    let rest = image.get(from..).unwrap_or_default();
    rest.windows(BLOCK_MAGIC.len())
        .enumerate()
        .filter(|(_, window)| *window == BLOCK_MAGIC)
        .any(|(at, _)| check_block(image, from + at, number).is_ok())
}

fn seed(number: u64, offset: usize) -> u64 {
    number.rotate_left(32) ^ offset as u64
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .map_or(0, u64::from_le_bytes)
}
