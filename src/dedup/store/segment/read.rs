//! A segment as a file: opening it, checking it, and giving its memory back.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::super::IndexError;
use super::super::error::failed;
use super::super::format::{Fault, Fields, checksum, u32_at};
use super::super::map::Map;
use super::layout::{BLOCK, Layout, PAGE, Section, Shape};

/// A sealed part of the index.
pub(in super::super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) map: Map,
    pub(super) shape: Shape,
    pub(super) layout: Layout,
    /// As in the file, section by section.
    pub(super) checksums: Vec<u64>,
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

    pub(super) fn section(&self, section: Section) -> &[u8] {
        let (start, length) = (section.start as usize, section.length as usize);
        self.map
            .bytes()
            .get(start..start + length)
            .unwrap_or_default()
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
}
