//! The ways in which an article is found, and the keys for them: 64 bits each, spread evenly, one space for all kinds.

use super::{Fingerprint, Identity};
use crate::article::Position;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Stream and offset: the message.
    Position = 1,
    /// The declared id.
    Id,
    /// The canonical URL.
    Url,
    /// The whole text of the story.
    Content,
    /// The name of a cluster.
    Cluster,
    /// A paragraph on one source.
    Paragraph,
    /// A shingle of the story.
    Shingle,
}

/// The key of a hash of this kind: the finaliser of SplitMix64, a bijection for each kind.
pub fn key(kind: Kind, hash: u64) -> u64 {
    let mut key = hash ^ (kind as u64).wrapping_mul(0xa076_1d64_78bd_642f);
    key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// A hash as the index holds it: 64 bits, of which 0 means none. At 20 million articles and a million look-ups a day, two
/// fall together by chance once in several hundred years.
pub fn short(hash: u128) -> u64 {
    // The low half of XXH3-128 is as well mixed as the whole.
    (hash as u64).max(1)
}

/// Half of [`short`], to confirm what was found by the whole.
pub fn half(hash: u128) -> u32 {
    short(hash) as u32
}

/// The key of a message: its topic and partition, and its offset there.
pub fn position(topic: &str, partition: i32, offset: i64) -> u64 {
    let stream = xxh3_64_with_seed(topic.as_bytes(), u64::from(partition.unsigned_abs()));
    key(
        Kind::Position,
        stream ^ (offset as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
    )
}

/// The key of a cluster's name.
pub fn cluster(name: &str) -> u64 {
    key(Kind::Cluster, xxh3_64(name.as_bytes()))
}

/// The key of a source, by its host or name.
pub fn source(name: &str) -> u32 {
    (xxh3_64(name.as_bytes()) >> 32) as u32
}

/// The key of a message.
pub fn position_key(at: &Position) -> u64 {
    position(&at.topic, at.partition, at.offset)
}

/// The keys of the id and the URL, where there are such.
pub fn identity_keys(identity: &Identity) -> impl Iterator<Item = u64> {
    let id = identity.id_key.map(|hash| key(Kind::Id, short(hash)));
    let url = identity.url_key.map(|hash| key(Kind::Url, short(hash)));
    id.into_iter().chain(url)
}

/// The key of the whole text.
pub fn content_key(hash: u128) -> u64 {
    key(Kind::Content, short(hash))
}

/// The keys of the shingles, in their order.
pub fn shingle_keys(print: &Fingerprint) -> Vec<u64> {
    let shingles = print.sketch.shingles.iter();
    shingles
        .map(|shingle| key(Kind::Shingle, shingle.hash))
        .collect()
}
