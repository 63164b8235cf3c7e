//! How a posting is cut into bucket, tag and entry.

use super::layout::Shape;

/// A posting within its bucket, such that the order of numbers is the order of key, article and mark: 32 bits of the key
/// after the bucket (fewer in front where fewer are kept), 24 of the article, 8 of the mark.
pub(in super::super) type Packed = u64;

/// Bytes of an entry that are not of the key: article and mark.
pub(super) const PAYLOAD: usize = 4;

impl Shape {
    /// The bucket of a key.
    pub(in super::super) fn bucket(&self, key: u64) -> usize {
        (key >> (64 - self.directory_bits)) as usize
    }

    /// What is kept of a key after its bucket.
    pub(in super::super) fn suffix(&self, key: u64) -> u32 {
        let known = key & (u64::MAX << (64 - self.known_bits));
        ((known << self.directory_bits) >> (64 - 8 * self.key_bytes)) as u32
    }

    /// The key as far as it is known; what is not is 0.
    pub(in super::super) fn key(&self, bucket: u64, suffix: u32) -> u64 {
        let bits = 64 - self.directory_bits;
        (bucket << bits) | (u64::from(suffix) << (bits - 8 * self.key_bytes))
    }

    /// The first byte of a suffix.
    pub(super) fn tag(&self, suffix: u32) -> u8 {
        (suffix >> (8 * (self.key_bytes - 1))) as u8
    }

    /// The bytes of a suffix after the first.
    pub(super) fn rest(&self, suffix: u32) -> u32 {
        let bits = 8 * (self.key_bytes - 1);
        suffix & ((1 << bits) - 1)
    }

    /// A posting from its tag and its entry.
    pub(in super::super) fn packed(&self, tag: u8, entry: &[u8]) -> Packed {
        let entry = entry
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte));
        (u64::from(tag) << (8 * (self.key_bytes + 3))) | entry
    }

    /// Bytes of the entry of a posting.
    pub(in super::super) fn entry_bytes(&self) -> usize {
        self.key_bytes as usize - 1 + PAYLOAD
    }
}

pub(in super::super) fn pack(suffix: u32, article: u32, mark: u8) -> Packed {
    (u64::from(suffix) << 32) | (u64::from(article & 0xff_ffff) << 8) | u64::from(mark)
}

/// Suffix, article and mark.
pub(in super::super) fn unpack(packed: Packed) -> (u32, u32, u8) {
    (
        (packed >> 32) as u32,
        (packed >> 8) as u32 & 0xff_ffff,
        packed as u8,
    )
}
