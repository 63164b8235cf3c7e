//! What the settings allow an index to hold.

use super::head::Head;
use super::plan::{Bounds, PARTS};
use super::segment::MAX_ARTICLES;
use crate::dedup::DedupSettings;

/// Parts of the memory that a head may take.
const HEAD_PARTS: u64 = 32;
/// Parts of the window after which a head is frozen even if it is not full.
const HEAD_SLICES: i64 = 16;

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) window_ms: i64,
    pub(super) max_articles: u64,
    pub(super) head_articles: u64,
    pub(super) head_bytes: u64,
    pub(super) memory: u64,
}

impl Limits {
    pub(super) fn of(settings: &DedupSettings) -> Self {
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
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            span_ms: self.window_ms / PARTS as i64,
            articles: (self.max_articles / PARTS).max(1),
        }
    }

    pub(super) fn is_old(&self, head: &Head, now_ms: i64) -> bool {
        head.arrived_ms().is_some_and(|(oldest, _)| {
            now_ms.saturating_sub(oldest) >= self.window_ms / HEAD_SLICES
        })
    }

    pub(super) fn is_over(&self, newest_ms: i64, now_ms: i64) -> bool {
        newest_ms.saturating_add(self.window_ms) <= now_ms
    }
}
