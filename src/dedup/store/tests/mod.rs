//! Tests of the storage, against a model and against damage.

mod crash;
mod damage;
mod disk;
mod memory;
mod model;
mod segments;

use std::ops::ControlFlow;
use std::path::Path;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::*;

pub(super) const DAY_MS: i64 = 86_400_000;

/// Small heads, so that a few articles make several segments.
pub(super) fn settings(path: &Path) -> DedupSettings {
    DedupSettings {
        path: path.to_owned(),
        fsync: false,
        head_articles: 8.try_into().unwrap(),
        ..DedupSettings::default()
    }
}

pub(super) fn open(settings: &DedupSettings) -> Embedded {
    try_open(settings).unwrap().0
}

pub(super) fn try_open(settings: &DedupSettings) -> Result<(Embedded, OpenReport), IndexError> {
    try_open_at(settings, 0)
}

/// Opens the index. While another test starts a process, that process has the files of all tests open for a moment, and
/// with them the locks.
pub(super) fn try_open_at(
    settings: &DedupSettings,
    now_ms: i64,
) -> Result<(Embedded, OpenReport), IndexError> {
    loop {
        match Embedded::open(settings, now_ms) {
            Err(IndexError::Locked { .. }) => std::thread::yield_now(),
            outcome => return outcome,
        }
    }
}

/// The key with this number.
pub(super) fn key(number: u64) -> u64 {
    xxh3_64(&number.to_le_bytes())
}

/// An article made from a number: its record says which, some of its keys are its own, some are shared with others.
pub(super) fn article(number: u64) -> (Vec<u8>, Vec<(u64, u8)>) {
    let chance = |what: u64| xxh3_64_with_seed(&number.to_le_bytes(), what);
    let mut record = number.to_le_bytes().to_vec();
    record.resize(8 + chance(1) as usize % 60, number as u8);
    let mut keys = vec![(key(1_000_000 + number), 0)];
    for place in 0..chance(2) % 9 {
        let mark = (number + place) as u8;
        keys.push((key(chance(3 + place) % 40), mark));
    }
    // An article has a key once.
    keys.sort_unstable();
    keys.dedup_by_key(|(key, _)| *key);
    (record, keys)
}

pub(super) fn push(index: &mut Embedded, number: u64, arrived_ms: i64) -> u64 {
    let (record, keys) = article(number);
    index.push(NewArticle {
        record: &record,
        keys: &keys,
        arrived_ms,
    })
}

/// Pushes articles with these numbers in batches, flushing each.
pub(super) fn fill(index: &mut Embedded, numbers: std::ops::Range<u64>, batch: usize) {
    for number in numbers.clone() {
        assert_eq!(push(index, number, 0), number);
        if (number - numbers.start + 1).is_multiple_of(batch as u64) || number + 1 == numbers.end {
            index.flush().unwrap();
        }
    }
}

pub(super) fn newest(base: &impl Base, key: u64) -> Vec<Posting> {
    let mut found = Vec::new();
    let outcome = base.newest(key, &mut |posting| {
        found.push(posting);
        ControlFlow::Continue(())
    });
    assert!(outcome.is_continue());
    found
}

pub(super) fn oldest(base: &impl Base, key: u64) -> Vec<Posting> {
    let mut found = Vec::new();
    let outcome = base.oldest(key, &mut |posting| {
        found.push(posting);
        ControlFlow::Continue(())
    });
    assert!(outcome.is_continue());
    found
}

/// The index holds exactly these articles: records, and postings of every key in both orders.
pub(super) fn assert_holds(index: &Embedded, numbers: &[u64]) {
    assert_eq!(index.len(), numbers.len());
    let mut postings = std::collections::BTreeMap::<u64, Vec<Posting>>::new();
    (0..40).for_each(|number| {
        postings.insert(key(number), Vec::new());
    });
    for number in numbers {
        let (record, keys) = article(*number);
        assert_eq!(index.record(*number), Some(&*record), "article {number}");
        for (key, mark) in keys {
            postings.entry(key).or_default().push(Posting {
                article: *number,
                mark,
            });
        }
    }
    let keys: Vec<u64> = postings.keys().copied().collect();
    let mut found = Vec::new();
    index.batch_look_up(&keys, 3, &mut found);
    for (place, (key, mut expected)) in postings.into_iter().enumerate() {
        assert_eq!(oldest(index, key), expected, "key {place}");
        expected.reverse();
        assert_eq!(newest(index, key), expected, "key {place}");
        let sealed: Vec<Posting> = expected
            .into_iter()
            .filter(|posting| posting.article < index.head().first())
            .take(3)
            .collect();
        let batch: Vec<Posting> = found
            .iter()
            .filter(|(index, _)| *index as usize == place)
            .map(|(_, posting)| *posting)
            .collect();
        assert_eq!(batch, sealed, "key {place}");
    }
    if let Some(first) = numbers.first() {
        assert_eq!(index.record(first.wrapping_sub(1)), None);
    }
    assert_eq!(index.record(index.next_article()), None);
}
