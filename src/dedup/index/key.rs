//! The ways in which an article is looked up, and the keys for them.

use xxhash_rust::xxh3::xxh3_64;

/// The ways in which a record is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// By stream and offset.
    Position,
    /// By declared id.
    Id,
    /// By canonical URL.
    Url,
    /// By text.
    Content,
    /// By name of the cluster.
    Cluster,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Position,
        Self::Id,
        Self::Url,
        Self::Content,
        Self::Cluster,
    ];

    /// Whether the earliest record stands for the key. For the others it is the latest: the current version.
    pub(super) fn keeps_first(self) -> bool {
        matches!(self, Self::Content | Self::Cluster)
    }
}

/// A key as the index holds it: 64 bits, of which 0 means none. At 20 million articles and a million look-ups a day,
/// two keys fall together by chance once in several hundred years.
pub(super) fn short(key: u128) -> u64 {
    // The low half of XXH3-128 is as well mixed as the whole.
    (key as u64).max(1)
}

/// The key of a position (the finaliser of SplitMix64: offsets are consecutive and must spread).
pub(super) fn position_key(stream: u32, offset: i64) -> u64 {
    let mut key = (offset as u64) ^ (u64::from(stream) << 40);
    key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// The key of a cluster's name.
pub(super) fn name_key(name: &str) -> u64 {
    xxh3_64(name.as_bytes())
}
