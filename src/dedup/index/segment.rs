//! A slice of the window: the bytes of its file and the places of the articles in them.

use std::collections::HashSet;
use std::path::Path;

use super::IndexError;
use super::format::{
    BLOCK_HEADER, Block, FILE_HEADER, Fault, FileHeader, check_block, intact_block_after,
    seal_block,
};
use super::record::{NewRecord, Record, encode_stream};

/// A segment is closed at this size, so that places in it fit 32 bits with room for one more batch.
const MAX_BYTES: usize = 1 << 30;
/// Room made for one record; a longer one makes its own.
const MAX_RECORD: usize = 4 << 10;
/// The least by which a segment grows in memory.
const MIN_STEP: usize = 16 << 10;

/// Records in order of arrival. What is in memory is exactly what is or will be on disk.
pub(super) struct Segment {
    /// Number of its first article: see [`super::articles::Articles`].
    pub first: u32,
    header: FileHeader,
    newest_ms: i64,
    image: Vec<u8>,
    /// Bytes of the image that are safe on disk.
    written: usize,
    /// Start of the block not yet written, and its records.
    open_block: Option<(usize, u32)>,
    /// Where the records of articles begin.
    places: Vec<u32>,
    /// Stream numbers whose meaning is in this segment.
    streams: HashSet<u32>,
}

/// The meaning of a stream number: number, topic and partition.
pub(super) type Stream = (u32, String, i32);

/// A segment as read from its file.
pub(super) struct Loaded {
    pub segment: Segment,
    pub streams: Vec<Stream>,
    /// Where an unfinished write begins. The segment ends before it.
    pub torn: Option<Fault>,
}

impl Segment {
    /// An empty segment after another.
    pub(super) fn new(number: u64, base_ms: i64, before: Option<&Self>) -> Self {
        let previous = before.map_or(0, |segment| segment.image.len() as u64);
        let header = FileHeader {
            number,
            base_ms,
            previous,
            discarded: false,
        };
        Self::empty(header, header.encode().to_vec(), 0)
    }

    /// The empty segment that stands for one whose file was damaged.
    pub(super) fn discarded(header: FileHeader) -> Self {
        Self::empty(header, header.encode().to_vec(), FILE_HEADER)
    }

    fn empty(header: FileHeader, image: Vec<u8>, written: usize) -> Self {
        Self {
            first: 0,
            header,
            newest_ms: header.base_ms,
            image,
            written,
            open_block: None,
            places: Vec::new(),
            streams: HashSet::new(),
        }
    }

    /// Reads a segment from the bytes of its file. Only the newest file may end in an unfinished write.
    pub(super) fn load(
        file: &Path,
        number: u64,
        mut image: Vec<u8>,
        newest: bool,
    ) -> Result<Option<Loaded>, IndexError> {
        let damaged = |fault: Fault| IndexError::Damaged {
            file: file.to_owned(),
            offset: fault.offset as u64,
            what: fault.what,
        };
        let torn = |image: &[u8], fault: Fault| {
            newest && !intact_block_after(image, fault.offset + 1, number)
        };
        let header = match FileHeader::decode(&image, number) {
            Ok(Ok(header)) => header,
            Ok(Err(found)) => {
                return Err(IndexError::Version {
                    file: file.to_owned(),
                    found,
                    known: super::format::FORMAT,
                });
            }
            Err(fault) if torn(&image, fault) => return Ok(None),
            Err(fault) => return Err(damaged(fault)),
        };
        let mut blocks = Vec::new();
        let mut end = FILE_HEADER;
        let mut tail = None;
        while end < image.len() {
            match check_block(&image, end, number) {
                Ok(block) => {
                    end = block.end;
                    blocks.push(block);
                }
                Err(fault) if torn(&image, fault) => {
                    tail = Some(fault);
                    break;
                }
                Err(fault) => return Err(damaged(fault)),
            }
        }
        image.truncate(end);
        let mut segment = Self::empty(header, image, end);
        let streams = segment.index(&blocks).map_err(damaged)?;
        Ok(Some(Loaded {
            segment,
            streams,
            torn: tail,
        }))
    }

    /// Finds the records of checked blocks.
    fn index(&mut self, blocks: &[Block]) -> Result<Vec<Stream>, Fault> {
        let mut streams = Vec::new();
        let most = blocks.iter().map(|block| block.records as usize).sum();
        self.places = Vec::with_capacity(most);
        for block in blocks {
            let mut at = block.start + BLOCK_HEADER;
            let mut records = 0;
            while at < block.end {
                let fault = Fault {
                    offset: at,
                    what: "a record is malformed",
                };
                let record = Record::at(&self.image, at).ok_or(fault)?;
                if let Some((number, topic, partition)) = record.as_stream() {
                    self.streams.insert(number);
                    streams.push((number, topic.to_owned(), partition));
                } else {
                    record.texts().ok_or(fault)?;
                    self.newest_ms = self.newest_ms.max(self.header.arrived_ms(record));
                    self.places.push(u32::try_from(at).map_err(|_| fault)?);
                }
                at += record.length();
                records += 1;
            }
            if at != block.end || records != block.records {
                return Err(Fault {
                    offset: block.start,
                    what: "a block holds other records than it says",
                });
            }
        }
        Ok(streams)
    }

    /// Adds an article and returns its number. The first of a stream brings the meaning of the stream's number.
    pub(super) fn push(&mut self, record: &NewRecord<'_>, topic: &str, partition: i32) -> u32 {
        let number = self.next_number();
        let (_, records) = self.open_block.get_or_insert((self.image.len(), 0));
        if *records == 0 {
            reserve(&mut self.image, BLOCK_HEADER);
            self.image.extend_from_slice(&[0; BLOCK_HEADER]);
        }
        if self.streams.insert(record.stream) {
            encode_stream(&mut self.image, record.stream, topic, partition);
            *records += 1;
        }
        reserve(&mut self.image, MAX_RECORD);
        // The index closes a segment at MAX_BYTES, so every place fits.
        self.places
            .push(u32::try_from(self.image.len()).unwrap_or(u32::MAX));
        record.encode(&mut self.image);
        *records += 1;
        self.newest_ms = self.newest_ms.max(
            self.header
                .base_ms
                .saturating_add(i64::from(record.arrival)),
        );
        number
    }

    /// The number that the next article gets.
    pub(super) fn next_number(&self) -> u32 {
        // A segment has far fewer than four billion articles.
        self.first.wrapping_add(self.places.len() as u32)
    }

    /// The record of an article, counted from 0.
    pub(super) fn record(&self, index: u32) -> Option<Record<'_>> {
        Record::at(&self.image, *self.places.get(index as usize)? as usize)
    }

    /// The bytes that are not on disk yet and where they go; `None` when there are none.
    pub(super) fn unwritten(&mut self) -> Option<(u64, &[u8])> {
        let (start, records) = self.open_block?;
        seal_block(&mut self.image, start, records, self.header.number);
        Some((self.written as u64, self.image.get(self.written..)?))
    }

    /// Says that the disk has everything (or that there is no disk).
    pub(super) fn mark_written(&mut self) {
        self.written = self.image.len();
        self.open_block = None;
    }

    /// Whether another segment should take what arrives at this time.
    pub(super) fn is_full(&self, now_ms: i64, slice_ms: i64, most_articles: usize) -> bool {
        self.header.discarded
            || self.places.len() >= most_articles
            || self.image.len() >= MAX_BYTES
            || now_ms.saturating_sub(self.header.base_ms) >= slice_ms
    }

    pub(super) fn header(&self) -> FileHeader {
        self.header
    }

    pub(super) fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    pub(super) fn articles(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_written(&self) -> bool {
        self.open_block.is_none()
    }

    /// Bytes on disk, once everything is written.
    pub(super) fn bytes(&self) -> usize {
        self.image.len()
    }

    /// Bytes on disk now.
    pub(super) fn written_bytes(&self) -> usize {
        self.written
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.image.capacity() + self.places.capacity() * size_of::<u32>()
    }
}

/// Makes room in steps of an eighth: doubling would hold up to twice the memory.
fn reserve(image: &mut Vec<u8>, more: usize) {
    if image.capacity() - image.len() < more {
        image.reserve_exact(more.max(image.len() / 8).max(MIN_STEP));
    }
}
