//! Tests of the index, with fingerprints made by hand.

mod model;
mod near;
mod record;
mod recurrence;
mod rules;

use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::*;
use crate::article::Position;

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
        identity: Identity {
            id: id.to_owned(),
            id_key: key(id),
            url_key: key(url),
            payload_key: xxh3_64(format!("{id}|{url}|{text}").as_bytes()),
            source: None,
        },
        content_key: (text.len() > 3).then_some(text_key),
        text_key,
        sketch: Sketch::default(),
        headline: Headline::default(),
        words: WordBits::default(),
        figures: Sample::default(),
        names: Sample::default(),
        story: [0, 0],
        embedded: Vec::new(),
        paragraphs: Vec::new(),
        repeated: Repeated::default(),
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

/// Judges one message as a batch of its own.
pub(super) fn judge(
    index: &mut DedupIndex,
    position: &Position,
    print: &Fingerprint,
    now_ms: i64,
) -> DedupVerdict {
    let paragraphs = Paragraphs::default();
    let message = (position, &print.identity, &paragraphs);
    index.begin(std::iter::once(message), now_ms).unwrap();
    let recall = index.recall(position, &print.identity, &paragraphs);
    let ahead = index.look_ahead(print);
    index.prepare(std::iter::once(print)).unwrap();
    let judgement = index.judge(position, print, &recall, ahead, now_ms);
    index.finish().unwrap();
    judgement.verdict
}
