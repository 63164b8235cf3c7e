//! Bytes of the files: checksums, and numbers in them. All numbers are little-endian.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The format of all files of an index. Format 1 was one growing file for each slice of the window, named `*.segment`.
pub(super) const FORMAT: u32 = 4;

/// What is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes from the beginning of the file.
    pub offset: u64,
    pub what: &'static str,
}

/// XXH3-64, seeded with the file's number and the place, so that bytes from elsewhere never pass.
pub(super) fn checksum(bytes: &[u8], number: u64, offset: u64) -> u64 {
    xxh3_64_with_seed(bytes, number.rotate_left(40) ^ offset)
}

/// Takes numbers from the front of bytes.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.first_chunk().copied()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }
}

/// Puts numbers at the end of bytes.
pub(super) trait Put {
    fn put_u32(&mut self, value: u32);
    fn put_u64(&mut self, value: u64);
    fn put_i64(&mut self, value: i64);
}

impl Put for Vec<u8> {
    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_i64(&mut self, value: i64) {
        self.extend_from_slice(&value.to_le_bytes());
    }
}

/// The number at this place in a table of 32-bit numbers.
pub(super) fn u32_at(table: &[u8], index: usize) -> Option<u32> {
    table
        .get(index.checked_mul(4)?..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}
