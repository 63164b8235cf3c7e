//! Tests of the index, with fingerprints made by hand.

mod damage;
mod disk;
mod model;
mod rules;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::*;
use crate::dedup::{DedupMethod, DedupStatus};

pub(super) const DAY_MS: i64 = 86_400_000;

pub(super) fn at(partition: i32, offset: i64) -> Position {
    Position {
        topic: Arc::from("articles"),
        partition,
        offset,
    }
}

/// A fingerprint from a declared id, a URL and a text. Texts of three characters or fewer identify no story.
pub(super) fn print(id: &str, url: &str, text: &str) -> Fingerprint {
    let key = |part: &str| (!part.is_empty()).then(|| xxh3_128(part.as_bytes()));
    let text_key = xxh3_128(text.as_bytes());
    Fingerprint {
        id: id.to_owned(),
        id_key: key(id),
        url_key: key(url),
        content_key: (text.len() > 3).then_some(text_key),
        text_key,
        payload_key: xxh3_64(format!("{id}|{url}|{text}").as_bytes()),
    }
}

pub(super) fn settings(path: &Path) -> DedupSettings {
    DedupSettings {
        path: path.to_owned(),
        fsync: false,
        ..DedupSettings::default()
    }
}

pub(super) fn open(settings: &DedupSettings) -> DedupIndex {
    DedupIndex::open(settings, 0).unwrap().0
}

/// Messages with copies, versions and strangers among them.
pub(super) fn messages(count: i64) -> Vec<(Position, Fingerprint)> {
    let message = |number: i64| {
        let id = format!("id{}", number % 7);
        (
            at((number % 2) as i32, number / 2),
            print(&id, "", &format!("story {}", number % 5)),
        )
    };
    (0..count).map(message).collect()
}

/// Judges in batches of `batch`, flushing each, and returns the verdicts.
pub(super) fn fill(
    index: &mut DedupIndex,
    messages: &[(Position, Fingerprint)],
    batch: usize,
) -> Vec<DedupVerdict> {
    let mut verdicts = Vec::new();
    for batch in messages.chunks(batch) {
        verdicts.extend(
            batch
                .iter()
                .map(|(position, print)| index.judge(position, print, 0)),
        );
        index.flush().unwrap();
    }
    verdicts
}

pub(super) fn segment(settings: &DedupSettings, number: u64) -> PathBuf {
    settings.path.join(format!("{number:012}.segment"))
}

/// Every message gets the verdict it got, or the one that is due when the messages from `known` on were forgotten.
pub(super) fn assert_replay(
    index: &mut DedupIndex,
    messages: &[(Position, Fingerprint)],
    verdicts: &[DedupVerdict],
) {
    for ((position, print), verdict) in messages.iter().zip(verdicts) {
        assert_eq!(index.judge(position, print, 0), *verdict, "{position}");
    }
}
