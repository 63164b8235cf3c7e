//! How the index lies on the server: names of keys, postings as bytes, buckets.
//!
//! ```text
//! {prefix:00}control     hash: format, shards, lease, numbers, articles by slice of the window
//! {prefix:00}abandoned   list: numbers of batches that were never finished, as `first:end`
//! {prefix:NN}meta        hash, of each shard: fence, buckets, postings
//! {prefix:NN}p<bucket>   string: entries of the rest of a key and a posting, as they came
//! {prefix:NN}r<number>   string: record of an article
//! ```
//! `NN` is the shard; the braces are the hash tag of cluster mode, so a shard is on one node. A key of the index is cut in
//! three: the lowest 16 bits choose the shard, the other 48 are the field, and the lowest 32 of these choose the bucket by
//! linear hashing. So buckets stay small, however many articles there are, and grow one at a time. A server spends its time on
//! commands, not on bytes: one reads many buckets, whole, and the replica looks for its keys in them.
//!
//! Numbers of articles are `milliseconds since 1970 × 16` or one more than the last, whichever is greater. So they ascend over
//! all replicas, are never used twice, not even when a server lost its last second, and tell their age.

/// Version of this layout.
pub(super) const FORMAT: u32 = 4;
/// Bytes of a field: the part of a key that is not its shard.
pub(super) const FIELD: usize = 6;
/// Bytes of a posting: six of the article's number, big endian, one of the mark.
pub(super) const POSTING: usize = 7;
/// Buckets of a new shard.
pub(super) const FIRST_BUCKETS: u64 = 64;
/// Postings for each bucket beyond which buckets are split.
pub(super) const LOAD: u64 = 24;
/// Numbers that a millisecond has.
const PER_MS: u64 = 16;
const NUMBERS: u64 = 1 << 48;

/// The first number of a millisecond.
pub(super) fn number_at(ms: i64) -> u64 {
    u64::try_from(ms)
        .unwrap_or_default()
        .saturating_mul(PER_MS)
        .min(NUMBERS - 1)
}

/// Names of keys.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub prefix: String,
    pub shards: u64,
}

impl Names {
    fn tagged(&self, shard: u64, rest: &str) -> String {
        format!("{{{}:{shard:02}}}{rest}", self.prefix)
    }

    /// What the cluster places a shard by.
    pub(super) fn tag(&self, shard: u64) -> String {
        self.tagged(shard, "")
    }

    pub(super) fn control(&self) -> String {
        self.tagged(0, "control")
    }

    pub(super) fn abandoned(&self) -> String {
        self.tagged(0, "abandoned")
    }

    pub(super) fn meta(&self, shard: u64) -> String {
        self.tagged(shard, "meta")
    }

    pub(super) fn bucket(&self, shard: u64, bucket: u64) -> String {
        self.tagged(shard, &format!("p{bucket:x}"))
    }

    pub(super) fn record(&self, number: u64) -> String {
        self.tagged(self.shard_of_record(number), &format!("r{number:x}"))
    }

    pub(super) fn shard_of_record(&self, number: u64) -> u64 {
        number % self.shards
    }

    pub(super) fn shard(&self, key: u64) -> u64 {
        (key & 0xffff) % self.shards
    }
}

/// The part of a key that is stored.
pub(super) fn field(key: u64) -> [u8; FIELD] {
    let [a, b, c, d, e, f, _, _] = key.to_be_bytes();
    [a, b, c, d, e, f]
}

/// The bucket of a key, of so many.
pub(super) fn bucket(key: u64, buckets: u64) -> u64 {
    let hash = (key >> 16) & 0xffff_ffff;
    let modulus = modulus(buckets.max(1) - 1);
    match hash % modulus {
        bucket if bucket < buckets => bucket,
        bucket => bucket % (modulus / 2).max(1),
    }
}

/// The bucket that is split to make a new one.
pub(super) fn source(new: u64) -> u64 {
    new - modulus(new) / 2
}

/// The least power of two that is greater.
fn modulus(bucket: u64) -> u64 {
    1 << (u64::BITS - bucket.min(u64::from(u32::MAX)).leading_zeros())
}

/// Reads the numbers of a batch that was never finished.
pub(super) fn abandoned(text: &str) -> Option<std::ops::Range<u64>> {
    let (first, end) = text.split_once(':')?;
    Some(first.parse().ok()?..end.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_of_a_shard_have_its_tag() {
        let names = Names {
            prefix: "news".into(),
            shards: 16,
        };
        assert_eq!(names.control(), "{news:00}control");
        assert_eq!(names.bucket(7, 255), "{news:07}pff");
        assert_eq!(names.record(0x1f), "{news:15}r1f");
        assert_eq!(names.shard(0x1234_0012), 2);
    }

    #[test]
    fn numbers_tell_their_age_and_fit() {
        assert_eq!(number_at(1_000), 16_000);
        assert_eq!(number_at(-5), 0);
        assert!(number_at(i64::MAX) < NUMBERS);
    }

    #[test]
    fn a_new_bucket_takes_from_its_source_alone() {
        for buckets in 1..300_u64 {
            let from = source(buckets);
            assert!(from < buckets);
            for key in (0..4_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
                let (before, after) = (bucket(key, buckets), bucket(key, buckets + 1));
                assert!(before < buckets);
                assert!(
                    after == before || (before == from && after == buckets),
                    "{buckets}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text: String, first: u64, end: u64) {
            let _ = abandoned(&text);
            prop_assert_eq!(abandoned(&format!("{first}:{end}")), Some(first..end));
        }

        #[test]
        fn every_key_has_a_bucket(key: u64, buckets in 1..1_u64 << 33) {
            prop_assert!(bucket(key, buckets) < buckets);
        }
    }
}
