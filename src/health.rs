//! Whether the process is alive, and whether it is ready.
//!
//! *Live* means progress: the poll loop turns, and where there is work and a broker to commit it
//! to, work gets done. It never means that the broker can be reached: restarting a process does
//! not repair a broker, and restarting all of them during an outage makes the recovery worse.
//!
//! *Ready* means that this process does its share now: everything is open, a broker answers,
//! nothing has stopped it. A process without partitions is ready.
//!
//! Times are milliseconds of one clock, which the caller reads.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A part that must be ready before the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The configuration is read and checked.
    Config,
    /// The dedup index is open, rebuilt where that was needed, and within reach.
    Index,
    /// The source has joined its consumer group.
    Source,
}

impl Part {
    const ALL: [Self; 3] = [Self::Config, Self::Index, Self::Source];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Index => "dedup index",
            Self::Source => "source",
        })
    }
}

/// What can keep a process from being ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocker {
    /// [`Part::Config`] is not ready.
    Config,
    /// [`Part::Index`] is not ready: it is opened or rebuilt, or its server is away.
    Index,
    /// [`Part::Source`] is not ready.
    Source,
    /// No broker can be reached.
    Broker,
    /// The breaker is open.
    Breaker,
    /// The process finishes its work and ends.
    Draining,
}

impl Blocker {
    /// Every value, in declaration order.
    pub const ALL: [Self; 6] = [
        Self::Config,
        Self::Index,
        Self::Source,
        Self::Broker,
        Self::Breaker,
        Self::Draining,
    ];

    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Index => "index",
            Self::Source => "source",
            Self::Broker => "broker",
            Self::Breaker => "breaker",
            Self::Draining => "draining",
        }
    }
}

/// The health of one process. Clones share it.
#[derive(Debug, Clone)]
pub struct Health {
    stalled_after_ms: i64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Why each part of [`Part::ALL`] is not ready; `None` when it is.
    waiting: [Option<String>; 3],
    draining: bool,
    breaker: Option<String>,
    broker_up: bool,
    has_lag: bool,
    last_poll: i64,
    /// When progress was last made, or last became due: work arrived, the broker came back.
    progress_from: i64,
}

impl Health {
    /// A process that starts at `now`: alive, not ready, without a broker and without work.
    ///
    /// `stalled_after_ms` is how long the poll loop may stand still, or work may lie undone.
    pub fn new(now: i64, stalled_after_ms: i64) -> Self {
        let state = State {
            waiting: Part::ALL.map(|_| Some("starting".to_owned())),
            draining: false,
            breaker: None,
            broker_up: false,
            has_lag: false,
            last_poll: now,
            progress_from: now,
        };
        Self {
            stalled_after_ms,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Says that a part is ready.
    pub fn set_ready(&self, part: Part) {
        self.set_part(part, None);
    }

    /// Says that a part is not ready, and why, e.g. `rebuilding from news.enriched`.
    pub fn set_not_ready(&self, part: Part, reason: &str) {
        self.set_part(part, Some(reason.to_owned()));
    }

    /// The poll loop came round. Long work before the first poll, such as rebuilding the index,
    /// calls this as well.
    pub fn tick_poll(&self, now: i64) {
        self.state().last_poll = now;
    }

    /// A batch was finished: published and committed.
    pub fn progress(&self, now: i64) {
        self.state().progress_from = now;
    }

    /// Says whether any owned partition holds messages that are not processed yet.
    pub fn set_lag(&self, has_lag: bool, now: i64) {
        let mut state = self.state();
        if has_lag && !state.has_lag {
            state.progress_from = now;
        }
        state.has_lag = has_lag;
    }

    /// Says whether at least one broker can be reached.
    pub fn set_broker_up(&self, up: bool, now: i64) {
        let mut state = self.state();
        if up && !state.broker_up {
            state.progress_from = now;
        }
        state.broker_up = up;
    }

    /// Says that the process finishes its work and ends. There is no way back.
    pub fn set_draining(&self) {
        self.state().draining = true;
    }

    /// Opens the breaker, and says why: the stage has stopped itself and waits for a person.
    pub fn open_breaker(&self, reason: &str) {
        self.state().breaker = Some(reason.to_owned());
    }

    /// Closes the breaker; work may go on.
    pub fn close_breaker(&self, now: i64) {
        let mut state = self.state();
        state.breaker = None;
        state.progress_from = now;
    }

    /// Whether the process is alive; if not, why it should be restarted.
    ///
    /// # Errors
    /// The poll loop has stood still, or work has lain undone, for longer than the limit.
    pub fn live(&self, now: i64) -> Result<(), String> {
        let state = self.state();
        // Draining has its own deadline, after which the process ends by itself.
        if state.draining {
            return Ok(());
        }
        let still = now.saturating_sub(state.last_poll);
        if still > self.stalled_after_ms {
            return Err(format!(
                "the poll loop has stood still for {}",
                seconds(still)
            ));
        }
        let undone = now.saturating_sub(state.progress_from);
        let work_is_due = state.has_lag && state.broker_up && state.breaker.is_none();
        if work_is_due && undone > self.stalled_after_ms {
            return Err(format!(
                "there is lag, but no batch was finished for {}",
                seconds(undone)
            ));
        }
        Ok(())
    }

    /// Whether the process does its share now; if not, every reason, separated by `; `.
    ///
    /// # Errors
    /// A part is not ready, no broker is reachable, the breaker is open, or it is draining.
    pub fn ready(&self) -> Result<(), String> {
        let state = self.state();
        let mut reasons = Vec::new();
        if state.draining {
            reasons.push("draining".to_owned());
        }
        if let Some(reason) = &state.breaker {
            reasons.push(format!("breaker open: {reason}"));
        }
        for (part, waiting) in Part::ALL.iter().zip(&state.waiting) {
            if let Some(reason) = waiting {
                reasons.push(format!("{part}: {reason}"));
            }
        }
        if !state.broker_up {
            reasons.push("no broker reachable".to_owned());
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(reasons.join("; "))
        }
    }

    /// What keeps this process from being ready, in the order of [`Blocker::ALL`]; nothing when [`Self::ready`] is
    /// `Ok`.
    pub fn blockers(&self) -> Vec<Blocker> {
        let state = self.state();
        let [config, index, source] = state.waiting.each_ref().map(Option::is_some);
        let blocked = [
            config,
            index,
            source,
            !state.broker_up,
            state.breaker.is_some(),
            state.draining,
        ];
        let all = Blocker::ALL.into_iter().zip(blocked);
        all.filter_map(|(blocker, is)| is.then_some(blocker))
            .collect()
    }

    fn set_part(&self, part: Part, reason: Option<String>) {
        if let Some(waiting) = self.state().waiting.get_mut(part as usize) {
            *waiting = reason;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds for a person.
fn seconds(ms: i64) -> String {
    format!("{} s", ms / 1000)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
