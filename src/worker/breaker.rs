//! Stops the stage when the input, not an article, is broken: a topic full of something else must not be poured into
//! the dead-letter topic.

use std::collections::VecDeque;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct BreakerLimits {
    /// Share of dead letters among the last `window` messages above which the stage stops, 0 to 1.
    pub max_ratio: f64,
    /// Messages that the share is taken of. Nothing is judged before that many were seen.
    pub window: usize,
    /// Dead letters in a row at which the stage stops; 0 switches this off.
    pub max_consecutive: usize,
}

/// Counts the committed messages.
#[derive(Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    recent: VecDeque<bool>,
    dead: usize,
    consecutive: usize,
}

impl Breaker {
    /// A breaker that has seen nothing.
    pub fn new(limits: BreakerLimits) -> Self {
        Self {
            limits,
            recent: VecDeque::with_capacity(limits.window),
            dead: 0,
            consecutive: 0,
        }
    }

    /// Looks at a batch before it is published: `true` for a dead letter, in order. Says why the stage must stop, if it
    /// must; the counts stay as they are until [`Self::record`].
    pub fn verdict(&self, batch: &[bool]) -> Option<String> {
        let mut trial = Self {
            recent: self.recent.clone(),
            ..*self
        };
        batch.iter().find_map(|&dead| {
            trial.step(dead);
            trial.tripped()
        })
    }

    /// Counts a batch that was committed.
    pub fn record(&mut self, batch: &[bool]) {
        for &dead in batch {
            self.step(dead);
        }
    }

    fn step(&mut self, dead: bool) {
        if self.limits.window > 0 {
            if self.recent.len() >= self.limits.window && self.recent.pop_front() == Some(true) {
                self.dead -= 1;
            }
            self.recent.push_back(dead);
            self.dead += usize::from(dead);
        }
        self.consecutive = if dead { self.consecutive + 1 } else { 0 };
    }

    fn tripped(&self) -> Option<String> {
        let Self {
            limits,
            recent,
            dead,
            consecutive,
        } = self;
        if limits.max_consecutive > 0 && *consecutive >= limits.max_consecutive {
            return Some(format!("{consecutive} dead letters in a row"));
        }
        let full = limits.window > 0 && recent.len() >= limits.window;
        let share = *dead as f64 / recent.len().max(1) as f64;
        (full && share > limits.max_ratio)
            .then(|| format!("{dead} dead letters among the last {}", recent.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(max_ratio: f64, window: usize, max_consecutive: usize) -> Breaker {
        Breaker::new(BreakerLimits {
            max_ratio,
            window,
            max_consecutive,
        })
    }

    #[test]
    fn a_row_of_dead_letters_trips_across_batches() {
        let mut breaker = breaker(1.0, 10, 4);
        assert_eq!(breaker.verdict(&[true, true, true, false]), None);
        assert!(breaker.verdict(&[false, true, true, true, true]).is_some());
        breaker.record(&[true, true]);
        assert_eq!(breaker.verdict(&[true]), None);
        assert!(
            breaker
                .verdict(&[true, true])
                .unwrap()
                .contains("4 dead letters in a row")
        );
        breaker.record(&[false]);
        assert_eq!(
            breaker.verdict(&[true, true]),
            None,
            "one good article ends the row"
        );
    }

    #[test]
    fn the_share_counts_only_once_the_window_is_full() {
        let mut breaker = breaker(0.5, 4, 0);
        assert_eq!(breaker.verdict(&[true, true, true]), None);
        breaker.record(&[true, true, false, false]);
        assert_eq!(breaker.verdict(&[false]), None);
        breaker.record(&[false, false]);
        assert_eq!(breaker.verdict(&[true, true]), None);
        assert!(breaker.verdict(&[true, true, true]).is_some());
    }

    #[test]
    fn looking_changes_nothing() {
        let breaker = breaker(1.0, 4, 2);
        assert!(breaker.verdict(&[true, true]).is_some());
        assert_eq!(breaker.verdict(&[true]), None);
    }

    #[test]
    fn it_can_be_switched_off() {
        let breaker = breaker(1.0, 3, 0);
        assert_eq!(breaker.verdict(&[true; 50]), None);
    }
}
