//! Chooses the articles that are shown: no more than a rate, and all of a story or nothing of it.
//!
//! When more articles come than may be shown, one story in two, four, eight … is chosen by a hash of its cluster, as
//! traces are sampled by their id: so the copies of a story that is shown are shown too. A budget bounds what is left.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

/// The most halvings: one story in a million.
const MAX_LEVEL: u32 = 20;
/// How long articles are counted before the share of stories is set anew.
const WINDOW_MS: i64 = 1000;

/// The sample.
#[derive(Debug)]
pub(super) struct Sampler {
    /// Articles a second.
    rate: i64,
    /// Stories are halved this many times.
    level: AtomicU32,
    /// Articles that may still be taken.
    budget: AtomicI64,
    /// Articles of chosen stories in this window.
    wanted: AtomicU64,
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    /// When the budget was filled last, in milliseconds since 1970.
    filled_ms: i64,
    /// When the window began.
    window_ms: i64,
}

impl Sampler {
    pub(super) fn new(rate: u32, now_ms: i64) -> Self {
        let rate = i64::from(rate.max(1));
        Self {
            rate,
            level: AtomicU32::new(0),
            budget: AtomicI64::new(rate),
            wanted: AtomicU64::new(0),
            times: Mutex::new(Times {
                filled_ms: now_ms,
                window_ms: now_ms,
            }),
        }
    }

    /// Fills the budget for the time that has passed, up to a second's worth, and sets the share of stories by what came.
    pub(super) fn begin(&self, now_ms: i64) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now_ms.saturating_sub(times.filled_ms);
        let earned = passed.clamp(0, 1000) * self.rate / 1000;
        if earned > 0 || passed < 0 {
            times.filled_ms = now_ms;
            let budget = self.budget.load(Ordering::Relaxed).max(0);
            let filled = (budget + earned).min(self.rate);
            self.budget.store(filled, Ordering::Relaxed);
        }
        let window = now_ms.saturating_sub(times.window_ms);
        if !(0..WINDOW_MS).contains(&window) {
            times.window_ms = now_ms;
            let wanted = self.wanted.swap(0, Ordering::Relaxed);
            self.adapt(wanted, window.max(WINDOW_MS).unsigned_abs());
        }
    }

    fn adapt(&self, wanted: u64, window_ms: u64) {
        let level = self.level.load(Ordering::Relaxed);
        let per_second = wanted.saturating_mul(1000) / window_ms;
        let rate = self.rate.unsigned_abs();
        let new = if per_second > rate {
            // As many halvings as bring it below the rate.
            level
                + per_second
                    .div_ceil(rate)
                    .next_power_of_two()
                    .trailing_zeros()
        } else if per_second.saturating_mul(5) < rate.saturating_mul(2) {
            // Twice as many would still leave room.
            level.saturating_sub(1)
        } else {
            level
        };
        self.level.store(new.min(MAX_LEVEL), Ordering::Relaxed);
    }

    /// Whether an article of this story is shown.
    pub(super) fn takes(&self, story: &str) -> bool {
        if xxh3_64(story.as_bytes()) & (self.one_in() - 1) != 0 {
            return false;
        }
        self.wanted.fetch_add(1, Ordering::Relaxed);
        self.budget.fetch_sub(1, Ordering::Relaxed) > 0
    }

    /// Of how many stories one is chosen.
    pub(super) fn one_in(&self) -> u64 {
        1 << self.level.load(Ordering::Relaxed).min(MAX_LEVEL)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays `per_second` articles a second in ten batches a second, two articles to each story.
    fn play(sampler: &Sampler, begin_ms: i64, seconds: i64, per_second: i64) -> Vec<String> {
        let mut taken = Vec::new();
        for batch in 0..seconds * 10 {
            sampler.begin(begin_ms + batch * 100);
            for n in 0..per_second / 10 {
                let story = format!("story {batch} {}", n / 2);
                if sampler.takes(&story) {
                    taken.push(story);
                }
            }
        }
        taken
    }

    #[test]
    fn all_is_shown_while_it_fits() {
        let sampler = Sampler::new(20, 0);
        assert_eq!(play(&sampler, 0, 10, 20).len(), 200);
        assert_eq!(sampler.one_in(), 1);
    }

    #[test]
    fn a_flood_is_sampled_by_story() {
        let sampler = Sampler::new(100, 0);
        play(&sampler, 0, 5, 4000);
        let taken = play(&sampler, 5000, 10, 4000);
        assert!((300..=1000).contains(&taken.len()), "{}", taken.len());
        let whole = taken.chunk_by(|a, b| a == b).filter(|c| c.len() == 2);
        let stories = taken.chunk_by(|a, b| a == b).count();
        // Only where the budget ends within a batch is a story cut.
        assert!(whole.count() * 10 >= stories * 9, "{stories}");
        // When it is quiet again, everything is shown again.
        play(&sampler, 15_000, 10, 20);
        assert_eq!(sampler.one_in(), 1);
    }

    #[test]
    fn the_first_flood_is_bounded_by_the_budget() {
        let sampler = Sampler::new(20, 0);
        sampler.begin(0);
        let taken = (0..10_000).filter(|n| sampler.takes(&n.to_string()));
        assert_eq!(taken.count(), 20);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the clock does: never more than a second's worth at once.
        #[test]
        fn no_batch_takes_more_than_a_seconds_worth(rate in 1_u32..1000, times in prop::collection::vec(any::<i64>(), 1..20)) {
            let sampler = Sampler::new(rate, 0);
            for now in times {
                sampler.begin(now);
                let taken = (0..3000).filter(|n| sampler.takes(&n.to_string())).count();
                prop_assert!(taken <= rate as usize);
            }
        }
    }
}
