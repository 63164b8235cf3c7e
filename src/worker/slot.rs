//! A place for one thing between two threads, with a deadline on the giving side.
//!
//! The standard channels cannot wait for room with a time limit, which the reading thread needs: it must go on serving
//! the consumer while the next thread is busy.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
struct State<T> {
    item: Option<T>,
    closed: bool,
}

/// One thing in transit.
#[derive(Debug)]
pub struct Slot<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// What [`Slot::take_timeout`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// A thing.
    Item(T),
    /// Nothing within the time.
    Empty,
    /// Nothing, and nothing will come any more.
    Closed,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                item: None,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<T> Slot<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a thing in as soon as there is room, or gives it back when there is none within `timeout` or the slot is
    /// closed.
    ///
    /// # Errors
    /// The thing itself.
    pub fn put(&self, item: T, timeout: Duration) -> Result<(), T> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        while state.item.is_some() && !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(item);
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if state.closed {
            return Err(item);
        }
        state.item = Some(item);
        self.changed.notify_all();
        Ok(())
    }

    /// Takes the thing, waiting until there is one. `None` when the slot is closed and empty.
    pub fn take(&self) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(item) = state.item.take() {
                self.changed.notify_all();
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the thing if there is one within `timeout`.
    pub fn take_timeout(&self, timeout: Duration) -> Taken<T> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        loop {
            if let Some(item) = state.item.take() {
                self.changed.notify_all();
                return Taken::Item(item);
            }
            if state.closed {
                return Taken::Closed;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Taken::Empty;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Nothing more will be put in. What is inside can still be taken.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_slot_gives_the_thing_back() {
        let slot = Slot::default();
        assert_eq!(slot.put(1, Duration::ZERO), Ok(()));
        assert_eq!(slot.put(2, Duration::ZERO), Err(2));
        assert_eq!(slot.take(), Some(1));
        assert_eq!(slot.put(2, Duration::ZERO), Ok(()));
    }

    #[test]
    fn a_closed_slot_still_gives_what_is_inside() {
        let slot = Slot::default();
        slot.put(1, Duration::ZERO).unwrap();
        slot.close();
        assert_eq!(slot.put(2, Duration::from_secs(60)), Err(2));
        assert_eq!(slot.take_timeout(Duration::ZERO), Taken::Item(1));
        assert_eq!(slot.take_timeout(Duration::from_secs(60)), Taken::Closed);
        assert_eq!(slot.take(), None);
    }

    #[test]
    fn giver_and_taker_wake_each_other() {
        let slot = Slot::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..100 {
                    slot.put(n, Duration::from_secs(60)).unwrap();
                }
                slot.close();
            });
            let taken: Vec<i32> = std::iter::from_fn(|| slot.take()).collect();
            assert_eq!(taken, (0..100).collect::<Vec<_>>());
        });
    }

    #[test]
    fn an_empty_slot_is_empty_after_the_time() {
        assert_eq!(
            Slot::<u8>::default().take_timeout(Duration::ZERO),
            Taken::Empty
        );
    }
}
