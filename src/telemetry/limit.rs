//! Which log lines pass: at most so many of one call site in one window of time.

use std::collections::HashMap;
use std::hash::Hash;

/// The most call sites remembered. A program has a fixed number of them, far fewer than this;
/// any past the bound are not limited.
const MAX_SITES: usize = 4096;

/// Counts lines by call site `K`. `D` describes a line for the report.
#[derive(Debug)]
pub(super) struct Limiter<K, D> {
    repeats: u64,
    window_ms: i64,
    sites: HashMap<K, Site<D>>,
    /// The end of the first window that has something to report.
    due: Option<i64>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is logged.
    Pass,
    /// It is the first to be left out in this window.
    First,
    /// It is left out like the one before it.
    Repeat,
}

#[derive(Debug)]
struct Site<D> {
    window_from: i64,
    passed: u64,
    suppressed: u64,
    /// The first line that was left out in this window.
    example: Option<D>,
}

/// The lines of one call site that were left out in one window.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suppressed<D> {
    pub(super) lines: u64,
    pub(super) example: D,
}

impl<K: Eq + Hash, D> Limiter<K, D> {
    /// Lets `repeats` lines of each call site through in each window.
    pub(super) fn new(repeats: u64, window_ms: i64) -> Self {
        Self {
            repeats,
            window_ms,
            sites: HashMap::new(),
            due: None,
        }
    }

    /// Whether a line passes. After [`Admission::First`], [`Limiter::describe`] must follow.
    pub(super) fn admit(&mut self, key: K, now: i64) -> Admission {
        if self.sites.len() >= MAX_SITES && !self.sites.contains_key(&key) {
            return Admission::Pass;
        }
        let fresh = || Site {
            window_from: now,
            passed: 0,
            suppressed: 0,
            example: None,
        };
        let site = self.sites.entry(key).or_insert_with(fresh);
        // What a passed window left out has been taken by `take_passed`, which comes first.
        if site.suppressed == 0 && has_passed(site.window_from, self.window_ms, now) {
            *site = fresh();
        }
        if site.passed < self.repeats {
            site.passed += 1;
            return Admission::Pass;
        }
        site.suppressed += 1;
        let end = site.window_from.saturating_add(self.window_ms);
        self.due = Some(self.due.map_or(end, |due| due.min(end)));
        if site.suppressed == 1 {
            Admission::First
        } else {
            Admission::Repeat
        }
    }

    /// Describes the first line that was left out in a window. It is a call of its own because
    /// describing runs foreign code, which may itself log: the limiter must not be locked then.
    pub(super) fn describe(&mut self, key: &K, example: D) {
        if let Some(site) = self.sites.get_mut(key) {
            site.example = Some(example);
        }
    }

    /// Takes what was left out in windows that have passed.
    pub(super) fn take_passed(&mut self, now: i64) -> Vec<Suppressed<D>> {
        let Some(due) = self.due else {
            return Vec::new();
        };
        if now < due && due.saturating_sub(now) <= self.window_ms {
            return Vec::new();
        }
        self.take(Some(now))
    }

    /// Takes everything that was left out so far.
    pub(super) fn take_all(&mut self) -> Vec<Suppressed<D>> {
        self.take(None)
    }

    fn take(&mut self, now: Option<i64>) -> Vec<Suppressed<D>> {
        let mut taken = Vec::new();
        let mut due: Option<i64> = None;
        for site in self.sites.values_mut() {
            if site.suppressed == 0 {
                continue;
            }
            // Not described yet: another thread is about to.
            let undescribed = site.example.is_none();
            let running = now.is_some_and(|now| !has_passed(site.window_from, self.window_ms, now));
            if running || undescribed {
                let end = site.window_from.saturating_add(self.window_ms);
                due = Some(due.map_or(end, |due| due.min(end)));
                continue;
            }
            let lines = std::mem::take(&mut site.suppressed);
            taken.extend(
                site.example
                    .take()
                    .map(|example| Suppressed { lines, example }),
            );
        }
        self.due = due;
        taken
    }
}

/// Whether a window is over. A clock that was set back ends it as well.
fn has_passed(from: i64, window_ms: i64, now: i64) -> bool {
    now < from || now.saturating_sub(from) >= window_ms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the layer does for each line.
    fn line(limiter: &mut Limiter<u8, i64>, key: u8, now: i64) -> (Vec<Suppressed<i64>>, bool) {
        let taken = limiter.take_passed(now);
        let admission = limiter.admit(key, now);
        if admission == Admission::First {
            limiter.describe(&key, now);
        }
        (taken, admission == Admission::Pass)
    }

    #[test]
    fn so_many_pass_and_the_rest_is_counted() {
        let mut limiter = Limiter::new(3, 1_000);
        let passed: Vec<bool> = (0..6).map(|t| line(&mut limiter, 1, t).1).collect();
        assert_eq!(passed, [true, true, true, false, false, false]);
        assert_eq!(limiter.take_passed(999), []);
        assert_eq!(
            limiter.take_passed(1_000),
            [Suppressed {
                lines: 3,
                example: 3
            }]
        );
        assert_eq!(limiter.take_passed(1_001), [], "reported once");
    }

    #[test]
    fn each_window_starts_anew() {
        let mut limiter = Limiter::new(1, 1_000);
        assert!(line(&mut limiter, 1, 0).1);
        assert!(!line(&mut limiter, 1, 500).1);
        assert_eq!(
            line(&mut limiter, 1, 1_000),
            (
                vec![Suppressed {
                    lines: 1,
                    example: 500
                }],
                true
            )
        );
        assert!(!line(&mut limiter, 1, 1_999).1);
        assert_eq!(
            line(&mut limiter, 1, 2_000),
            (
                vec![Suppressed {
                    lines: 1,
                    example: 1_999
                }],
                true
            )
        );
    }

    #[test]
    fn call_sites_do_not_share_their_allowance() {
        let mut limiter = Limiter::new(1, 1_000);
        assert!(line(&mut limiter, 1, 0).1);
        assert!(line(&mut limiter, 2, 0).1);
        assert!(!line(&mut limiter, 1, 1).1);
        assert!(!line(&mut limiter, 2, 1).1);
    }

    #[test]
    fn another_call_site_brings_the_report() {
        let mut limiter = Limiter::new(1, 1_000);
        line(&mut limiter, 1, 0);
        line(&mut limiter, 1, 1);
        assert_eq!(
            line(&mut limiter, 2, 1_000),
            (
                vec![Suppressed {
                    lines: 1,
                    example: 1
                }],
                true
            )
        );
    }

    #[test]
    fn a_window_that_is_not_over_stays_due() {
        let mut limiter = Limiter::new(1, 1_000);
        for (key, now) in [(1, 0), (1, 1), (2, 600), (2, 601)] {
            line(&mut limiter, key, now);
        }
        assert_eq!(limiter.take_passed(1_000).len(), 1);
        assert_eq!(limiter.take_passed(1_599), []);
        assert_eq!(
            limiter.take_passed(1_600),
            [Suppressed {
                lines: 1,
                example: 601
            }]
        );
    }

    #[test]
    fn the_end_takes_everything() {
        let mut limiter = Limiter::new(0, 1_000);
        line(&mut limiter, 1, 0);
        assert_eq!(
            limiter.take_all(),
            [Suppressed {
                lines: 1,
                example: 0
            }]
        );
        assert_eq!(limiter.take_all(), []);
    }

    #[test]
    fn memory_is_bounded_and_the_unknown_pass() {
        let mut limiter: Limiter<usize, ()> = Limiter::new(1, 1_000);
        for key in 0..MAX_SITES + 10 {
            assert_eq!(limiter.admit(key, 0), Admission::Pass);
        }
        assert_eq!(limiter.sites.len(), MAX_SITES);
        assert_eq!(limiter.admit(MAX_SITES + 1, 0), Admission::Pass);
        assert_eq!(limiter.admit(0, 0), Admission::First);
        assert_eq!(limiter.admit(0, 0), Admission::Repeat);
    }

    #[test]
    fn a_report_waits_for_its_description() {
        let mut limiter: Limiter<u8, i64> = Limiter::new(0, 1_000);
        assert_eq!(limiter.admit(1, 0), Admission::First);
        assert_eq!(limiter.take_passed(2_000), []);
        assert_eq!(limiter.admit(1, 2_000), Admission::Repeat);
        limiter.describe(&1, 7);
        assert_eq!(
            limiter.take_passed(2_000),
            [Suppressed {
                lines: 2,
                example: 7
            }]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the clock does, every line either passes or is reported.
        #[test]
        fn no_line_is_forgotten(lines in prop::collection::vec((0u8..3, -5_000i64..5_000), 0..200)) {
            let mut limiter = Limiter::new(2, 1_000);
            let (mut passed, mut reported) = (0, 0);
            for (key, now) in &lines {
                let (taken, pass) = line(&mut limiter, *key, *now);
                passed += u64::from(pass);
                reported += taken.iter().map(|s| s.lines).sum::<u64>();
            }
            reported += limiter.take_all().iter().map(|s| s.lines).sum::<u64>();
            prop_assert_eq!(passed + reported, lines.len() as u64);
        }
    }
}
