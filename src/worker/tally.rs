//! What a batch amounts to, counted before it is sent and reported once it is committed.

use super::batch::Analysed;
use crate::article::RejectCode;
use crate::dedup::DedupStatus;
use crate::metrics::Metrics;
use crate::pipeline::Outcome;

/// The figures of one batch.
#[derive(Debug, Default)]
pub struct Tally {
    /// For each message in order, whether it is a dead letter.
    pub dead: Vec<bool>,
    reasons: Vec<RejectCode>,
    statuses: Vec<DedupStatus>,
    languages: Vec<String>,
    topics: Vec<String>,
    timestamps: Vec<i64>,
}

impl Tally {
    /// Counts a batch.
    pub fn of(analysed: &Analysed) -> Self {
        let mut tally = Self::default();
        for (message, outcome) in analysed.batch.messages.iter().zip(&analysed.outcomes) {
            tally.dead.push(matches!(outcome, Outcome::Rejected(_)));
            tally.timestamps.extend(message.timestamp_ms);
            match outcome {
                Outcome::Enriched(enriched) => {
                    tally.statuses.extend(enriched.dedup);
                    tally.languages.extend(enriched.language.clone());
                    tally.topics.extend(enriched.topics.iter().cloned());
                }
                Outcome::Rejected(rejection) => tally.reasons.push(rejection.code),
                Outcome::Tombstone => {}
            }
        }
        tally
    }

    /// The newest record timestamp, in milliseconds since 1970.
    pub fn newest_timestamp(&self) -> Option<i64> {
        self.timestamps.iter().copied().max()
    }

    /// Adds the batch to the metrics. `now_ms` is when it was committed.
    pub fn report(&self, metrics: &Metrics, now_ms: i64) {
        self.reasons
            .iter()
            .for_each(|&reason| metrics.dead_letter(reason));
        self.statuses
            .iter()
            .for_each(|&status| metrics.dedup_status(status));
        self.languages
            .iter()
            .for_each(|code| metrics.language(code));
        self.topics.iter().for_each(|id| metrics.topic(id));
        for timestamp in &self.timestamps {
            metrics.end_to_end((now_ms - timestamp).max(0) as f64 / 1000.0);
        }
    }
}
