//! From several segments to one.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::IndexError;
use super::folder::Folder;
use super::segment::{Packed, Segment, Shape, Stream, Writer, pack, unpack};

/// Buckets that are written between two questions whether to go on.
const STEP: u64 = 1 << 12;

/// Writes adjacent segments, oldest first, as one with this id. `go_on` is asked every few milliseconds; when it breaks,
/// the unfinished file is deleted. `last` says that the result will not be merged again.
///
/// Everything is read through plain reads and compared with its checksum, so that damage on the disk is never copied
/// into a file that looks right.
pub(super) fn merge(
    folder: &Folder,
    segments: &[Arc<Segment>],
    id: u64,
    last: bool,
    go_on: &mut dyn FnMut() -> Result<ControlFlow<()>, IndexError>,
) -> Result<Option<Arc<Segment>>, IndexError> {
    let Some(shape) = shape(segments, id, last) else {
        return Ok(None);
    };
    let mut writer = Writer::begin(folder, shape)?;
    let mut before = 0;
    for segment in segments {
        let done = copy_records(segment, before, &mut writer, go_on)?;
        if done.is_break() {
            return Ok(None);
        }
        before += segment.shape().record_bytes;
    }
    let mut inputs: Vec<Input<'_>> = segments
        .iter()
        .map(|segment| Input::new(segment, shape.first))
        .collect();
    let mut bucket = Vec::new();
    for number in 0..1_u64 << shape.directory_bits {
        bucket.clear();
        for input in &mut inputs {
            input.drain(&shape, number, &mut bucket)?;
        }
        // Mostly a dozen postings, in order of each segment. Keys that differ only in what is not kept are one key now.
        bucket.sort_unstable();
        writer.bucket(&bucket)?;
        if number % STEP == 0 && go_on()?.is_break() {
            return Ok(None);
        }
    }
    writer.finish()?;
    Ok(Some(Arc::new(Segment::open(&folder.segment(id), id)?)))
}

/// The shape of the result. The caller has made sure that it fits; `None` when it does not.
fn shape(segments: &[Arc<Segment>], id: u64, last: bool) -> Option<Shape> {
    let mut shapes = segments.iter().map(|segment| *segment.shape());
    let mut sum = shapes.next()?;
    sum.id = id;
    let mut known_bits = sum.known_bits;
    for shape in shapes {
        sum.articles = sum.articles.checked_add(shape.articles)?;
        sum.postings = sum.postings.checked_add(shape.postings)?;
        sum.record_bytes = sum.record_bytes.checked_add(shape.record_bytes)?;
        sum.oldest_ms = sum.oldest_ms.min(shape.oldest_ms);
        sum.newest_ms = sum.newest_ms.max(shape.newest_ms);
        known_bits = known_bits.min(shape.known_bits);
    }
    Some(sum.sized(last, known_bits))
}

fn copy_records(
    segment: &Segment,
    before: u32,
    writer: &mut Writer<'_>,
    go_on: &mut dyn FnMut() -> Result<ControlFlow<()>, IndexError>,
) -> Result<ControlFlow<()>, IndexError> {
    let (mut offsets, mut records) = (segment.stream(0), segment.stream(1));
    let mut scratch = Vec::new();
    offsets.number(&mut scratch)?;
    for _ in 0..segment.shape().articles {
        writer.record_end(before + offsets.number(&mut scratch)?)?;
    }
    loop {
        let some = records.some(usize::MAX)?;
        if some.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        writer.record_bytes(some)?;
        if go_on()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// A segment that is read from the first key to the last.
struct Input<'a> {
    shape: Shape,
    /// What its numbers of articles grow by.
    shift: u32,
    directory: Stream<'a>,
    tags: Stream<'a>,
    entries: Stream<'a>,
    /// The bucket to be read next, and the place of its first posting.
    next_bucket: u64,
    place: u32,
    /// What is read of the postings: key, article and mark; and how many of them are taken.
    read: Vec<(u64, u32, u8)>,
    taken: usize,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    number: Vec<u8>,
    tags: Vec<u8>,
    entries: Vec<u8>,
}

impl<'a> Input<'a> {
    fn new(segment: &'a Segment, first: u64) -> Self {
        let shape = *segment.shape();
        Self {
            shape,
            // Both are in one segment, so the difference fits.
            shift: (shape.first - first) as u32,
            directory: segment.stream(2),
            tags: segment.stream(3),
            entries: segment.stream(4),
            next_bucket: 0,
            place: 0,
            read: Vec::new(),
            taken: 0,
            scratch: Scratch::default(),
        }
    }

    /// Takes the postings of a bucket of the result.
    fn drain(
        &mut self,
        result: &Shape,
        bucket: u64,
        out: &mut Vec<Packed>,
    ) -> Result<(), IndexError> {
        loop {
            while let Some((key, article, mark)) = self.read.get(self.taken).copied() {
                if result.bucket(key) as u64 != bucket {
                    return Ok(());
                }
                out.push(pack(result.suffix(key), article + self.shift, mark));
                self.taken += 1;
            }
            // The first key of the next bucket to be read may belong to a later bucket of the result.
            let ended = self.next_bucket == 1 << self.shape.directory_bits;
            if ended || result.bucket(self.shape.key(self.next_bucket, 0)) as u64 > bucket {
                return Ok(());
            }
            self.read_bucket()?;
        }
    }

    fn read_bucket(&mut self) -> Result<(), IndexError> {
        let scratch = &mut self.scratch;
        if self.next_bucket == 0 {
            self.place = self.directory.number(&mut scratch.number)?;
        }
        let end = self.directory.number(&mut scratch.number)?;
        let count = end.saturating_sub(self.place) as usize;
        self.place = end;
        scratch.tags.clear();
        scratch.entries.clear();
        self.read.clear();
        self.taken = 0;
        self.tags.take(count, &mut scratch.tags)?;
        let bytes = self.shape.entry_bytes();
        self.entries.take(count * bytes, &mut scratch.entries)?;
        let entries = scratch.entries.chunks_exact(bytes);
        for (tag, entry) in scratch.tags.iter().zip(entries) {
            let (suffix, article, mark) = unpack(self.shape.packed(*tag, entry));
            let key = self.shape.key(self.next_bucket, suffix);
            self.read.push((key, article, mark));
        }
        self.next_bucket += 1;
        Ok(())
    }
}
