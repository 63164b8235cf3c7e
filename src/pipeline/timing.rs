//! What surrounds the work on one article: its time is taken, and a panic in it is caught.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::article::{Message, RejectCode, Rejection};
use crate::metrics::{Metrics, Step as Timed};

/// A bug in a stage must cost one article, not the stream: a panic becomes a refusal with its own code.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Rejection::new(
            RejectCode::Internal,
            format!("the stage failed on this article: {text}"),
        )
    })
}

/// Articles of which one is timed: reading the clock and counting would cost more than some of the steps.
const TIMED: i64 = 16;

/// Times the steps of an article; of most articles, nothing.
pub(super) struct StepClock<'a> {
    metrics: &'a Metrics,
    last: Option<Instant>,
}

impl<'a> StepClock<'a> {
    pub(super) fn of(metrics: &'a Metrics, message: &Message) -> Self {
        let timed = message.position.offset % TIMED == 0;
        Self {
            metrics,
            last: timed.then(Instant::now),
        }
    }

    pub(super) fn lap(&mut self, step: Timed) {
        if let Some(last) = self.last {
            let now = Instant::now();
            self.metrics.step(step, (now - last).as_secs_f64());
            self.last = Some(now);
        }
    }
}
