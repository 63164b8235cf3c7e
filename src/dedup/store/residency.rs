//! Keeps the memory that mapped files take within bounds.
//!
//! Mapped files count as memory of the process once they are read. The system takes it back only when memory is short,
//! which is too late for whoever gave the process a limit. A page fault maps 16 pages, of which one is wanted, so reading
//! a few bytes here and there soon maps everything. Therefore, when the files are larger than the bound:
//! - single entries and records are read from the file instead of the map, at the price of a system call;
//! - after some reads through the map this looks at what the process really has, and gives back what is over: first
//!   records and entries, and directories and tags only when these alone are too much. What is given back usually stays
//!   in the page cache, and costs a page fault when it is read again.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::segment::Segment;

/// What a page fault maps at most, because the system maps what lies around as well.
const FAULT: u64 = 64 << 10;

/// How much memory mapped files may take.
pub(super) struct Residency {
    /// Bytes.
    bound: u64,
    /// Whether all files are larger than the bound, and whether their directories and tags are.
    files_over: bool,
    hot_over: bool,
    /// Of files before the index was opened: the program itself.
    baseline: u64,
    /// Reads since the last look.
    reads: AtomicU32,
    /// Held while memory is given back.
    releasing: Mutex<()>,
}

impl Residency {
    pub(super) fn new() -> Self {
        Self {
            bound: u64::MAX,
            files_over: false,
            hot_over: false,
            baseline: file_memory().unwrap_or_default(),
            reads: AtomicU32::new(0),
            releasing: Mutex::new(()),
        }
    }

    pub(super) fn set_bound(&mut self, bytes: u64, segments: &[Arc<Segment>]) {
        let files: u64 = segments.iter().map(|segment| segment.file_length()).sum();
        let hot: u64 = segments.iter().map(|segment| segment.hot_bytes()).sum();
        // What comes between two looks, and the program's own pages, are on top.
        let bytes = bytes - bytes / 5 * 2;
        self.bound = bytes;
        self.files_over = files > bytes;
        self.hot_over = hot > bytes - bytes / 4;
    }

    /// Whether single reads should go to the file.
    pub(super) fn is_sparing(&self) -> bool {
        self.files_over
    }

    /// Bytes that mapped files take now, as far as the system tells.
    pub(super) fn mapped(&self) -> u64 {
        file_memory()
            .unwrap_or_default()
            .saturating_sub(self.baseline)
    }

    /// Counts reads through the map that may have been page faults: of directories and tags, and of the rest. Now and then
    /// gives memory back.
    pub(super) fn read(&self, hot: usize, cold: u32, segments: &[Arc<Segment>]) {
        if !self.files_over {
            return;
        }
        let hot = match self.hot_over {
            true => u32::try_from(hot).unwrap_or(u32::MAX),
            false => 0,
        };
        let reads = cold.saturating_add(hot);
        if reads == 0 {
            return;
        }
        let before = self.reads.fetch_add(reads, Ordering::Relaxed);
        // Looking costs some 20 µs.
        let step = u32::try_from(self.bound / 8 / FAULT).unwrap_or(u32::MAX);
        if before.saturating_add(reads) >= step.clamp(16, 4096) {
            self.look(segments);
        }
    }

    /// Gives memory back if files take more than they may.
    fn look(&self, segments: &[Arc<Segment>]) {
        let Ok(_releasing) = self.releasing.try_lock() else {
            return;
        };
        self.reads.store(0, Ordering::Relaxed);
        // An eighth is what may come until the next look.
        let over = || match file_memory() {
            Some(bytes) => bytes.saturating_sub(self.baseline) > self.bound - self.bound / 8,
            None => true,
        };
        for everything in [false, true] {
            if !over() {
                return;
            }
            for segment in segments {
                // It cannot fail for the mapping of a whole file; and then there would only be more memory in use.
                let _ = segment.release(everything);
            }
        }
    }
}

/// Bytes of memory that the files mapped by this process take; `None` where the system does not tell.
pub(super) fn file_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssFile:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
