//! Looking up in the whole index, or in one of its two parts.

use std::ops::ControlFlow;

use super::{Base, Embedded, Posting};

impl Embedded {
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
