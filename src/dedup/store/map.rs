//! Files as memory. With `kafka/rights.rs` the one place of this crate with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;

use memmap2::{Advice, Mmap, UncheckedAdvice};

/// A file that never changes, as memory that the system fills when it is read.
pub(super) struct Map(Mmap);

impl Map {
    /// Maps the whole file.
    ///
    /// The caller promises what the module cannot check: that nobody changes or shortens the file while it is mapped.
    /// The index keeps this promise: the folder is locked, and a segment is complete before it gets its name and is
    /// never written again. Deleting it does no harm. Whoever shortens it from outside makes the process end with
    /// SIGBUS, and the next start finds the damage.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: the mapping is read-only, and the file does not change while it lives (see above), so that the bytes
        // behind the slice that `Mmap` hands out stay the same.
        let map = unsafe { Mmap::map(file) }?;
        // Only a hint: places are read at random, so reading ahead would be in vain.
        let _ = map.advise(Advice::Random);
        Ok(Self(map))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Gives the memory of these bytes back to the system. They come back from the file when they are read again.
    pub(super) fn release(&self, range: Range<usize>) -> io::Result<()> {
        // SAFETY: `MADV_DONTNEED` loses data only where memory differs from the file: in private or anonymous mappings
        // that were written to. This one is shared and read-only.
        unsafe {
            self.0
                .unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len())
        }
    }
}
