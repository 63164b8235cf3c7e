//! Looking up keys and records in a segment.

use std::hint::black_box;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;

use super::super::format::u32_at;
use super::super::{Base, Posting};
use super::bucket::PAYLOAD;
use super::read::Segment;

/// Keys that are looked up together, so that waiting for memory overlaps.
pub(in super::super) const LOOKED_UP_TOGETHER: usize = 64;
/// Buckets up to this size are searched from end to end, which is faster.
const SHORT_BUCKET: usize = 64;
/// Bytes of entries that are read from the file at once.
const ENTRIES_READ: usize = 256;

impl Segment {
    /// Places of the postings of a bucket.
    fn bucket(&self, directory: &[u8], key: u64) -> Range<usize> {
        let bucket = self.shape.bucket(key);
        let place = |bucket| u32_at(directory, bucket).map_or(0, |place| place as usize);
        place(bucket)..place(bucket + 1)
    }

    /// Those of a bucket that have the tag.
    fn tagged(&self, tags: &[u8], bucket: Range<usize>, suffix: u32) -> Range<usize> {
        let tag = self.shape.tag(suffix);
        let tags = tags.get(bucket.clone()).unwrap_or_default();
        if tags.len() > SHORT_BUCKET {
            let before = tags.partition_point(|other| *other < tag);
            let with = tags.partition_point(|other| *other <= tag);
            return bucket.start + before..bucket.start + with;
        }
        // Without branches, which would be mispredicted.
        let (mut before, mut with) = (0, 0);
        for other in tags {
            before += usize::from(*other < tag);
            with += usize::from(*other == tag);
        }
        bucket.start + before..bucket.start + before + with
    }

    /// Those that have the whole suffix.
    fn matching(&self, entries: &[u8], tagged: Range<usize>, suffix: u32) -> Range<usize> {
        let rest = self.shape.rest(suffix);
        let first = |test: &dyn Fn(u32) -> bool| {
            let mut range = tagged.clone();
            while !range.is_empty() {
                let middle = range.start + range.len() / 2;
                match self.entry(entries, middle) {
                    Some((other, _)) if test(other) => range.end = middle,
                    _ => range.start = middle + 1,
                }
            }
            range.start
        };
        let start = first(&|other| other >= rest);
        // Mostly there is none, or a single one.
        if start == tagged.end || self.entry(entries, start).map(|(other, _)| other) != Some(rest) {
            return start..start;
        }
        start..first(&|other| other > rest)
    }

    /// The rest of the key, and the posting.
    fn entry(&self, entries: &[u8], place: usize) -> Option<(u32, Posting)> {
        let bytes = self.shape.entry_bytes();
        let entry = entries.get(place * bytes..(place + 1) * bytes)?;
        let (rest, payload) = entry.split_at_checked(bytes - PAYLOAD)?;
        let rest = rest
            .iter()
            .fold(0, |rest, byte| (rest << 8) | u32::from(*byte));
        let payload = payload.first_chunk().copied().map(u32::from_be_bytes)?;
        let posting = Posting {
            article: self.shape.first + u64::from(payload >> 8),
            mark: payload as u8,
        };
        Some((rest, posting))
    }

    /// Places of the postings of a key.
    fn find(&self, key: u64) -> Range<usize> {
        let suffix = self.shape.suffix(key);
        let bucket = self.bucket(self.section(self.layout.directory), key);
        let tagged = self.tagged(self.section(self.layout.tags), bucket, suffix);
        if tagged.is_empty() {
            return tagged;
        }
        self.matching(self.section(self.layout.entries), tagged, suffix)
    }

    /// Looks up several keys and visits the postings of each, newest first, until `visit` breaks, which ends that key
    /// only. Returns how many places in the entries were read through the map; with `sparing` only those that are long.
    ///
    /// First come all places in the directory, then all tags, then the few entries: the reads of one kind do not wait
    /// for each other.
    pub(in super::super) fn look_up(
        &self,
        keys: &[u64],
        sparing: bool,
        visit: &mut dyn FnMut(usize, Posting) -> ControlFlow<()>,
    ) -> u32 {
        let mut reads = 0;
        let directory = self.section(self.layout.directory);
        let tags = self.section(self.layout.tags);
        let entries = self.section(self.layout.entries);
        for (part, keys) in keys.chunks(LOOKED_UP_TOGETHER).enumerate() {
            let mut buckets = [const { 0..0 }; LOOKED_UP_TOGETHER];
            for (bucket, key) in buckets.iter_mut().zip(keys) {
                *bucket = self.bucket(directory, *key);
            }
            // Touches all before any is needed.
            let touched = buckets.iter().fold(0, |sum, bucket| {
                sum ^ tags.get(bucket.start).copied().unwrap_or_default()
            });
            black_box(touched);
            let mut candidates = [const { 0..0 }; LOOKED_UP_TOGETHER];
            let mut touched = 0;
            for (candidate, (bucket, key)) in
                candidates.iter_mut().zip(buckets.into_iter().zip(keys))
            {
                let tagged = self.tagged(tags, bucket, self.shape.suffix(*key));
                if !tagged.is_empty() && !sparing {
                    let entry = tagged.start * self.shape.entry_bytes();
                    touched ^= entries.get(entry).copied().unwrap_or_default();
                    reads += 1;
                }
                *candidate = tagged;
            }
            black_box(touched);
            for (place, (tagged, key)) in candidates.into_iter().zip(keys).enumerate() {
                if tagged.is_empty() {
                    continue;
                }
                let suffix = self.shape.suffix(*key);
                let mut visit = |posting| visit(part * LOOKED_UP_TOGETHER + place, posting);
                if sparing && self.read_entries(&tagged, suffix, &mut visit).is_some() {
                    continue;
                }
                reads += u32::from(sparing);
                for found in self.matching(entries, tagged, suffix).rev() {
                    let Some((_, posting)) = self.entry(entries, found) else {
                        break;
                    };
                    if visit(posting).is_break() {
                        break;
                    }
                }
            }
        }
        reads
    }

    /// Reads a few entries from the file instead of the map, which takes no memory, and visits those that have the
    /// suffix. `None` when they are many, or cannot be read: then the map must do, which ends the process if it cannot
    /// be read either.
    fn read_entries(
        &self,
        tagged: &Range<usize>,
        suffix: u32,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> Option<()> {
        let bytes = self.shape.entry_bytes();
        let mut buffer = [0; ENTRIES_READ];
        let buffer = buffer.get_mut(..tagged.len() * bytes)?;
        let at = self.layout.entries.start + (tagged.start * bytes) as u64;
        self.file.read_exact_at(buffer, at).ok()?;
        for found in self.matching(buffer, 0..tagged.len(), suffix).rev() {
            let (_, posting) = self.entry(buffer, found)?;
            if visit(posting).is_break() {
                break;
            }
        }
        Some(())
    }

    fn visit(
        &self,
        places: impl Iterator<Item = usize>,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let entries = self.section(self.layout.entries);
        for place in places {
            if let Some((_, posting)) = self.entry(entries, place) {
                visit(posting)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Base for Segment {
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.visit(self.find(key).rev(), visit)
    }

    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.visit(self.find(key), visit)
    }

    fn record(&self, article: u64) -> Option<&[u8]> {
        let place = usize::try_from(article.checked_sub(self.shape.first)?).ok()?;
        if place >= self.shape.articles as usize {
            return None;
        }
        let offsets = self.section(self.layout.offsets);
        let (start, end) = (u32_at(offsets, place)?, u32_at(offsets, place + 1)?);
        self.section(self.layout.records)
            .get(start as usize..end as usize)
    }
}
