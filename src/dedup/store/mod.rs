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
mod chunks;
mod error;
mod folder;
mod format;
mod head;
mod log;
mod manifest;
mod map;
mod merge;
mod open;
mod plan;
mod replay;
mod residency;
mod seal;
mod sealed;
mod segment;
mod table;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::background::{Background, Catalog, Frozen};
use self::folder::Folder;
use self::log::Log;
use self::plan::{Bounds, PARTS};
use self::segment::MAX_ARTICLES;
use super::DedupSettings;

pub use self::error::IndexError;
pub use self::head::Head;
pub use self::manifest::Lost;
pub use self::open::{Damage, OpenReport, TornTail};
pub use self::sealed::Sealed;

/// Parts of the memory that a head may take.
const HEAD_PARTS: u64 = 32;
/// Heads for which room is kept: one that grows, two that wait, up to two that others still look at while their
/// segments are there already, and what sealing and the allocator need.
const HEADS: u64 = 6;
/// Parts of the window after which a head is frozen even if it is not full.
const HEAD_SLICES: i64 = 16;
/// Memory for writing segments: a block of each section, of what is read and of what is written.
const BUFFERS: u64 = 12 << 20;
/// Part of the memory that is left to the allocator and to the program.
const RESERVE_PARTS: u64 = 16;

/// One article that has a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Posting {
    /// The number of the article.
    pub article: u64,
    /// What was noted with the key.
    pub mark: u8,
}

/// What is remembered of earlier articles.
pub trait Base {
    /// Visits the articles that have `key`, newest first, until `visit` breaks; returns whether it did. Keys are stored
    /// shortened where there are many, so it may, rarely, visit an article that does not have the key: whoever needs
    /// to be sure compares records.
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()>;

    /// The same, oldest first.
    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()>;

    /// The record of an article; `None` when it is not remembered (any more).
    fn record(&self, article: u64) -> Option<&[u8]>;
}

/// An article to remember.
#[derive(Clone, Copy, Debug)]
pub struct NewArticle<'a> {
    /// What is remembered of it.
    pub record: &'a [u8],
    /// The keys that lead to it, with what is noted of each. They must be spread evenly over all 64-bit numbers, as good
    /// hashes are.
    pub keys: &'a [(u64, u8)],
    /// When it arrived, in milliseconds since 1970.
    pub arrived_ms: i64,
}

/// What [`Embedded::expire`] forgot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Segments, each a file.
    pub segments: usize,
    /// Articles in them.
    pub articles: usize,
}

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

#[derive(Clone, Copy)]
struct Limits {
    window_ms: i64,
    max_articles: u64,
    head_articles: u64,
    head_bytes: u64,
    memory: u64,
}

impl Limits {
    fn of(settings: &DedupSettings) -> Self {
        let memory = settings.memory.bytes();
        Self {
            window_ms: settings.window.as_millis(),
            max_articles: settings.max_articles.get() as u64,
            head_articles: (settings.head_articles.get() as u64).min(MAX_ARTICLES),
            head_bytes: memory / HEAD_PARTS,
            memory,
        }
    }

    /// The largest segment.
    fn bounds(&self) -> Bounds {
        Bounds {
            span_ms: self.window_ms / PARTS as i64,
            articles: (self.max_articles / PARTS).max(1),
        }
    }

    fn is_old(&self, head: &Head, now_ms: i64) -> bool {
        head.arrived_ms().is_some_and(|(oldest, _)| {
            now_ms.saturating_sub(oldest) >= self.window_ms / HEAD_SLICES
        })
    }

    fn is_over(&self, newest_ms: i64, now_ms: i64) -> bool {
        newest_ms.saturating_add(self.window_ms) <= now_ms
    }
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

    /// Looks up many keys in the sealed part: see [`Sealed::look_up`]. Any number of threads may do so at once.
    pub fn batch_look_up(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) {
        self.sealed.look_up(keys, most, out);
    }

    /// Copies the record of an article; returns whether it is remembered. Where memory is scarce this is much cheaper than
    /// [`Base::record`], which maps what lies around as well.
    pub fn read_record(&self, article: u64, out: &mut Vec<u8>) -> bool {
        if let Some(record) = self.head.record(article) {
            out.clear();
            out.extend_from_slice(record);
            return true;
        }
        self.sealed.read_record(article, out)
    }

    /// Looks up many keys in the head: see [`Head::look_up`].
    pub fn head_batch_look_up(
        &self,
        keys: &[u64],
        visit: &mut dyn FnMut(usize, Posting) -> ControlFlow<()>,
    ) {
        self.head.look_up(keys, visit);
    }

    /// Visits the articles of the head that have `key`, newest first: what [`Self::batch_look_up`] leaves out.
    pub fn head_look_up(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.head.newest(key, visit)
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

    /// Forgets segments that are older than the window or beyond `max_articles`. Call it before each batch: it costs
    /// next to nothing when nothing is due, and the file is deleted in the background. What is not flushed or not sealed
    /// yet is never forgotten. After a crash the segment may be back, until the next call.
    ///
    /// # Errors
    /// A head that is too old to be continued cannot be handed over: as in [`Self::flush`].
    pub fn expire(&mut self, now_ms: i64) -> Result<Expired, IndexError> {
        let before = (self.sealed.segments(), self.len());
        let now_ms = now_ms.max(self.clock_ms);
        let limits = self.limits;
        if self.disk.is_none() {
            return Ok(self.expire_in_memory(now_ms));
        }
        let pending = self.disk.as_ref().is_some_and(|disk| disk.log.is_pending());
        if !pending && limits.is_old(&self.head, now_ms) {
            self.roll()?;
        }
        self.adopt();
        let mut articles = self.len() as u64;
        let before = (self.sealed.segments(), before.1);
        if let Some(disk) = &self.disk {
            disk.background.expire(|oldest| {
                let shape = oldest.shape();
                let due = limits.is_over(shape.newest_ms, now_ms) || articles > limits.max_articles;
                if due {
                    articles -= u64::from(shape.articles);
                }
                due
            });
        }
        self.adopt();
        Ok(Expired {
            segments: before.0 - self.sealed.segments(),
            articles: before.1 - self.len(),
        })
    }

    fn expire_in_memory(&mut self, now_ms: i64) -> Expired {
        let limits = self.limits;
        let mut expired = Expired::default();
        let mut articles = self.len() as u64;
        self.sealed.frozen.retain(|frozen| {
            let newest = frozen
                .head
                .arrived_ms()
                .map_or(i64::MIN, |(_, newest)| newest);
            let due = limits.is_over(newest, now_ms) || articles > limits.max_articles;
            if due {
                articles -= frozen.head.len() as u64;
                expired.segments += 1;
                expired.articles += frozen.head.len();
            }
            !due
        });
        let newest = self.head.arrived_ms().map(|(_, newest)| newest);
        if newest.is_some_and(|newest| limits.is_over(newest, now_ms)) {
            expired.segments += 1;
            expired.articles += self.head.len();
            self.head = Head::new(self.head.end());
        }
        expired
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

    /// Forgets everything, the meta blob included, and notes that everything is lost until [`Self::restored`]: the way to
    /// begin building the index again. Numbers of articles go on.
    ///
    /// # Errors
    /// The operating system refuses. Opened again, the index is as it was or empty, and then says so.
    pub fn cleared(mut self) -> Result<Self, IndexError> {
        let first = self.head.end();
        self.head = Head::new(first);
        self.meta.clear();
        self.sealed.frozen.clear();
        self.sealed.segments.clear();
        if let Some(disk) = self.disk.take() {
            self.disk = Some(disk.cleared(first, self.clock_ms, self.limits.bounds())?);
        }
        self.adopt();
        Ok(self)
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

    /// Articles remembered.
    pub fn len(&self) -> usize {
        self.sealed.len() + self.head.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number that the next article gets.
    pub fn next_article(&self) -> u64 {
        self.head.end()
    }

    /// The latest arrival, in milliseconds since 1970; `i64::MIN` before the first.
    pub fn clock_ms(&self) -> i64 {
        self.clock_ms
    }

    /// Bytes of the files.
    pub fn disk_bytes(&self) -> u64 {
        let Some(disk) = &self.disk else { return 0 };
        let segments: u64 = self
            .sealed
            .segments
            .iter()
            .map(|segment| segment.file_length())
            .sum();
        let frozen: u64 = self
            .sealed
            .frozen
            .iter()
            .map(|frozen| frozen.log_bytes)
            .sum();
        segments + frozen + disk.log.written_bytes()
    }

    /// Bytes of memory held for heads and buffers, and those that mapped files take just now.
    pub fn memory_bytes(&self) -> u64 {
        let frozen: usize = self
            .sealed
            .frozen
            .iter()
            .map(|frozen| frozen.head.memory_bytes())
            .sum();
        let log = self.disk.as_ref().map_or(0, |disk| disk.log.memory_bytes());
        let mapped = match self.sealed.segments() {
            0 => 0,
            _ => self.sealed.residency.mapped(),
        };
        (frozen + self.head.memory_bytes() + log) as u64 + mapped
    }

    /// No remembered article arrived before this time (milliseconds since 1970); `None` when nothing is remembered.
    pub fn oldest_ms(&self) -> Option<i64> {
        let segment = self
            .sealed
            .segments
            .first()
            .map(|oldest| oldest.shape().oldest_ms);
        let frozen = || Some(self.sealed.frozen.first()?.head.arrived_ms()?.0);
        let head = || Some(self.head.arrived_ms()?.0);
        segment.or_else(frozen).or_else(head)
    }
}

impl Base for Embedded {
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.head.newest(key, visit)?;
        self.sealed.newest(key, visit)
    }

    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.sealed.oldest(key, visit)?;
        self.head.oldest(key, visit)
    }

    fn record(&self, article: u64) -> Option<&[u8]> {
        match article >= self.head.first() {
            true => self.head.record(article),
            false => self.sealed.record(article),
        }
    }
}

impl Disk {
    /// The same folder with an empty index. The manifest changes everything in one step.
    fn cleared(self, first: u64, clock_ms: i64, bounds: Bounds) -> Result<Self, IndexError> {
        let number = self.log.number() + 1;
        let before = self.background.stop();
        let log = Log::create(&self.folder, number, first)?;
        let catalog = Catalog {
            sealed_log: number - 1,
            next_article: first,
            next_segment: before.next_segment,
            clock_ms,
            lost: vec![Lost::EVERYTHING],
            ..Catalog::empty()
        };
        let manifest = catalog.manifest().encode();
        self.folder.replace(&self.folder.manifest(), &manifest)?;
        let listing = self.folder.list()?;
        let logs = listing.logs.iter().filter(|log| **log != number);
        for path in listing
            .segments
            .iter()
            .map(|id| self.folder.segment(*id))
            .chain(logs.map(|number| self.folder.log(*number)))
        {
            self.folder.delete(&path)?;
        }
        Ok(Self {
            background: Background::start(Arc::clone(&self.folder), catalog, bounds)?,
            folder: self.folder,
            log,
            meta_changed: false,
            meta_in_log: false,
            version: 0,
        })
    }
}

#[cfg(test)]
mod tests;
