//! A batch on its way: what was read, and what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::article::Message;
use crate::kafka::ownership::{Epoch, Holdings, Partition};
use crate::pipeline::Outcome;

/// Messages that will be committed together.
#[derive(Debug, Default)]
pub struct Batch {
    /// Messages in the order of reading; in offset order within a partition.
    pub messages: Vec<Message>,
    /// The epoch of each message's partition when it was read.
    pub epochs: Vec<Epoch>,
    /// Bytes of keys, values and headers.
    pub bytes: usize,
    opened: Option<Instant>,
}

/// When a batch is full.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Messages.
    pub messages: usize,
    /// Bytes of keys, values and headers.
    pub bytes: usize,
    /// Time since its first message.
    pub linger: Duration,
}

impl Batch {
    /// Adds a message.
    pub fn push(&mut self, message: Message, epoch: Epoch, now: Instant) {
        self.opened.get_or_insert(now);
        self.bytes += message.payload.as_ref().map_or(0, Vec::len)
            + message.key.as_ref().map_or(0, Vec::len)
            + message
                .headers
                .iter()
                .map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len))
                .sum::<usize>();
        self.messages.push(message);
        self.epochs.push(epoch);
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether no more fits.
    pub fn is_full(&self, limits: &BatchLimits) -> bool {
        self.messages.len() >= limits.messages || self.bytes >= limits.bytes
    }

    /// How long it may still wait for more; zero when it is due.
    pub fn patience(&self, limits: &BatchLimits, now: Instant) -> Duration {
        match self.opened {
            _ if self.is_full(limits) => Duration::ZERO,
            Some(opened) => (opened + limits.linger).saturating_duration_since(now),
            None => limits.linger,
        }
    }

    /// Keeps only the messages that still count, and returns how many did not. Ownership may change at any moment, so
    /// each partition is asked about once.
    pub fn retain_current(&mut self, is_current: impl Fn(Partition, Epoch) -> bool) -> usize {
        let flags = self.current_flags(is_current);
        self.retain(&flags)
    }

    /// For each message, whether it still counts; empty when all do.
    fn current_flags(&self, is_current: impl Fn(Partition, Epoch) -> bool) -> Vec<bool> {
        let holdings = self.holdings();
        let stale: BTreeSet<(Partition, Epoch)> = holdings
            .into_keys()
            .filter(|&(partition, epoch)| !is_current(partition, epoch))
            .collect();
        if stale.is_empty() {
            return Vec::new();
        }
        self.messages
            .iter()
            .zip(&self.epochs)
            .map(|(message, &epoch)| !stale.contains(&(message.position.partition, epoch)))
            .collect()
    }

    fn retain(&mut self, flags: &[bool]) -> usize {
        let before = self.messages.len();
        retain_flagged(&mut self.messages, flags);
        retain_flagged(&mut self.epochs, flags);
        before - self.messages.len()
    }

    /// How many messages of which partition and epoch it holds.
    pub fn holdings(&self) -> Holdings {
        let mut holdings = Holdings::new();
        for (message, &epoch) in self.messages.iter().zip(&self.epochs) {
            *holdings
                .entry((message.position.partition, epoch))
                .or_default() += 1;
        }
        holdings
    }
}

/// Keeps the items whose flag is set; all of them when there are no flags.
fn retain_flagged<T>(items: &mut Vec<T>, flags: &[bool]) {
    let mut flags = flags.iter();
    items.retain(|_| flags.next().copied().unwrap_or(true));
}

/// A batch that went through the pipeline.
#[derive(Debug)]
pub struct Analysed {
    /// What was read.
    pub batch: Batch,
    /// What became of each message, in the same order.
    pub outcomes: Vec<Outcome>,
    /// What was counted as in flight when the batch was handed on.
    pub holdings: Holdings,
    /// When its analysis began and ended.
    pub analysis: (SystemTime, SystemTime),
}

impl Analysed {
    /// Drops what no longer counts, with its outcome, and returns how many messages that were.
    pub fn retain_current(&mut self, is_current: impl Fn(Partition, Epoch) -> bool) -> usize {
        let flags = self.batch.current_flags(is_current);
        retain_flagged(&mut self.outcomes, &flags);
        self.batch.retain(&flags)
    }

    /// Takes out what viewers see of the articles.
    pub fn take_cards(&mut self) -> Vec<Arc<str>> {
        let outcomes = self.outcomes.iter_mut();
        outcomes
            .filter_map(|outcome| match outcome {
                Outcome::Enriched(enriched) => enriched.card.take(),
                Outcome::Rejected(_) | Outcome::Tombstone => None,
            })
            .collect()
    }

    /// The next offset to read for each partition, once this batch is committed.
    pub fn next_offsets(&self) -> BTreeMap<(Partition, Epoch), i64> {
        let mut next = BTreeMap::new();
        for (message, &epoch) in self.batch.messages.iter().zip(&self.batch.epochs) {
            let after = message.position.offset + 1;
            let known = next
                .entry((message.position.partition, epoch))
                .or_insert(after);
            *known = after.max(*known);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Position;

    fn message(partition: i32, offset: i64) -> Message {
        Message {
            position: Position {
                topic: "raw".into(),
                partition,
                offset,
            },
            key: Some(b"key".to_vec()),
            payload: Some(vec![b'x'; 10]),
            headers: vec![("h".to_owned(), Some(b"v".to_vec()))],
            timestamp_ms: None,
        }
    }

    fn batch(messages: &[(i32, i64, Epoch)]) -> Batch {
        let mut batch = Batch::default();
        for &(partition, offset, epoch) in messages {
            batch.push(message(partition, offset), epoch, Instant::now());
        }
        batch
    }

    #[test]
    fn it_is_full_by_count_or_bytes_and_due_by_time() {
        let limits = BatchLimits {
            messages: 2,
            bytes: 1000,
            linger: Duration::from_secs(60),
        };
        let one = batch(&[(0, 0, 1)]);
        assert_eq!(one.bytes, 15);
        assert!(!one.is_full(&limits));
        assert!(one.is_full(&BatchLimits {
            bytes: 15,
            ..limits
        }));
        let now = Instant::now();
        assert!(one.patience(&limits, now) > Duration::from_secs(50));
        assert_eq!(
            one.patience(&limits, now + Duration::from_secs(61)),
            Duration::ZERO
        );
        assert!(batch(&[(0, 0, 1), (0, 1, 1)]).is_full(&limits));
        assert_eq!(
            batch(&[(0, 0, 1), (0, 1, 1)]).patience(&limits, now),
            Duration::ZERO
        );
    }

    #[test]
    fn a_partition_that_is_lost_meanwhile_leaves_messages_and_outcomes_together() {
        let batch = batch(&[(0, 5, 1), (1, 7, 2), (0, 6, 1)]);
        let holdings = batch.holdings();
        let outcomes = vec![Outcome::Tombstone; 3];
        let mut analysed = Analysed {
            batch,
            outcomes,
            holdings,
            analysis: (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH),
        };
        // The first question is answered with yes, every later one with no.
        let asked = std::cell::Cell::new(0);
        analysed.retain_current(|_, _| {
            asked.set(asked.get() + 1);
            asked.get() == 1
        });
        assert_eq!(asked.get(), 2, "once for each partition");
        assert_eq!(analysed.outcomes.len(), analysed.batch.messages.len());
        assert_eq!(analysed.batch.messages.len(), 2);
        assert_eq!(analysed.batch.epochs, [1, 1]);
    }

    #[test]
    fn what_no_longer_counts_is_dropped_with_its_outcome() {
        let batch = batch(&[(0, 5, 1), (1, 7, 2), (0, 6, 1), (1, 8, 2)]);
        let holdings = batch.holdings();
        assert_eq!(holdings, Holdings::from([((0, 1), 2), ((1, 2), 2)]));
        let rejected = |n: i64| {
            Outcome::Rejected(crate::article::Rejection::new(
                crate::article::RejectCode::Empty,
                n.to_string(),
            ))
        };
        let mut analysed = Analysed {
            batch,
            outcomes: vec![rejected(5), rejected(7), rejected(6), rejected(8)],
            holdings,
            analysis: (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH),
        };
        assert_eq!(
            analysed.next_offsets(),
            BTreeMap::from([((0, 1), 7), ((1, 2), 9)])
        );
        assert_eq!(analysed.retain_current(|partition, _| partition == 1), 2);
        assert_eq!(analysed.outcomes, [rejected(7), rejected(8)]);
        assert_eq!(analysed.batch.messages.len(), 2);
        assert_eq!(analysed.next_offsets(), BTreeMap::from([((1, 2), 9)]));
    }
}
