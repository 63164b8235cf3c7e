//! Waiting for an index that is out of reach.

use std::time::{Duration, Instant};

use crate::config::RetryConfig;
use crate::dedup::IndexError;
use crate::health::{Health, Part};

/// How often the wait looks whether it should end.
const LOOK: Duration = Duration::from_millis(50);

/// What waiting needs from the process.
pub(super) struct Patience<'a> {
    pub health: &'a Health,
    pub clock: fn() -> i64,
    pub retry: &'a RetryConfig,
    /// Whether there is no use in waiting any more.
    pub give_up: &'a dyn Fn() -> bool,
}

impl Patience<'_> {
    /// Does something with the index until it succeeds, with growing pauses while the index is away: the stage is unready then, but
    /// not dead. `None` when it gave up.
    ///
    /// # Errors
    /// Those that do not pass.
    pub(super) fn until_back<T>(
        &self,
        mut work: impl FnMut() -> Result<T, IndexError>,
    ) -> Result<Option<T>, IndexError> {
        let mut pause = self.retry.initial.duration();
        let mut away = false;
        loop {
            match work() {
                Ok(done) => {
                    if away {
                        tracing::info!("the duplicate index is back");
                        self.health.set_ready(Part::Index);
                    }
                    return Ok(Some(done));
                }
                Err(error) if error.may_pass() => {
                    if away {
                        tracing::debug!(%error, "the duplicate index is still away");
                    } else {
                        tracing::warn!(%error, "the duplicate index is away; nothing is judged until it is back");
                    }
                    away = true;
                    let reason = format!("duplicate index away: {error}");
                    self.health.set_not_ready(Part::Index, &reason);
                }
                Err(error) => return Err(error),
            }
            if !self.wait(pause) {
                return Ok(None);
            }
            pause = (pause * 2).min(self.retry.max.duration());
        }
    }

    /// Waits. Returns `false` when it gave up.
    pub(super) fn wait(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        loop {
            if (self.give_up)() {
                return false;
            }
            // Nothing can be done about it here: a restart would not bring the index back.
            self.health.progress((self.clock)());
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(LOOK));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::config::TimeSpan;

    fn retry() -> RetryConfig {
        RetryConfig {
            initial: TimeSpan::from_millis(1),
            max: TimeSpan::from_millis(2),
        }
    }

    fn away() -> IndexError {
        IndexError::Unavailable("refused".into())
    }

    #[test]
    fn it_tries_again_and_is_unready_meanwhile() {
        let health = Health::new(0, 1_000);
        health.set_ready(Part::Index);
        let patience = Patience {
            health: &health,
            clock: || 5,
            retry: &retry(),
            give_up: &|| false,
        };
        let tries = Cell::new(0);
        let done = patience.until_back(|| {
            tries.set(tries.get() + 1);
            let ready = health.ready().unwrap_err();
            assert_eq!(ready.contains("duplicate index away"), tries.get() > 1);
            if tries.get() < 4 { Err(away()) } else { Ok(7) }
        });
        assert_eq!(done.unwrap(), Some(7));
        assert!(!health.ready().unwrap_err().contains("duplicate index"));
    }

    #[test]
    fn it_gives_up_when_told_and_at_once_when_waiting_is_of_no_use() {
        let health = Health::new(0, 1_000);
        let patience = Patience {
            health: &health,
            clock: || 5,
            retry: &retry(),
            give_up: &|| true,
        };
        assert_eq!(patience.until_back(|| Err::<(), _>(away())).unwrap(), None);
        let lost = patience.until_back(|| Err::<(), _>(IndexError::Emptied));
        assert!(matches!(lost, Err(IndexError::Emptied)));
    }
}
