//! The embedded index: what is remembered of earlier articles, in memory and on disk.
//!
//! An article has a number, counted in order of arrival, a *record* (bytes that mean nothing here), and *keys*: 64-bit
//! hashes that lead to it. The newest articles are in the *head*, a hash table in memory, and in its write-ahead log. A
//! full head becomes a *segment*, an immutable file with one sorted table of all keys, mapped into memory. A background
//! thread writes segments and merges them, so that there are at most eight when it rests. The oldest segment is
//! forgotten whole, by deleting its file.
//!
//! Why not a key-value store: with 64 keys an article these cost some 460 µs and 4 kB an article, sorted segments a
//! fortieth and a seventh of that.
//!
//! # Files
//! ```text
//! lock                  held while a process uses the folder
//! manifest              which segments count, and which log was sealed last; replaced in one step
//! 000000000012.log      write-ahead log of a head (see [`log`])
//! 000000000034.sorted   segment (see [`segment`])
//! *.unfinished          what a crash left half written; deleted at the next start
//! ```
//!
//! # What survives
//! [`Embedded::push`] works in memory, and [`Embedded::flush`] writes what it added, with the meta blob, as one
//! checksummed block of the log: after a crash either all of a flush is there or nothing, and nothing is missing
//! between. A head is only frozen by a flush, so a log holds whole flushes. From then on its articles exist twice, until
//! the manifest names the segment; then the log is deleted. At any moment the manifest and the logs after the one it
//! names are the whole index; other files are leftovers.
//!
//! All bytes have checksums, which are compared when the index is opened and when segments are merged. An incomplete
//! block at the end of the newest log is an unfinished write and is cut off: its articles were never answered for.
//! Everything else is damage, with which [`OnDamage`](super::OnDamage) deals.
//!
//! # Memory
//! `dedup.memory` bounds it. A head takes at most a thirty-second part of it, and there may be some; what is left, about
//! three quarters, is for mapped files, watched by [`residency`]. Of these only directories and tags (1.25 to 1.5 bytes
//! a key) are worth keeping in memory.
//!
//! # Threads
//! Changes need `&mut`, and only they see what the background thread has done since. So any number of threads may look
//! up at once between them, and all see the same.

mod background;
mod base;
mod catalog;
mod chunks;
mod error;
mod folder;
mod forget;
mod format;
mod head;
mod limits;
mod log;
mod look_up;
mod manifest;
mod map;
mod measure;
mod merge;
mod open;
mod plan;
mod replay;
mod residency;
mod seal;
mod sealed;
mod segment;
mod table;

use std::sync::Arc;

use self::background::Background;
use self::catalog::Frozen;
use self::folder::Folder;
use self::limits::Limits;
use self::log::Log;
use self::segment::MAX_ARTICLES;
use super::DedupSettings;

pub use self::base::{Base, NewArticle, Posting};
pub use self::error::IndexError;
pub use self::forget::Expired;
pub use self::head::Head;
pub use self::manifest::Lost;
pub use self::open::{Damage, OpenReport, TornTail};
pub use self::sealed::Sealed;

/// Heads for which room is kept: one that grows, two that wait, up to two that others still look at while their
/// segments are there already, and what sealing and the allocator need.
const HEADS: u64 = 6;
/// Memory for writing segments: a block of each section, of what is read and of what is written.
const BUFFERS: u64 = 12 << 20;
/// Part of the memory that is left to the allocator and to the program.
const RESERVE_PARTS: u64 = 16;

/// The index of one process, in its folder or in memory only.
pub struct Embedded {
    /// Ends before the folder is unlocked.
    disk: Option<Disk>,
    head: Head,
    sealed: Sealed,
    /// The latest arrival, in milliseconds since 1970.
    clock_ms: i64,
    meta: Vec<u8>,
    limits: Limits,
}

/// What an index in a folder has besides.
struct Disk {
    background: Background,
    folder: Arc<Folder>,
    log: Log,
    /// Whether the meta blob is other than the log says.
    meta_changed: bool,
    /// Whether this log has the meta blob at all.
    meta_in_log: bool,
    /// What the background thread had done when it was asked last.
    version: u64,
}

impl Embedded {
    /// Opens the index in its folder, making the folder if it is missing, and forgets what is older than the window.
    ///
    /// # Errors
    /// The folder is in use, damaged or from another version, or the operating system refuses: see [`IndexError`].
    pub fn open(settings: &DedupSettings, now_ms: i64) -> Result<(Self, OpenReport), IndexError> {
        let mut index = Self::in_memory(settings);
        let opened = open::open(settings)?;
        let head_ms = opened
            .head
            .arrived_ms()
            .map_or(i64::MIN, |(_, newest)| newest);
        index.clock_ms = opened.catalog.clock_ms.max(head_ms);
        index.head = opened.head;
        index.meta = opened.meta;
        index.disk = Some(Disk {
            background: Background::start(
                Arc::clone(&opened.folder),
                opened.catalog,
                index.limits.bounds(),
            )?,
            folder: opened.folder,
            log: opened.log,
            meta_changed: false,
            meta_in_log: false,
            version: 0,
        });
        index.adopt();
        let mut report = opened.report;
        report.expired = index.expire(now_ms)?.articles;
        report.segments = index.sealed.segments();
        report.articles = index.len();
        Ok((index, report))
    }

    /// An index without a folder, forgotten with the process: for files given on the command line, and for tests. It is
    /// bounded by `max_articles` alone.
    pub fn in_memory(settings: &DedupSettings) -> Self {
        Self {
            disk: None,
            head: Head::new(0),
            sealed: Sealed::new(),
            clock_ms: i64::MIN,
            meta: Vec::new(),
            limits: Limits::of(settings),
        }
    }

    /// Remembers an article and returns its number. Works in memory.
    ///
    /// Within the index time never runs backwards: an article that seems to arrive before its predecessor counts as
    /// arriving with it.
    pub fn push(&mut self, article: NewArticle<'_>) -> u64 {
        self.clock_ms = self.clock_ms.max(article.arrived_ms);
        match &mut self.disk {
            Some(disk) => disk.log.article(&article, self.clock_ms),
            None => self.roll_in_memory(),
        }
        self.head.push(article.record, article.keys, self.clock_ms)
    }

    /// Begins another head when this one holds its part.
    fn roll_in_memory(&mut self) {
        let most = self.limits.bounds().articles.min(MAX_ARTICLES);
        let full = self.head.len() as u64 >= most || self.limits.is_old(&self.head, self.clock_ms);
        if full && !self.head.is_empty() {
            let head = std::mem::replace(&mut self.head, Head::new(0));
            self.head = Head::new(head.end());
            self.sealed.frozen.push(Arc::new(Frozen {
                head,
                log: 0,
                log_bytes: 0,
                meta: Vec::new(),
            }));
        }
    }

    /// The part of the index that does not change until the next call with `&mut self`.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// The newest articles, those pushed last included.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Writes what was added since the last flush: one write and one wait for the disk. Costs nothing when nothing was
    /// added. When the head is full it is handed to the background thread, which waits for the disk twice more; when two
    /// full heads are waiting there already, for one of them to be sealed.
    ///
    /// # Errors
    /// The operating system refuses, for example because the disk is full, or a segment turned out to be damaged.
    /// Nothing is lost: the log keeps its last good end and the next flush tries everything again. Until one succeeds
    /// the transaction must not commit.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        // First of all lets go of heads that are sealed meanwhile.
        self.adopt();
        let Some(disk) = &mut self.disk else {
            return Ok(());
        };
        disk.background.damage()?;
        if disk.meta_changed || (disk.log.is_pending() && !disk.meta_in_log) {
            disk.log.meta(&self.meta);
            disk.meta_changed = false;
            disk.meta_in_log = true;
        }
        if disk.log.is_pending() {
            let full = self.head.len() as u64 >= self.limits.head_articles
                || self.head.memory_bytes() as u64 >= self.limits.head_bytes;
            if full {
                self.roll()?;
            } else {
                disk.log.flush(&disk.folder, false)?;
            }
        }
        self.adopt();
        Ok(())
    }

    /// Writes what is pending as the end of the log, and begins another head with another log.
    fn roll(&mut self) -> Result<(), IndexError> {
        let Some(disk) = &mut self.disk else {
            return Ok(());
        };
        disk.background.wait_for_room()?;
        let next = Log::create(&disk.folder, disk.log.number() + 1, self.head.end())?;
        disk.log.flush(&disk.folder, true)?;
        let log = std::mem::replace(&mut disk.log, next);
        disk.meta_in_log = false;
        let end = self.head.end();
        let head = std::mem::replace(&mut self.head, Head::new(end));
        disk.background.freeze(Frozen {
            head,
            log: log.number(),
            log_bytes: log.written_bytes(),
            meta: self.meta.clone(),
        });
        Ok(())
    }

    /// Takes over what the background thread has done.
    fn adopt(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        if let Some((segments, frozen)) = disk.background.changed(&mut disk.version) {
            let segments = std::mem::replace(&mut self.sealed.segments, segments);
            let frozen = std::mem::replace(&mut self.sealed.frozen, frozen);
            disk.background.dispose((segments, frozen));
        }
        let head = self.limits.head_bytes.max(self.head.memory_bytes() as u64);
        let heads = head * HEADS;
        let buffers = disk.log.memory_bytes() as u64 + BUFFERS;
        let own = heads + buffers + self.limits.memory / RESERVE_PARTS;
        // A bound that small is for tests; some memory is needed to read at all.
        let rest = self.limits.memory.saturating_sub(own);
        self.sealed
            .residency
            .set_bound(rest.max(self.limits.memory / 4), &self.sealed.segments);
    }

    /// A small blob that is kept with the articles: see [`Self::set_meta`]. Empty in a new index.
    pub fn meta(&self) -> &[u8] {
        &self.meta
    }

    /// Replaces the meta blob, of a few kilobytes at most. The next flush makes it durable, in one step with the
    /// articles that were pushed before.
    pub fn set_meta(&mut self, meta: Vec<u8>) {
        self.meta = meta;
        if let Some(disk) = &mut self.disk {
            disk.meta_changed = true;
        }
    }

    /// Says that what was [lost](OpenReport::lost) has been dealt with, so that the next start does not report it again.
    /// Flush before.
    ///
    /// # Errors
    /// The operating system refuses to write the manifest.
    pub fn restored(&mut self) -> Result<(), IndexError> {
        match &self.disk {
            Some(disk) => disk.background.forget_lost(),
            None => Ok(()),
        }
    }

    /// Waits until full heads are sealed, segments merged, and files deleted. Not needed for anything but tests,
    /// measurements, and an orderly end of a long import.
    ///
    /// # Errors
    /// One of these fails.
    pub fn settle(&mut self) -> Result<(), IndexError> {
        if let Some(disk) = &self.disk {
            disk.background.wait_until_idle()?;
        }
        self.adopt();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
