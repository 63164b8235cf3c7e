//! A bucket of postings: a string of entries of one length, in the order in which they came.
//!
//! An entry is the field of its key and the posting. Entries are appended; now and then, and in time before it would end, the whole
//! bucket is written anew without what does not count any more, and begins with a *marker* that says when: an entry of article 0
//! whose field is a number of seconds.

use hashbrown::HashMap;

use super::layout::{FIELD, POSTING, field};
use crate::dedup::store::Posting;

/// Bytes of an entry.
pub(super) const ENTRY: usize = FIELD + POSTING;
/// The first postings of a key, which stay however many come.
const FIRST: usize = 9;
/// The newest postings of a key that stay: as many as are looked at for a shingle.
const NEWEST: usize = 63;

type Field = [u8; FIELD];

/// Adds a posting.
pub(super) fn push(bucket: &mut Vec<u8>, key: u64, posting: Posting) {
    push_entry(bucket, field(key), posting);
}

fn push_entry(bucket: &mut Vec<u8>, field: Field, posting: Posting) {
    let [_, _, number @ ..] = posting.article.to_be_bytes();
    bucket.extend_from_slice(&field);
    bucket.extend_from_slice(&number);
    bucket.push(posting.mark);
}

fn marker(seconds: u64) -> (Field, Posting) {
    let posting = Posting {
        article: 0,
        mark: 0,
    };
    (field(seconds << 16), posting)
}

/// All entries. Bytes at the end that make none are left out.
fn all(bucket: &[u8]) -> impl Iterator<Item = (Field, Posting)> {
    let (entries, _) = bucket.as_chunks::<ENTRY>();
    entries.iter().map(|entry| {
        let [f0, f1, f2, f3, f4, f5, a, b, c, d, e, f, mark] = *entry;
        let article = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        ([f0, f1, f2, f3, f4, f5], Posting { article, mark })
    })
}

/// The entries without markers.
pub(super) fn entries(bucket: &[u8]) -> impl Iterator<Item = (Field, Posting)> {
    all(bucket).filter(|(_, posting)| posting.article != 0)
}

/// The postings of a key, the oldest first.
pub(super) fn postings(bucket: &[u8], key: u64) -> impl Iterator<Item = Posting> {
    let wanted = field(key);
    let found = entries(bucket).filter(move |(field, _)| *field == wanted);
    found.map(|(_, posting)| posting)
}

/// When the bucket was written anew, in seconds since 1970; `None` where it never was.
pub(super) fn written_s(bucket: &[u8]) -> Option<u64> {
    let markers = all(bucket).filter(|(_, posting)| posting.article == 0);
    markers
        .map(|([a, b, c, d, e, f], _)| u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
        .last()
}

/// The bucket written anew at this time: entries that count, and of a key with many the first and the newest. Empty when there are
/// none.
pub(super) fn anew(bucket: &[u8], seconds: u64, counts: impl Fn(u64) -> bool) -> Vec<u8> {
    let live: Vec<_> = entries(bucket)
        .filter(|(_, posting)| counts(posting.article))
        .collect();
    let mut whole = Vec::with_capacity((live.len() + 1) * ENTRY);
    if live.is_empty() {
        return whole;
    }
    let (field, posting) = marker(seconds);
    push_entry(&mut whole, field, posting);
    let mut lengths: HashMap<Field, usize> = HashMap::new();
    if live.len() > FIRST + NEWEST {
        for (field, _) in &live {
            *lengths.entry(*field).or_default() += 1;
        }
    }
    let mut seen: HashMap<Field, usize> = HashMap::new();
    for (field, posting) in live {
        let length = lengths.get(&field).copied().unwrap_or_default();
        if length > FIRST + NEWEST {
            let at = seen.entry(field).or_default();
            *at += 1;
            if *at > FIRST && *at + NEWEST <= length {
                continue;
            }
        }
        push_entry(&mut whole, field, posting);
    }
    whole
}

/// Cuts a bucket in two, each written anew at this time: what stays, and what `moves`.
pub(super) fn split(
    bucket: &[u8],
    seconds: u64,
    moves: impl Fn(u64) -> bool,
) -> (Vec<u8>, Vec<u8>) {
    let (mut stay, mut move_out) = (Vec::new(), Vec::new());
    for (field, posting) in entries(bucket) {
        let [a, b, c, d, e, f] = field;
        let to = match moves(u64::from_be_bytes([a, b, c, d, e, f, 0, 0])) {
            true => &mut move_out,
            false => &mut stay,
        };
        if to.is_empty() {
            let (field, posting) = marker(seconds);
            push_entry(to, field, posting);
        }
        push_entry(to, field, posting);
    }
    (stay, move_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn posting(article: u64) -> Posting {
        Posting { article, mark: 3 }
    }

    #[test]
    fn what_does_not_count_is_left_out_and_the_time_is_noted() {
        let mut bucket = Vec::new();
        for article in 1..=6 {
            push(&mut bucket, (article % 2) << 16, posting(article));
        }
        assert_eq!(written_s(&bucket), None);
        let bucket = anew(&bucket, 1_790_000_000, |article| article > 2);
        assert_eq!(written_s(&bucket), Some(1_790_000_000));
        let odd: Vec<u64> = postings(&bucket, 1 << 16)
            .map(|each| each.article)
            .collect();
        assert_eq!(odd, [3, 5]);
        let again = anew(&bucket, 1_790_000_001, |_| true);
        assert_eq!(
            (again.len(), written_s(&again)),
            (bucket.len(), Some(1_790_000_001))
        );
        assert!(anew(&bucket, 1, |_| false).is_empty());
    }

    #[test]
    fn of_a_long_list_the_first_and_the_newest_stay() {
        let mut bucket = Vec::new();
        for article in 1..=200 {
            push(&mut bucket, 7 << 16, posting(article));
            if article <= 20 {
                push(&mut bucket, 8 << 16, posting(article));
            }
        }
        let bucket = anew(&bucket, 1, |_| true);
        let of = |key: u64| -> Vec<u64> {
            postings(&bucket, key << 16)
                .map(|each| each.article)
                .collect()
        };
        assert_eq!(of(7), (1..=9).chain(138..=200).collect::<Vec<_>>());
        assert_eq!(of(8), (1..=20).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn a_posting_comes_back(key: u64, article in 1..1_u64 << 48, mark: u8) {
            let posting = Posting { article, mark };
            let mut bucket = Vec::new();
            push(&mut bucket, key, posting);
            prop_assert_eq!(postings(&bucket, key).collect::<Vec<_>>(), [posting]);
        }

        #[test]
        fn a_split_loses_nothing(bytes: Vec<u8>) {
            let (stay, gone) = split(&bytes, 5, |key| key >> 63 == 1);
            let count = |bucket: &[u8]| entries(bucket).count();
            prop_assert_eq!(count(&stay) + count(&gone), count(&bytes));
            let is_right = |bucket: &[u8], top: u8| entries(bucket).all(|(field, _)| field[0] >> 7 == top);
            prop_assert!(is_right(&stay, 0) && is_right(&gone, 1));
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>, seconds in 0..1_u64 << 40) {
            let whole = anew(&bytes, seconds, |_| true);
            prop_assert!(entries(&whole).eq(entries(&bytes)) || entries(&bytes).count() > FIRST + NEWEST);
            prop_assert!(whole.is_empty() || written_s(&whole) == Some(seconds));
        }
    }
}
