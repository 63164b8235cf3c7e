//! Where the index is kept: in this process, or on a server that replicas share.

use std::time::Duration;

use super::store::{Base, Embedded, Expired, IndexError, NewArticle, Posting};

/// Whether an index that others may share has to be built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is complete.
    Whole,
    /// It has lost articles, and it is on this process to restore them.
    Ours,
    /// It has lost articles, and another process is restoring them.
    Others,
}

/// What [`super::DedupIndex`] needs of a store. A batch is `begin`, any number of `fetch`, `look_up` and `push`, `finish`; then
/// `flush`, before the transaction that publishes it commits.
pub(super) trait Store: Send + Sync {
    /// Begins a batch: until it is finished nobody else changes what is remembered.
    ///
    /// # Errors
    /// The store is not within reach. Nothing has changed, and the batch may be tried again.
    fn begin(&mut self, now_ms: i64) -> Result<(), IndexError>;

    /// Makes the articles of these keys known to [`Self::base`].
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn fetch(&mut self, keys: &[u64]) -> Result<(), IndexError>;

    /// Everything that is known, the articles of the open batch included.
    fn base(&self) -> &dyn Base;

    /// Looks up many keys among what does not change within a batch, from any thread; `false` where that has to wait
    /// for [`Self::fetch`]. Appends the newest `most` postings of each key with its index.
    fn look_up_ahead(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) -> bool;

    /// Looks up what [`Self::look_up_ahead`] left out.
    fn look_up_rest(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>);

    /// Remembers an article.
    fn push(&mut self, article: NewArticle<'_>) -> u64;

    /// Ends a batch.
    ///
    /// # Errors
    /// As [`Self::begin`]: nothing of the batch may be published.
    fn finish(&mut self) -> Result<(), IndexError>;

    /// Makes what was pushed durable.
    ///
    /// # Errors
    /// When the disk does not take it; nothing of the batch may be published.
    fn flush(&mut self) -> Result<(), IndexError>;

    /// Forgets what left the window.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn expire(&mut self, now_ms: i64) -> Result<Expired, IndexError>;

    /// Asks whether a shared index has lost articles, and if so claims to restore them.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn claim(&mut self, _now_ms: i64) -> Result<Claim, IndexError> {
        Ok(Claim::Whole)
    }

    /// Says that what was lost has been restored.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn restored(&mut self) -> Result<(), IndexError>;

    /// Articles remembered.
    fn len(&self) -> usize;

    /// Bytes of the files.
    fn disk_bytes(&self) -> u64;

    /// Bytes of memory.
    fn memory_bytes(&self) -> u64;

    /// No remembered article arrived before this time (milliseconds since 1970).
    fn oldest_ms(&self) -> Option<i64>;

    /// How long the last batch kept other processes from the index; `None` where there are no others.
    fn held(&self) -> Option<Duration> {
        None
    }
}

impl Store for Embedded {
    fn begin(&mut self, _: i64) -> Result<(), IndexError> {
        Ok(())
    }

    fn fetch(&mut self, _: &[u64]) -> Result<(), IndexError> {
        Ok(())
    }

    fn base(&self) -> &dyn Base {
        self
    }

    fn look_up_ahead(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) -> bool {
        self.batch_look_up(keys, most, out);
        true
    }

    fn look_up_rest(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) {
        for (key, index) in keys.iter().zip(0_u32..) {
            let mut left = most;
            let _ = self.head_look_up(*key, &mut |posting| {
                out.push((index, posting));
                left -= 1;
                match left {
                    0 => std::ops::ControlFlow::Break(()),
                    _ => std::ops::ControlFlow::Continue(()),
                }
            });
        }
    }

    fn push(&mut self, article: NewArticle<'_>) -> u64 {
        Embedded::push(self, article)
    }

    fn finish(&mut self) -> Result<(), IndexError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        Embedded::flush(self)
    }

    fn expire(&mut self, now_ms: i64) -> Result<Expired, IndexError> {
        Embedded::expire(self, now_ms)
    }

    fn restored(&mut self) -> Result<(), IndexError> {
        Embedded::restored(self)
    }

    fn len(&self) -> usize {
        Embedded::len(self)
    }

    fn disk_bytes(&self) -> u64 {
        Embedded::disk_bytes(self)
    }

    fn memory_bytes(&self) -> u64 {
        Embedded::memory_bytes(self)
    }

    fn oldest_ms(&self) -> Option<i64> {
        Embedded::oldest_ms(self)
    }
}
