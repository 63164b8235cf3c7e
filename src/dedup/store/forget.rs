//! Forgetting: what is old, what is too much, or everything.

use std::sync::Arc;

use super::background::Background;
use super::catalog::Catalog;
use super::head::Head;
use super::log::Log;
use super::manifest::Lost;
use super::plan::Bounds;
use super::{Disk, Embedded, IndexError};

/// What [`Embedded::expire`] forgot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Segments, each a file.
    pub segments: usize,
    /// Articles in them.
    pub articles: usize,
}

impl Embedded {
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
