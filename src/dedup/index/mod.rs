//! The embedded index: what is remembered of earlier articles, in memory and on disk.
//!
//! The window is cut into some 16 to 33 *segments* by time and count: a segment is one file that only grows, and the
//! same bytes in memory. Only the newest segment takes articles. The oldest is forgotten whole, by deleting its file.
//! Five tables (position, id, URL, text, cluster) lead from keys to articles; they are cut into small shards, and what
//! they still hold of a forgotten segment counts as absent until its shard needs the room, so that neither growing
//! nor forgetting makes a message wait.
//!
//! # What survives
//! [`DedupIndex::judge`] works in memory and [`DedupIndex::flush`] writes what it added as one checksummed block, so
//! the disk always holds what was known after some message, without gaps. A batch must be flushed before the
//! transaction that publishes it commits. Then, whatever happens in between:
//! - *flushed, transaction aborted or process killed*: the messages come again, their positions are known, and they get
//!   the verdicts they got;
//! - *not flushed, process killed*: nothing of the batch was published. The messages come again, perhaps with others
//!   between them, and are judged by what the disk holds, as if for the first time;
//! - *killed while flushing*: the block is incomplete, fails its checksum at the next start and is cut off, which is
//!   the case before;
//! - *not flushed, transaction aborted, process alive*: the positions are known in memory.
//!
//! A verdict depends on the message and on what is remembered, never on the clock. The clock only decides, in
//! [`DedupIndex::expire`], what is forgotten. Within the index time never runs backwards: an article that seems to
//! arrive before its predecessor counts as arriving with it.
//!
//! # Size
//! An article takes 52 bytes and its id, and for copies the ids of its original and cluster where they differ from its
//! own; in memory the tables take some 60 bytes more. Measured for a million articles with ids of 60 bytes, a third of
//! them copies: 125 bytes on disk and 186 in memory. Opening takes about 1.2 seconds for a million articles on two cores,
//! and forgetting half a million some 25 milliseconds, most of it the file system's.

mod articles;
mod decide;
mod entry;
mod error;
mod folder;
mod format;
mod key;
mod open;
mod record;
mod segment;
mod streams;
mod table;

use std::borrow::Cow;

use rayon::prelude::*;

use self::articles::Articles;
use self::decide::{Decision, Lookup};
use self::folder::Folder;
use self::key::Kind;
use self::record::{NewRecord, bounded};
use self::segment::Segment;
use self::streams::Streams;
use self::table::Table;
use super::{DedupSettings, DedupVerdict, Fingerprint, OnDamage};
use crate::article::Position;

pub use self::entry::{Entry, EntryKey};
pub use self::error::IndexError;
pub use self::open::{OpenReport, TornTail};

/// Parts of the window (by time) and of the capacity (by count) that one segment takes.
const SLICES: usize = 16;

/// Remembers the articles of the window and judges new ones by them.
pub struct DedupIndex {
    /// `None` when nothing is kept on disk.
    folder: Option<Folder>,
    articles: Articles,
    /// One for each of [`Kind::ALL`], in that order.
    tables: Vec<Table>,
    streams: Streams,
    next_segment: u64,
    /// The latest time seen, in milliseconds since 1970.
    clock_ms: i64,
    window_ms: i64,
    max_articles: usize,
}

/// What [`DedupIndex::expire`] forgot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Segments, each a file.
    pub segments: usize,
    /// Articles in them.
    pub articles: usize,
}

impl DedupIndex {
    /// Opens the index in its folder, making the folder if it is missing, and forgets what is older than the window.
    ///
    /// # Errors
    /// The folder is in use, damaged or from a newer version, or the operating system refuses: see [`IndexError`].
    pub fn open(settings: &DedupSettings, now_ms: i64) -> Result<(Self, OpenReport), IndexError> {
        let mut folder = Folder::lock(&settings.path, settings.fsync)?;
        let contents = open::read(&mut folder, settings)?;
        let mut report = contents.report;
        let mut index = Self::in_memory(settings);
        index.folder = Some(folder);
        index.next_segment = contents
            .segments
            .back()
            .map_or(1, |segment| segment.header().number.saturating_add(1));
        index.clock_ms = contents
            .segments
            .iter()
            .map(Segment::newest_ms)
            .max()
            .unwrap_or(i64::MIN);
        contents
            .segments
            .into_iter()
            .for_each(|segment| index.articles.add(segment));
        index.tables = tables(&index.articles);
        index.streams = Streams::from(contents.streams);
        report.expired = index.expire(now_ms)?.articles;
        report.segments = index.articles.segments().len();
        report.articles = index.len();
        Ok((index, report))
    }

    /// An index without a folder, forgotten with the process: for files given on the command line, and for tests.
    pub fn in_memory(settings: &DedupSettings) -> Self {
        Self {
            folder: None,
            articles: Articles::default(),
            tables: Kind::ALL.into_iter().map(Table::new).collect(),
            streams: Streams::default(),
            next_segment: 1,
            clock_ms: i64::MIN,
            window_ms: settings.window.as_millis(),
            max_articles: settings.max_articles.get(),
        }
    }

    /// Judges a message and remembers it. Works in memory; see [`crate::dedup`] for the rules.
    pub fn judge(
        &mut self,
        position: &Position,
        fingerprint: &Fingerprint,
        now_ms: i64,
    ) -> DedupVerdict {
        let shortened;
        let fingerprint = match bounded(&fingerprint.id) {
            Cow::Borrowed(_) => fingerprint,
            Cow::Owned(id) => {
                shortened = Fingerprint {
                    id,
                    ..fingerprint.clone()
                };
                &shortened
            }
        };
        self.clock_ms = self.clock_ms.max(now_ms);
        let known_stream = self.streams.find(position);
        match self.lookup().decide(known_stream, position, fingerprint) {
            Decision::Known(verdict) => verdict,
            Decision::New(verdict) => {
                self.remember(position, fingerprint, &verdict);
                verdict
            }
        }
    }

    fn remember(&mut self, position: &Position, fingerprint: &Fingerprint, verdict: &DedupVerdict) {
        let stream = self.streams.number(position);
        let (now_ms, slice_ms) = (self.clock_ms, self.window_ms / SLICES as i64);
        let most = self.max_articles.div_ceil(SLICES);
        let last = self.articles.segments().back();
        if last.is_none_or(|last| last.is_full(now_ms, slice_ms, most)) {
            let segment = Segment::new(self.next_segment, now_ms, last);
            self.articles.add(segment);
            self.next_segment = self.next_segment.saturating_add(1);
        }
        let Some(segment) = self.articles.last_mut() else {
            return;
        };
        let since_base = now_ms.saturating_sub(segment.header().base_ms);
        let arrival = u32::try_from(since_base).unwrap_or(u32::MAX);
        let record = NewRecord {
            stream,
            offset: position.offset,
            arrival,
            fingerprint,
            verdict,
        };
        let number = segment.push(&record, &bounded(&position.topic), position.partition);
        self.tables
            .iter_mut()
            .for_each(|table| table.enter(&self.articles, number));
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup {
            articles: &self.articles,
            tables: &self.tables,
        }
    }

    /// Writes what was added since the last flush: with few exceptions one write and one wait for the disk. Costs
    /// nothing when nothing was added.
    ///
    /// # Errors
    /// The operating system refuses, for example because the disk is full. Nothing is lost: the file keeps its last
    /// good end and the next flush tries everything again. Until one succeeds the transaction must not commit.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        let Some(folder) = &mut self.folder else {
            return Ok(());
        };
        // Oldest first: a segment is only on disk when the one before it is complete.
        for segment in self.articles.iter_mut() {
            let number = segment.header().number;
            if let Some((at, bytes)) = segment.unwritten() {
                folder.write(number, at, bytes)?;
            }
            segment.mark_written();
        }
        Ok(())
    }

    /// Forgets segments that are older than the window or beyond `max_articles`. Call it before each batch: it is free
    /// when nothing is due. What is not flushed yet is never forgotten.
    ///
    /// # Errors
    /// A file cannot be deleted. Its articles stay remembered, and the next call tries again.
    pub fn expire(&mut self, now_ms: i64) -> Result<Expired, IndexError> {
        let mut expired = Expired::default();
        let mut articles = self.len();
        let in_memory = self.folder.is_none();
        while let Some(oldest) = self
            .articles
            .segments()
            .front()
            .filter(|oldest| in_memory || oldest.is_written())
        {
            let over = oldest.newest_ms().saturating_add(self.window_ms) <= now_ms;
            if !over && articles <= self.max_articles {
                break;
            }
            if let Some(folder) = &mut self.folder {
                folder.delete(oldest.header().number)?;
            }
            articles -= oldest.articles();
            expired.articles += oldest.articles();
            expired.segments += 1;
            self.articles.pop_first();
        }
        Ok(expired)
    }

    /// Articles remembered.
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the files.
    pub fn disk_bytes(&self) -> u64 {
        let written = self
            .articles
            .segments()
            .iter()
            .map(|segment| segment.written_bytes() as u64)
            .sum();
        if self.folder.is_some() { written } else { 0 }
    }

    /// Bytes of memory held for articles and tables, with what is reserved for growth.
    pub fn memory_bytes(&self) -> u64 {
        let segments: usize = self
            .articles
            .segments()
            .iter()
            .map(Segment::memory_bytes)
            .sum();
        let tables: usize = self.tables.iter().map(Table::memory_bytes).sum();
        (segments + tables) as u64
    }

    /// No remembered article arrived before this time (milliseconds since 1970); `None` when nothing is remembered.
    pub fn oldest_ms(&self) -> Option<i64> {
        self.articles
            .segments()
            .front()
            .map(|oldest| oldest.header().base_ms)
    }
}

/// The tables of articles that were read: one thread for each, since they do not depend on each other.
fn tables(articles: &Articles) -> Vec<Table> {
    Kind::ALL
        .into_par_iter()
        .map(|kind| Table::of(kind, articles))
        .collect()
}

#[cfg(test)]
mod tests;
