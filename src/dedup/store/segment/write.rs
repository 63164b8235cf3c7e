//! Writing a segment: all sections at the same time, each from its beginning to its end.

use super::super::IndexError;
use super::super::error::failed;
use super::super::folder::{Folder, NewFile};
use super::super::format::{Put, checksum};
use super::Packed;
use super::bucket::unpack;
use super::layout::{BLOCK, Layout, Section, Shape};

/// A segment that is being written. It takes records in order of the articles and buckets in order of the keys, and has
/// its name only when it is complete.
pub(in super::super) struct Writer<'a> {
    file: NewFile<'a>,
    folder: &'a Folder,
    shape: Shape,
    layout: Layout,
    offsets: Output,
    records: Output,
    directory: Output,
    tags: Output,
    entries: Output,
    postings: u32,
}

/// A section that is being written.
struct Output {
    id: u64,
    section: Section,
    /// Bytes taken so far.
    taken: u64,
    block: Vec<u8>,
    checksums: Vec<u64>,
}

impl<'a> Writer<'a> {
    /// Begins a segment of exactly this shape.
    pub(in super::super) fn begin(folder: &'a Folder, shape: Shape) -> Result<Self, IndexError> {
        let layout = shape.layout();
        let output = |section| Output {
            id: shape.id,
            section,
            taken: 0,
            block: Vec::with_capacity(BLOCK),
            checksums: Vec::new(),
        };
        let mut writer = Self {
            file: folder.begin(&folder.segment(shape.id))?,
            folder,
            shape,
            layout,
            offsets: output(layout.offsets),
            records: output(layout.records),
            directory: output(layout.directory),
            tags: output(layout.tags),
            entries: output(layout.entries),
            postings: 0,
        };
        writer.record_end(0)?;
        Ok(writer)
    }

    /// Says where the record of the next article ends, in bytes from the first record.
    pub(in super::super) fn record_end(&mut self, end: u32) -> Result<(), IndexError> {
        self.offsets.put(&mut self.file, &end.to_le_bytes())
    }

    /// Takes more bytes of the records.
    pub(in super::super) fn record_bytes(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        self.records.put(&mut self.file, bytes)
    }

    /// Takes the postings of the next bucket, sorted.
    pub(in super::super) fn bucket(&mut self, postings: &[Packed]) -> Result<(), IndexError> {
        self.directory
            .put(&mut self.file, &self.postings.to_le_bytes())?;
        let entry_bytes = self.shape.entry_bytes();
        for packed in postings.iter().copied() {
            let (suffix, article, mark) = unpack(packed);
            self.tags.put(&mut self.file, &[self.shape.tag(suffix)])?;
            // Big-endian, so that the rest of the key is in front of the article.
            let rest = u64::from(self.shape.rest(suffix));
            let entry = (rest << 32) | (u64::from(article) << 8) | u64::from(mark);
            let bytes = entry.to_be_bytes();
            let bytes = bytes.get(8 - entry_bytes..).unwrap_or_default();
            self.entries.put(&mut self.file, bytes)?;
        }
        self.postings += postings.len() as u32;
        Ok(())
    }

    /// Completes the file and gives it its name.
    pub(in super::super) fn finish(mut self) -> Result<(), IndexError> {
        self.directory
            .put(&mut self.file, &self.postings.to_le_bytes())?;
        let mut checksums = Vec::new();
        for output in [
            &mut self.offsets,
            &mut self.records,
            &mut self.directory,
            &mut self.tags,
            &mut self.entries,
        ] {
            if output.taken != output.section.length {
                let path = self.folder.segment(self.shape.id);
                let error = std::io::Error::other("it would not hold what it should");
                return Err(failed("write", &path)(error));
            }
            output.pad(&mut self.file)?;
            output
                .checksums
                .iter()
                .for_each(|sum| checksums.put_u64(*sum));
        }
        let at = self.layout.checksums.start;
        self.file.write_at(at, &checksums)?;
        let sum = checksum(&checksums, self.shape.id, at);
        self.file.write_at(0, &self.shape.encode(sum))?;
        self.file.finish()
    }
}

impl Output {
    fn put(&mut self, file: &mut NewFile<'_>, mut bytes: &[u8]) -> Result<(), IndexError> {
        self.taken += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = BLOCK - self.block.len();
            let (fitting, rest) = bytes.split_at(room.min(bytes.len()));
            self.block.extend_from_slice(fitting);
            bytes = rest;
            if self.block.len() == BLOCK {
                self.write(file)?;
            }
        }
        Ok(())
    }

    fn pad(&mut self, file: &mut NewFile<'_>) -> Result<(), IndexError> {
        let fill = self.section.padded() - self.section.length;
        self.put(file, &vec![0; fill as usize])?;
        if !self.block.is_empty() {
            self.write(file)?;
        }
        Ok(())
    }

    fn write(&mut self, file: &mut NewFile<'_>) -> Result<(), IndexError> {
        let at = self.section.start + self.checksums.len() as u64 * BLOCK as u64;
        file.write_at(at, &self.block)?;
        self.checksums.push(checksum(&self.block, self.id, at));
        self.block.clear();
        Ok(())
    }
}
