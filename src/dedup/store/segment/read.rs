//! Reading a segment: opening, checking, looking up.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::super::error::failed;
use super::super::format::{Fault, Fields, checksum, u32_at};
use super::super::map::Map;
use super::super::{Base, IndexError, Posting};
use super::bucket::PAYLOAD;
use super::layout::{BLOCK, Layout, PAGE, SECTIONS, Section, Shape};

/// Keys that are looked up together, so that waiting for memory overlaps.
pub(in super::super) const LOOKED_UP_TOGETHER: usize = 64;
/// Buckets up to this size are searched from end to end, which is faster.
const SHORT_BUCKET: usize = 64;
/// Bytes of entries that are read from the file at once.
const ENTRIES_READ: usize = 256;

/// A sealed part of the index.
pub(in super::super) struct Segment {
    path: PathBuf,
    file: File,
    map: Map,
    shape: Shape,
    layout: Layout,
    /// As in the file, section by section.
    checksums: Vec<u64>,
}

impl Segment {
    /// Opens a segment whose header, checksum table and length are right. The rest is checked by [`Self::check_block`].
    pub(in super::super) fn open(path: &Path, id: u64) -> Result<Self, IndexError> {
        let file = File::open(path).map_err(failed("open", path))?;
        let length = file.metadata().map_err(failed("read", path))?.len();
        let mut page = vec![0; PAGE.min(length) as usize];
        file.read_exact_at(&mut page, 0)
            .map_err(failed("read", path))?;
        let (shape, sum) = Shape::decode(path, &page, id)?;
        let layout = shape.layout();
        if layout.file_length() != length {
            let fault = Fault {
                offset: length.min(layout.file_length()),
                what: "the file has another length than it says",
            };
            return Err(IndexError::damaged(path, fault));
        }
        let at = layout.checksums.start;
        let mut table = vec![0; layout.checksums.length as usize];
        file.read_exact_at(&mut table, at)
            .map_err(failed("read", path))?;
        if checksum(&table, id, at) != sum {
            let fault = Fault {
                offset: at,
                what: "the checksums do not match their checksum",
            };
            return Err(IndexError::damaged(path, fault));
        }
        let mut fields = Fields(&table);
        let checksums = std::iter::from_fn(|| fields.u64()).collect();
        let map = Map::of(&file).map_err(failed("map", path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            map,
            shape,
            layout,
            checksums,
        })
    }

    pub(in super::super) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    pub(in super::super) fn file_length(&self) -> u64 {
        self.layout.file_length()
    }

    /// Blocks with a checksum.
    pub(in super::super) fn blocks(&self) -> usize {
        self.checksums.len()
    }

    /// Number of the first block of a section, counted over all of them.
    pub(in super::super) fn first_block(&self, section: usize) -> u64 {
        self.layout
            .sections()
            .iter()
            .take(section)
            .map(|section| section.blocks())
            .sum()
    }

    /// Reads a block of the file, not through the map, and compares it with its checksum.
    pub(in super::super) fn check_block(
        &self,
        block: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<(), IndexError> {
        let mut before = 0;
        let mut place = None;
        for section in self.layout.sections() {
            if (block as u64) < before + section.blocks() {
                place = Some((section, block as u64 - before));
                break;
            }
            before += section.blocks();
        }
        let Some((section, number)) = place else {
            return Ok(());
        };
        let at = section.start + number * BLOCK as u64;
        let length = (section.end() - at).min(BLOCK as u64);
        buffer.resize(length as usize, 0);
        self.file
            .read_exact_at(buffer, at)
            .map_err(failed("read", &self.path))?;
        if self.checksums.get(block) != Some(&checksum(buffer, self.shape.id, at)) {
            let fault = Fault {
                offset: at,
                what: "these 64 KiB do not match their checksum",
            };
            return Err(IndexError::damaged(&self.path, fault));
        }
        Ok(())
    }

    fn section(&self, section: Section) -> &[u8] {
        let (start, length) = (section.start as usize, section.length as usize);
        self.map
            .bytes()
            .get(start..start + length)
            .unwrap_or_default()
    }

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

    /// Copies a record from the file instead of the map. `None` when there is none, or it cannot be read.
    pub(in super::super) fn read_record(&self, article: u64, out: &mut Vec<u8>) -> Option<()> {
        let place = article.checked_sub(self.shape.first)?;
        if place >= u64::from(self.shape.articles) {
            return None;
        }
        let mut ends = [0; 8];
        let at = self.layout.offsets.start + place * 4;
        self.file.read_exact_at(&mut ends, at).ok()?;
        let (start, end) = (u32_at(&ends, 0)?, u32_at(&ends, 1)?);
        out.resize(end.checked_sub(start)? as usize, 0);
        let at = self.layout.records.start + u64::from(start);
        self.file.read_exact_at(out, at).ok()
    }

    /// Bytes of the part that is read for every key.
    pub(in super::super) fn hot_bytes(&self) -> u64 {
        self.layout.directory.padded() + self.layout.tags.padded()
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

    /// Gives memory back to the system: records and entries, or everything.
    pub(in super::super) fn release(&self, everything: bool) -> io::Result<()> {
        let bytes = |from: Section, to: Section| from.start as usize..to.end() as usize;
        let layout = &self.layout;
        self.map.release(bytes(layout.offsets, layout.records))?;
        if everything {
            self.map.release(bytes(layout.directory, layout.tags))?;
        }
        self.map.release(bytes(layout.entries, layout.entries))
    }

    /// A reader of a section that checks what it reads.
    pub(in super::super) fn stream(&self, section: usize) -> Stream<'_> {
        let sections: [Section; SECTIONS] = self.layout.sections();
        Stream {
            segment: self,
            left: sections.get(section).map_or(0, |section| section.length),
            next: self.first_block(section) as usize,
            block: Vec::new(),
            at: 0,
        }
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

/// Reads a section from its beginning, block by block, each compared with its checksum. Does not use the map, so that it
/// takes no memory beyond a block.
pub(in super::super) struct Stream<'a> {
    segment: &'a Segment,
    /// Bytes of the section that are not read yet.
    left: u64,
    next: usize,
    block: Vec<u8>,
    at: usize,
}

impl Stream<'_> {
    /// The next bytes, at least one and at most `most`; nothing at the end.
    pub(in super::super) fn some(&mut self, most: usize) -> Result<&[u8], IndexError> {
        if self.at == self.block.len() && self.left > 0 {
            self.segment.check_block(self.next, &mut self.block)?;
            self.next += 1;
            self.at = 0;
        }
        let count = most
            .min(self.block.len() - self.at)
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let start = self.at;
        self.at += count;
        self.left -= count as u64;
        Ok(self.block.get(start..start + count).unwrap_or_default())
    }

    /// Appends exactly `count` bytes.
    pub(in super::super) fn take(
        &mut self,
        mut count: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), IndexError> {
        while count > 0 {
            let some = self.some(count)?;
            if some.is_empty() {
                let fault = Fault {
                    offset: 0,
                    what: "a section ends before it should",
                };
                return Err(IndexError::damaged(&self.segment.path, fault));
            }
            count -= some.len();
            out.extend_from_slice(some);
        }
        Ok(())
    }

    /// The next 32-bit number.
    pub(in super::super) fn number(&mut self, scratch: &mut Vec<u8>) -> Result<u32, IndexError> {
        scratch.clear();
        self.take(4, scratch)?;
        Ok(u32_at(scratch, 0).unwrap_or_default())
    }
}
