//! Learning the duplicate index again from the output topic, before the first verdict.

use std::time::Duration;

use super::WorkerError;
use super::away::Patience;
use crate::config::{Config, Duplicates};
use crate::dedup::{Claim, Rebuild};
use crate::health::{Health, Part};
use crate::kafka::history::History;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;

/// Records that are restored together.
const BATCH: usize = 4_000;
/// How often the progress is told.
const TELL: Duration = Duration::from_secs(5);
/// How often a replica looks whether another has finished.
const LOOK: Duration = Duration::from_millis(500);

/// What the rebuild needs from the process.
pub(super) struct Around<'a> {
    pub config: &'a Config,
    pub metrics: &'a Metrics,
    pub health: &'a Health,
    pub clock: fn() -> i64,
    pub timeout: Duration,
    /// Whether the process was asked to stop.
    pub stopping: &'a dyn Fn() -> bool,
}

/// Reads the published articles of the window and lets the index remember them, when it says that it has lost some.
/// Returns `false` when the process was asked to stop meanwhile: the next start begins again.
///
/// # Errors
/// When the output topic cannot be read or the index cannot be written. Going on would call copies unique.
pub(super) fn rebuild(pipeline: &mut Pipeline, around: &Around<'_>) -> Result<bool, WorkerError> {
    let config = around.config;
    let patience = Patience {
        health: around.health,
        clock: around.clock,
        retry: &config.retry,
        give_up: around.stopping,
    };
    loop {
        match patience.until_back(|| pipeline.claim((around.clock)()))? {
            None => return Ok(false),
            Some(Claim::Whole) => return Ok(true),
            Some(Claim::Ours) => break,
            Some(Claim::Others) => {
                let reason = "another replica is rebuilding the duplicate index";
                around.health.set_not_ready(Part::Index, reason);
                around.health.tick_poll((around.clock)());
                if !patience.wait(LOOK) {
                    return Ok(false);
                }
            }
        }
    }
    if config.dedup.rebuild == Rebuild::Never {
        tracing::warn!(
            "the duplicate index is not complete, and dedup.rebuild = \"never\" says to go on: copies of articles that it \
             has lost will count as unique"
        );
        return Ok(true);
    }
    let mut topics = vec![config.output.topic.as_str()];
    if config.output.duplicates == Duplicates::Route {
        topics.extend(config.output.duplicates_topic.as_deref());
    }
    let now_ms = (around.clock)();
    let from_ms = now_ms.saturating_sub(config.dedup.window.as_millis());
    around.health.set_not_ready(
        Part::Index,
        "rebuilding the duplicate index from the output topic",
    );
    let mut history = History::open(config, &topics, from_ms, around.timeout)?;
    let total = history.total();
    if total > 0 {
        tracing::info!(
            ?topics,
            offsets = total,
            "rebuilding the duplicate index from what was published"
        );
    }
    let begin = std::time::Instant::now();
    let (mut told, mut restored) = (begin, 0);
    while let Some(records) = history.next(BATCH, Duration::from_secs(1))? {
        if (around.stopping)() {
            return Ok(false);
        }
        let known = patience.until_back(|| pipeline.restore(&records, (around.clock)()))?;
        let Some(new) = known else { return Ok(false) };
        restored += new;
        around.health.tick_poll((around.clock)());
        around.health.progress((around.clock)());
        if told.elapsed() >= TELL {
            told = std::time::Instant::now();
            tracing::info!(
                read = history.read(),
                of = total,
                restored,
                "rebuilding the duplicate index"
            );
        }
    }
    if patience.until_back(|| pipeline.restored())?.is_none() {
        return Ok(false);
    }
    around.metrics.dedup_rebuilt(restored as u64);
    tracing::info!(
        read = history.read(),
        restored,
        seconds = begin.elapsed().as_secs_f64(),
        "the duplicate index is complete"
    );
    Ok(true)
}
