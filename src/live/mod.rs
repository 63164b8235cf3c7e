//! A look at the stream for people: a bounded sample of the enriched articles, kept for the viewers of the admin address.
//!
//! The stream never waits for a viewer and does not know whether there is one. The pipeline makes a [`Card`](card()) of
//! an article that the [`sampler`] chooses; when its batch is committed, the card goes into a [`ring`] of fixed size,
//! where each viewer reads at its own pace. Who is too slow misses cards, and is told how many.

mod card;
mod ring;
mod sampler;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, TryLockError};

use crate::config::LiveConfig;
use crate::metrics::Metrics;
use crate::pipeline::Trace;
use ring::Ring;
pub use ring::{Shown, View};
use sampler::Sampler;

/// How often the stream tries to put cards into the ring before it drops them. Viewers hold the ring for microseconds.
const TRIES: usize = 8;

/// The live view, or none. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Live {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    sampler: Sampler,
    ring: Mutex<Ring>,
    excerpt: usize,
    metrics: Metrics,
}

/// The enrichment of an article as JSON, and whether evidence is to be part of it.
pub type Member<'a> = dyn Fn(bool) -> Vec<u8> + 'a;

impl Live {
    /// A view by these settings; none when they say so. `now_ms` is the time in milliseconds since 1970.
    pub fn new(settings: &LiveConfig, metrics: Metrics, now_ms: i64) -> Self {
        let inner = settings.enabled.then(|| {
            Arc::new(Inner {
                sampler: Sampler::new(settings.rate, now_ms),
                ring: Mutex::new(Ring::new(settings.buffer)),
                excerpt: settings.excerpt,
                metrics,
            })
        });
        Self { inner }
    }

    /// Whether there is a view at all.
    pub fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    /// Says that a batch begins: the sample may take as many articles as the time since the last one allows.
    pub(crate) fn begin(&self, now_ms: i64) {
        if let Some(inner) = &self.inner {
            inner.sampler.begin(now_ms);
        }
    }

    /// What a viewer sees of an article; `None` for most, by the sample. `member` makes the enrichment.
    pub(crate) fn card(&self, trace: &Trace<'_>, member: &Member<'_>) -> Option<Arc<str>> {
        let inner = self.inner.as_ref()?;
        let judgement = trace.dedup.as_ref();
        let story = judgement.map_or(trace.article.id.as_str(), |it| &it.verdict.cluster);
        if !inner.sampler.takes(story) {
            return None;
        }
        card::card(trace, member, inner.excerpt)
    }

    /// Shows the cards of a committed batch. Never waits: what cannot be shown at once is dropped and counted.
    pub fn show(&self, cards: Vec<Arc<str>>, now_ms: i64) {
        let Some(inner) = self.inner.as_ref().filter(|_| !cards.is_empty()) else {
            return;
        };
        let count = cards.len() as u64;
        for _ in 0..TRIES {
            let mut ring = match inner.ring.try_lock() {
                Ok(ring) => ring,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    std::thread::yield_now();
                    continue;
                }
            };
            let one_in = inner.sampler.one_in();
            for card in cards {
                ring.push(card, now_ms, one_in);
            }
            inner.metrics.live_shown(count);
            return;
        }
        inner.metrics.live_dropped(count);
    }

    /// What stands in the ring from `cursor` on: at most `most` cards.
    pub fn read(&self, cursor: u64, most: usize) -> View {
        let Some(inner) = &self.inner else {
            return View::default();
        };
        let view = {
            let ring = inner.ring.lock();
            let ring = ring.unwrap_or_else(std::sync::PoisonError::into_inner);
            ring.since(cursor, most)
        };
        inner.metrics.live_dropped(view.missed);
        view
    }

    /// Where to begin to read for the last `history` cards, and then what comes.
    pub fn cursor(&self, history: usize) -> u64 {
        let Some(inner) = &self.inner else { return 0 };
        let ring = inner.ring.lock();
        let ring = ring.unwrap_or_else(std::sync::PoisonError::into_inner);
        ring.last(history)
    }
}
