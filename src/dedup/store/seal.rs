//! From a head to segments.

use std::ops::Range;
use std::sync::Arc;

use super::IndexError;
use super::folder::Folder;
use super::head::Head;
use super::segment::{MAX_ARTICLES, MAX_POSTINGS, MAX_RECORD_BYTES, Segment, Shape, Writer, pack};

/// Writes a head to disk: one segment, or several when one cannot hold it. `next_id` counts on.
pub(super) fn seal(
    folder: &Folder,
    head: &Head,
    next_id: &mut u64,
) -> Result<Vec<Arc<Segment>>, IndexError> {
    let mut segments = Vec::new();
    for articles in parts(head) {
        let id = *next_id;
        *next_id += 1;
        write(folder, head, articles, id)?;
        segments.push(Arc::new(Segment::open(&folder.segment(id), id)?));
    }
    Ok(segments)
}

/// Runs of articles that fit in a segment.
fn parts(head: &Head) -> Vec<Range<u32>> {
    let mut postings = head.postings().peekable();
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut keys, mut bytes) = (0, 0);
    for article in 0..head.len() as u32 {
        let mut own_keys = 0;
        while postings.next_if(|posting| posting.1 == article).is_some() {
            own_keys += 1;
        }
        let own_bytes = record(head, article).len() as u64;
        if u64::from(article - start) == MAX_ARTICLES
            || keys + own_keys > MAX_POSTINGS
            || bytes + own_bytes > MAX_RECORD_BYTES
        {
            parts.push(start..article);
            (start, keys, bytes) = (article, 0, 0);
        }
        keys += own_keys;
        bytes += own_bytes;
    }
    if start < head.len() as u32 {
        parts.push(start..head.len() as u32);
    }
    parts
}

fn record(head: &Head, article: u32) -> &[u8] {
    head.record_at(article as usize).unwrap_or_default()
}

fn write(folder: &Folder, head: &Head, articles: Range<u32>, id: u64) -> Result<(), IndexError> {
    let mut postings = Vec::with_capacity(head.posting_count());
    postings.extend(
        head.postings()
            .filter(|posting| articles.contains(&posting.1)),
    );
    postings.sort_unstable();
    let record_bytes: usize = articles
        .clone()
        .map(|article| record(head, article).len())
        .sum();
    let (oldest_ms, newest_ms) = head.arrived_ms().unwrap_or_default();
    let shape = Shape {
        id,
        first: head.first() + u64::from(articles.start),
        // The limits of a part fit.
        articles: articles.len() as u32,
        postings: postings.len() as u32,
        record_bytes: record_bytes as u32,
        directory_bits: 0,
        key_bytes: 0,
        known_bits: 0,
        oldest_ms,
        newest_ms,
    }
    .sized(false, u64::BITS);
    let mut writer = Writer::begin(folder, shape)?;
    let mut end = 0;
    for article in articles.clone() {
        let record = record(head, article);
        end += record.len() as u32;
        writer.record_bytes(record)?;
        writer.record_end(end)?;
    }
    let (mut postings, mut bucket) = (postings.into_iter().peekable(), Vec::new());
    for number in 0..1_usize << shape.directory_bits {
        bucket.clear();
        while let Some((key, article, mark)) =
            postings.next_if(|posting| shape.bucket(posting.0) == number)
        {
            bucket.push(pack(shape.suffix(key), article - articles.start, mark));
        }
        // Keys that differ only in what is not kept are one key now: their articles must be in order again.
        bucket.sort_unstable();
        writer.bucket(&bucket)?;
    }
    writer.finish()
}
