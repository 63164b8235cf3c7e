//! The last cards, numbered, in bounded memory.

use std::collections::VecDeque;
use std::sync::Arc;

/// A card that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its number, from 1.
    pub number: u64,
    /// When its batch was committed, in milliseconds since 1970.
    pub at_ms: i64,
    /// Of how many articles one was in the sample at that time.
    pub one_in: u64,
    /// The card: a JSON object.
    pub card: Arc<str>,
}

/// What a viewer gets to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// In order.
    pub shown: Vec<Shown>,
    /// Cards that left the ring before this viewer came to them.
    pub missed: u64,
    /// Where to read on.
    pub next: u64,
}

/// Cards by number; the oldest makes room for the newest.
#[derive(Debug)]
pub(super) struct Ring {
    cards: VecDeque<Shown>,
    capacity: usize,
    /// Number of the next card.
    next: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            cards: VecDeque::with_capacity(capacity),
            capacity: capacity.max(1),
            next: 1,
        }
    }

    pub(super) fn push(&mut self, card: Arc<str>, at_ms: i64, one_in: u64) {
        while self.cards.len() >= self.capacity {
            self.cards.pop_front();
        }
        self.cards.push_back(Shown {
            number: self.next,
            at_ms,
            one_in,
            card,
        });
        self.next += 1;
    }

    /// Number of the oldest card that is still there, or of the next one.
    fn oldest(&self) -> u64 {
        self.cards.front().map_or(self.next, |shown| shown.number)
    }

    /// The cursor for the last `history` cards.
    pub(super) fn last(&self, history: usize) -> u64 {
        let history = u64::try_from(history).unwrap_or(u64::MAX);
        self.next.saturating_sub(history).max(self.oldest())
    }

    /// At most `most` cards from `cursor` on. A cursor from the future, as of an earlier process, waits for the next card.
    pub(super) fn since(&self, cursor: u64, most: usize) -> View {
        let begin = cursor.clamp(self.oldest(), self.next);
        let skip = usize::try_from(begin - self.oldest()).unwrap_or(usize::MAX);
        let shown: Vec<Shown> = self.cards.iter().skip(skip).take(most).cloned().collect();
        View {
            missed: begin.saturating_sub(cursor.max(1)),
            next: begin + shown.len() as u64,
            shown,
        }
    }
}
