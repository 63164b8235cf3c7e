//! The reading thread: polls the consumer, collects batches, goes back when it must, and drains at the end.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::batch::{Batch, BatchLimits};
use super::slot::Slot;
use super::{Shared, WorkerError};
use crate::kafka::error::KafkaFailure;
use crate::kafka::source::Source;

/// How long the reading thread waits for the analysing thread before it looks after the consumer again.
const HAND_OVER: Duration = Duration::from_millis(50);
/// How long the others may be busy before fetching is paused.
const PAUSE_AFTER: Duration = Duration::from_millis(500);
/// Messages that are taken without looking after anything else.
const BURST: u64 = 256;
/// Longest single wait for a message.
const POLL: Duration = Duration::from_millis(50);

/// The reading side.
pub(super) struct Reader {
    pub(super) source: Arc<Source>,
    pub(super) shared: Arc<Shared>,
    pub(super) read: Arc<Slot<Batch>>,
    pub(super) limits: BatchLimits,
    pub(super) open: Batch,
    pub(super) paused: bool,
}

impl Reader {
    /// Reads until the process must stop.
    pub(super) fn run(&mut self, threads: &[JoinHandle<()>]) -> Result<(), WorkerError> {
        let mut blocked_since: Option<Instant> = None;
        while !self.shared.stopping() {
            self.shared.health.tick_poll((self.shared.clock)());
            if threads.iter().any(JoinHandle::is_finished) {
                return Err(WorkerError::Thread(
                    "it ended while work was going on".to_owned(),
                ));
            }
            if self.shared.ownership.rewind_requested() {
                self.rewind()?;
                blocked_since = None;
            }
            if self.shared.breaker_open() {
                self.idle();
                continue;
            }
            let now = Instant::now();
            let patience = self.open.patience(&self.limits, now);
            if !self.open.is_empty() && patience.is_zero() {
                if self.hand_over() {
                    blocked_since = None;
                } else if now - *blocked_since.get_or_insert(now) > PAUSE_AFTER {
                    self.hold()?;
                }
                continue;
            }
            self.resume();
            self.take(patience.min(POLL))?;
        }
        Ok(())
    }

    /// Takes what the consumer has, which also serves its callbacks.
    fn take(&mut self, timeout: Duration) -> Result<(), WorkerError> {
        let Some((message, epoch)) = self.source.poll(timeout)? else {
            return Ok(());
        };
        let now = Instant::now();
        self.open.push(message, epoch, now);
        let mut taken = 1;
        while taken < BURST && !self.open.is_full(&self.limits) {
            let Some((message, epoch)) = self.source.poll(Duration::ZERO)? else {
                break;
            };
            self.open.push(message, epoch, now);
            taken += 1;
        }
        self.shared.metrics.consumed(taken);
        Ok(())
    }

    /// Hands the open batch on. `false` when the analysing thread is busy for longer than a moment.
    fn hand_over(&mut self) -> bool {
        let mut batch = std::mem::take(&mut self.open);
        let ownership = &self.shared.ownership;
        let dropped =
            batch.retain_current(|partition, epoch| ownership.is_current(partition, epoch));
        self.shared.metrics.stale_dropped(dropped as u64);
        if batch.is_empty() {
            return true;
        }
        let (holdings, messages, bytes) = (batch.holdings(), batch.messages.len(), batch.bytes);
        ownership.begin(&holdings);
        match self.read.put(batch, HAND_OVER) {
            Ok(()) => {
                self.shared.metrics.batch(messages, bytes);
                self.shared.metrics.set_inflight(ownership.in_flight());
                true
            }
            Err(batch) => {
                ownership.finish(&holdings);
                self.open = batch;
                false
            }
        }
    }

    fn rewind(&mut self) -> Result<(), WorkerError> {
        self.open = Batch::default();
        match self.source.rewind() {
            Err(KafkaFailure::Unavailable(reason)) => {
                tracing::warn!(
                    reason,
                    "not back at the committed offsets yet; trying again"
                );
                // Serves the consumer; a message that comes now does not count.
                self.source.poll(POLL)?;
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// Stays in the group without reading.
    fn idle(&mut self) {
        self.open = Batch::default();
        self.source.set_paused(true);
        if let Err(error) = self.source.poll(POLL) {
            tracing::warn!(%error, "consumer reports an error while the breaker is open");
        }
    }

    /// Serves the consumer, which fetches nothing more.
    fn hold(&mut self) -> Result<(), WorkerError> {
        if !self.paused {
            tracing::debug!("analysis is behind; fetching is paused");
            self.source.set_paused(true);
            self.paused = true;
        }
        let before = self.open.messages.len();
        self.take(Duration::ZERO)?;
        if self.open.messages.len() > before {
            // Of a partition that was assigned meanwhile and is not paused yet. The others still are.
            self.source.set_paused(true);
        }
        Ok(())
    }

    fn resume(&mut self) {
        if self.paused {
            self.source.set_paused(false);
            self.paused = false;
        }
    }

    /// Finishes what was read and waits for the other threads. Returns whether they ended before the deadline.
    pub(super) fn drain(&mut self, threads: &[JoinHandle<()>], deadline: Instant) -> bool {
        tracing::info!(unread = self.open.messages.len(), "draining");
        self.source.set_paused(true);
        if !self.shared.breaker_open() && !self.shared.ownership.rewind_requested() {
            while !self.open.is_empty() && !self.hand_over() && Instant::now() < deadline {
                if threads.iter().any(JoinHandle::is_finished) {
                    break;
                }
            }
        }
        self.read.close();
        while !threads.iter().all(JoinHandle::is_finished) {
            if Instant::now() >= deadline {
                return false;
            }
            // Rebalances still have to be served; messages are not wanted any more.
            drop(self.source.poll(Duration::from_millis(20)));
        }
        true
    }

    pub(super) fn close(self, deadline: Instant) -> bool {
        match Arc::try_unwrap(self.source) {
            Ok(source) => source.close(deadline),
            Err(_) => false,
        }
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
