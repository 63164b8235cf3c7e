//! The write-ahead log: what the head holds, on disk.
//!
//! Each head has a log of its own, a file that only grows, by one block for each flush:
//! ```text
//! header  magic (8), format (4), 0 (4), number (8), first article (8), checksum (8)
//! block   magic (4), count of entries (4), bytes of entries (8), checksum of these 16 (8), of the entries (8); entries
//! entry   1, arrival (8), count of keys (4), bytes of the record (4), keys (8 and mark 1 each), record: an article
//!         2, bytes (4), bytes: the meta blob from here on
//!         3: the last entry of the log. The articles go on in the next log, which exists by then
//! ```
//! So a log that is missing, or has lost its end, is noticed by its neighbours, and a log of the newest head alone may
//! end in an unfinished block.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::failed;
use super::folder::Folder;
use super::format::{FORMAT, Fault, Fields, Put, checksum};
use super::{IndexError, NewArticle};

const HEADER: usize = 40;
const BLOCK_HEADER: usize = 32;
const MAGIC: [u8; 8] = *b"NEWSLOG\n";
const BLOCK_MAGIC: [u8; 4] = *b"BLK\n";
const ARTICLE: u8 = 1;
const META: u8 = 2;
const END: u8 = 3;
/// Bytes of a key and its mark.
const KEY: usize = 9;
/// The block buffer is kept for the next flush unless it is larger.
const KEPT_BUFFER: usize = 16 << 20;

/// A log that takes entries.
pub(super) struct Log {
    number: u64,
    path: PathBuf,
    file: File,
    /// Bytes that are safe on disk.
    written: u64,
    /// The block not yet written, with room for its header.
    block: Vec<u8>,
    entries: u32,
}

impl Log {
    /// Makes a log and waits until the disk has it.
    pub(super) fn create(folder: &Folder, number: u64, first: u64) -> Result<Self, IndexError> {
        let path = folder.log(number);
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(&MAGIC);
        header.put_u32(FORMAT);
        header.put_u32(0);
        header.put_u64(number);
        header.put_u64(first);
        header.put_u64(checksum(&header, number, 0));
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(failed("create", &path))?;
        folder
            .write_at(&file, 0, &header)
            .and_then(|()| folder.sync(&file))
            .map_err(failed("write", &path))?;
        folder.sync_names()?;
        Ok(Self::at(number, path, file, HEADER as u64))
    }

    /// Goes on with a log after the block that ends here. What comes after is cut off.
    pub(super) fn resume(folder: &Folder, number: u64, written: u64) -> Result<Self, IndexError> {
        let path = folder.log(number);
        let file = File::options()
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        file.set_len(written)
            .and_then(|()| folder.sync(&file))
            .map_err(failed("truncate", &path))?;
        Ok(Self::at(number, path, file, written))
    }

    fn at(number: u64, path: PathBuf, file: File, written: u64) -> Self {
        Self {
            number,
            path,
            file,
            written,
            block: vec![0; BLOCK_HEADER],
            entries: 0,
        }
    }

    pub(super) fn article(&mut self, article: &NewArticle<'_>, arrived_ms: i64) {
        self.block.push(ARTICLE);
        self.block.put_i64(arrived_ms);
        // Far fewer: both come from one message.
        self.block.put_u32(article.keys.len() as u32);
        self.block.put_u32(article.record.len() as u32);
        for (key, mark) in article.keys {
            self.block.put_u64(*key);
            self.block.push(*mark);
        }
        self.block.extend_from_slice(article.record);
        self.entries += 1;
    }

    pub(super) fn meta(&mut self, meta: &[u8]) {
        self.block.push(META);
        self.block.put_u32(meta.len() as u32);
        self.block.extend_from_slice(meta);
        self.entries += 1;
    }

    /// Whether there is anything to write.
    pub(super) fn is_pending(&self) -> bool {
        self.entries > 0
    }

    /// Writes what was added, and waits until the disk has it. With `end` it is the last block.
    ///
    /// # Errors
    /// The system refuses. Then the log ends where it ended, unless the disk refuses that too, and all is tried again.
    pub(super) fn flush(&mut self, folder: &Folder, end: bool) -> Result<(), IndexError> {
        if end {
            self.block.push(END);
            self.entries += 1;
        }
        self.seal_block();
        let outcome = folder
            .write_at(&self.file, self.written, &self.block)
            .and_then(|()| folder.sync(&self.file));
        if let Err(error) = outcome {
            // Best effort: the next start cuts it as well.
            let _ = self.file.set_len(self.written);
            if end {
                self.block.pop();
                self.entries -= 1;
            }
            return Err(failed("write", &self.path)(error));
        }
        self.written += self.block.len() as u64;
        if self.block.capacity() > KEPT_BUFFER {
            self.block = Vec::new();
        }
        self.block.clear();
        self.block.resize(BLOCK_HEADER, 0);
        self.entries = 0;
        Ok(())
    }

    fn seal_block(&mut self) {
        let Some((header, content)) = self.block.split_at_mut_checked(BLOCK_HEADER) else {
            return;
        };
        let mut bytes = Vec::with_capacity(BLOCK_HEADER);
        bytes.extend_from_slice(&BLOCK_MAGIC);
        bytes.put_u32(self.entries);
        bytes.put_u64(content.len() as u64);
        bytes.put_u64(checksum(&bytes, self.number, self.written));
        bytes.put_u64(checksum(content, self.number, self.written));
        header.copy_from_slice(&bytes);
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn written_bytes(&self) -> u64 {
        self.written
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.block.capacity()
    }
}

/// What a log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogEntry<'a> {
    /// An article: arrival, keys with marks as [`keys`] reads them, record.
    Article {
        arrived_ms: i64,
        keys: &'a [u8],
        record: &'a [u8],
    },
    /// The meta blob.
    Meta(&'a [u8]),
    /// The log ends here.
    End,
}

/// The keys and marks of an article.
pub(super) fn keys(bytes: &[u8]) -> impl Iterator<Item = (u64, u8)> {
    bytes.chunks_exact(KEY).filter_map(|bytes| {
        let mut fields = Fields(bytes);
        Some((fields.u64()?, fields.u8()?))
    })
}

/// What was found in a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The number of the first article that the head of this log holds.
    pub first: u64,
    /// Where its intact part ends; 0 when the header is not intact.
    pub end: u64,
    /// Blocks in the intact part.
    pub blocks: usize,
    /// Whether the log says that it is complete.
    pub closed: bool,
    /// What is wrong after the intact part.
    pub fault: Option<Fault>,
    /// Whether the fault looks like the end of a write that was cut short: nothing intact comes after it.
    pub torn: bool,
}

/// Reads the bytes of a log file: what was found, and the entries of its intact part.
///
/// # Errors
/// The file has another format.
pub(super) fn read<'a>(
    path: &Path,
    image: &'a [u8],
    number: u64,
) -> Result<(Found, Vec<LogEntry<'a>>), IndexError> {
    let mut all = Vec::new();
    let mut found = Found {
        first: 0,
        end: 0,
        blocks: 0,
        closed: false,
        fault: None,
        torn: false,
    };
    match header(image, number) {
        Ok((FORMAT, first)) => found.first = first,
        Ok((format, _)) => {
            return Err(IndexError::Version {
                file: path.to_owned(),
                found: format,
                known: FORMAT,
            });
        }
        Err(fault) => {
            found.fault = Some(fault);
            found.torn = !intact_block_after(image, 0, number);
            return Ok((found, all));
        }
    }
    let mut at = HEADER;
    while at < image.len() {
        let checked = match found.closed {
            true => Err(Fault {
                offset: at as u64,
                what: "something follows the end of the log",
            }),
            false => block(image, at, number).and_then(|(content, count)| {
                let entries = entries(content, count).ok_or(Fault {
                    offset: at as u64,
                    what: "a block is malformed",
                })?;
                Ok((entries, at + BLOCK_HEADER + content.len()))
            }),
        };
        match checked {
            Ok((entries, end)) => {
                found.closed = entries.last() == Some(&LogEntry::End);
                all.extend(entries);
                found.blocks += 1;
                at = end;
            }
            Err(fault) => {
                found.fault = Some(fault);
                found.torn = !found.closed && !intact_block_after(image, at + 1, number);
                break;
            }
        }
    }
    found.end = at as u64;
    Ok((found, all))
}

/// The format and the first article.
fn header(image: &[u8], number: u64) -> Result<(u32, u64), Fault> {
    let fault = |what| Fault { offset: 0, what };
    let header = image
        .get(..HEADER)
        .ok_or(fault("the file header is incomplete"))?;
    let (content, sum) = header.split_at(HEADER - 8);
    let mut fields = Fields(content);
    let read = |fields: &mut Fields<'_>| {
        let magic = fields.bytes(MAGIC.len())?;
        let format = fields.u32()?;
        fields.u32()?;
        Some((magic == MAGIC, format, fields.u64()?, fields.u64()?))
    };
    match read(&mut fields) {
        Some((true, format, found, first))
            if checksum(content, number, 0).to_le_bytes() == *sum && found == number =>
        {
            Ok((format, first))
        }
        _ => Err(fault("the file header does not match its checksum")),
    }
}

/// The content of the block that starts here, and its count of entries.
fn block(image: &[u8], start: usize, number: u64) -> Result<(&[u8], u32), Fault> {
    let fault = |what| Fault {
        offset: start as u64,
        what,
    };
    let rest = image.get(start..).unwrap_or_default();
    let mut fields = Fields(rest);
    let mut read = || {
        let magic = fields.bytes(BLOCK_MAGIC.len())?;
        Some((
            magic == BLOCK_MAGIC,
            fields.u32()?,
            fields.u64()?,
            fields.u64()?,
            fields.u64()?,
        ))
    };
    let (magic, entries, length, check, sum) =
        read().ok_or(fault("a block header is incomplete"))?;
    let checked = rest.get(..16).unwrap_or_default();
    if !magic || check != checksum(checked, number, start as u64) {
        return Err(fault("a block header does not match its checksum"));
    }
    let content = usize::try_from(length)
        .ok()
        .and_then(|length| fields.bytes(length))
        .ok_or(fault("a block is incomplete"))?;
    if sum != checksum(content, number, start as u64) {
        return Err(fault("a block does not match its checksum"));
    }
    Ok((content, entries))
}

/// Whether an intact block lies anywhere after this place: then what is before it is damage, not the end of an
/// unfinished write.
fn intact_block_after(image: &[u8], from: usize, number: u64) -> bool {
    let rest = image.get(from..).unwrap_or_default();
    rest.windows(BLOCK_MAGIC.len())
        .enumerate()
        .filter(|(_, window)| *window == BLOCK_MAGIC)
        .any(|(at, _)| block(image, from + at, number).is_ok())
}

/// The entries of an intact block; `None` when they are not what the block says.
fn entries(content: &[u8], count: u32) -> Option<Vec<LogEntry<'_>>> {
    let mut fields = Fields(content);
    let mut entries = Vec::new();
    while !fields.0.is_empty() {
        if entries.last() == Some(&LogEntry::End) {
            return None;
        }
        entries.push(entry(&mut fields)?);
    }
    (entries.len() == count as usize).then_some(entries)
}

fn entry<'a>(fields: &mut Fields<'a>) -> Option<LogEntry<'a>> {
    match fields.u8()? {
        ARTICLE => {
            let arrived_ms = fields.i64()?;
            let (keys, record) = (fields.u32()? as usize, fields.u32()? as usize);
            Some(LogEntry::Article {
                arrived_ms,
                keys: fields.bytes(keys.checked_mul(KEY)?)?,
                record: fields.bytes(record)?,
            })
        }
        META => {
            let length = fields.u32()? as usize;
            Some(LogEntry::Meta(fields.bytes(length)?))
        }
        END => Some(LogEntry::End),
        _ => None,
    }
}
