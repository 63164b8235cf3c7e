//! The manifest: which files make up the index. Replaced in one step, so that there is always exactly one.

use std::ops::Range;
use std::path::Path;

use super::IndexError;
use super::format::{FORMAT, Fault, Fields, Put, checksum};

const MAGIC: [u8; 8] = *b"NEWSIDX\n";

/// What the manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The newest log whose articles are all in segments.
    pub sealed_log: u64,
    /// Number of the first article after that log.
    pub next_article: u64,
    /// The id of the next segment.
    pub next_segment: u64,
    /// No article will count as arriving before, in milliseconds since 1970.
    pub clock_ms: i64,
    /// Oldest first.
    pub segments: Vec<Entry>,
    /// What is not remembered although it should be, and was not dealt with yet.
    pub lost: Vec<Lost>,
    /// The meta blob at the end of that log.
    pub meta: Vec<u8>,
}

/// A segment in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: u64,
    /// Bytes of its file.
    pub length: u64,
    pub first: u64,
    pub articles: u32,
    pub oldest_ms: i64,
    pub newest_ms: i64,
}

/// Articles that are not remembered although they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Their numbers. The end is `u64::MAX` where it is not known.
    pub articles: Range<u64>,
    /// When they arrived, the first and the last, in milliseconds since 1970; `None` where it is not known.
    pub arrived_ms: Option<(i64, i64)>,
}

impl Lost {
    /// Everything there may have been.
    pub(super) const EVERYTHING: Self = Self {
        articles: 0..u64::MAX,
        arrived_ms: None,
    };
}

impl Manifest {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.put_u32(FORMAT);
        bytes.put_u64(self.sealed_log);
        bytes.put_u64(self.next_article);
        bytes.put_u64(self.next_segment);
        bytes.put_i64(self.clock_ms);
        bytes.put_u64(self.segments.len() as u64);
        for entry in &self.segments {
            bytes.put_u64(entry.id);
            bytes.put_u64(entry.length);
            bytes.put_u64(entry.first);
            bytes.put_u32(entry.articles);
            bytes.put_i64(entry.oldest_ms);
            bytes.put_i64(entry.newest_ms);
        }
        bytes.put_u64(self.lost.len() as u64);
        for lost in &self.lost {
            // An interval that ends before it begins stands for an unknown one.
            let (from, to) = lost.arrived_ms.unwrap_or((i64::MAX, i64::MIN));
            bytes.put_u64(lost.articles.start);
            bytes.put_u64(lost.articles.end);
            bytes.put_i64(from);
            bytes.put_i64(to);
        }
        bytes.put_u64(self.meta.len() as u64);
        bytes.extend_from_slice(&self.meta);
        bytes.put_u64(checksum(&bytes, 0, 0));
        bytes
    }

    pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Self, IndexError> {
        let fault = |what| IndexError::damaged(path, Fault { offset: 0, what });
        let (content, sum) = bytes
            .len()
            .checked_sub(8)
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or_else(|| fault("the file is incomplete"))?;
        if !content.starts_with(&MAGIC) || checksum(content, 0, 0).to_le_bytes() != *sum {
            return Err(fault("the file does not match its checksum"));
        }
        let mut fields = Fields(content.get(MAGIC.len()..).unwrap_or_default());
        let format = fields.u32().unwrap_or_default();
        if format != FORMAT {
            return Err(IndexError::Version {
                file: path.to_owned(),
                found: format,
                known: FORMAT,
            });
        }
        read(&mut fields)
            .filter(|_| fields.0.is_empty())
            .ok_or_else(|| fault("the file is malformed"))
    }
}

fn read(fields: &mut Fields<'_>) -> Option<Manifest> {
    let mut manifest = Manifest {
        sealed_log: fields.u64()?,
        next_article: fields.u64()?,
        next_segment: fields.u64()?,
        clock_ms: fields.i64()?,
        ..Manifest::default()
    };
    for _ in 0..fields.u64()? {
        manifest.segments.push(Entry {
            id: fields.u64()?,
            length: fields.u64()?,
            first: fields.u64()?,
            articles: fields.u32()?,
            oldest_ms: fields.i64()?,
            newest_ms: fields.i64()?,
        });
    }
    for _ in 0..fields.u64()? {
        let articles = fields.u64()?..fields.u64()?;
        let (from, to) = (fields.i64()?, fields.i64()?);
        manifest.lost.push(Lost {
            articles,
            arrived_ms: (from <= to).then_some((from, to)),
        });
    }
    let length = usize::try_from(fields.u64()?).ok()?;
    manifest.meta = fields.bytes(length)?.to_vec();
    Some(manifest)
}
