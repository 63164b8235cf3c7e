//! Stages that are exchanged while the pipeline works: built beside the old ones, taken over between two batches.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::stages::Stages;
use super::{Pipeline, PipelineError};
use crate::config::Config;
use crate::dedup::DedupSettings;
use crate::metrics::Metrics;
use crate::topics::query::QueryHandle;

/// Stages that wait for the next batch, and the settings by which the index judges.
struct Next {
    stages: Stages,
    dedup: DedupSettings,
}

/// The place where they wait. Whoever comes later takes the place of who waits.
#[derive(Clone, Default)]
pub(super) struct Pending(Arc<Mutex<Option<Box<Next>>>>);

impl Pending {
    fn put(&self, next: Next) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(Box::new(next));
    }

    fn take(&self) -> Option<Box<Next>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Builds stages anew for a pipeline that is at work elsewhere.
pub struct Reloader {
    pending: Pending,
    queries: Option<Arc<QueryHandle>>,
    taxonomy: Option<String>,
    metrics: Metrics,
}

impl Reloader {
    /// The hash of the word lists with which the pipeline began.
    pub fn taxonomy(&self) -> Option<String> {
        self.taxonomy.clone()
    }

    /// Builds the stages for these settings and hands them over: from its next batch on the pipeline uses them, and no
    /// article sees a part of both. Which settings may differ from those that the pipeline was made with is said by
    /// [`Config::reloaded`]. Returns the hash of the word lists.
    ///
    /// # Errors
    /// When a lexicon or a setting is not usable; the pipeline then keeps what it has.
    pub fn load(&self, config: &Config) -> Result<Option<String>, PipelineError> {
        let stages = Stages::with_queries(config, self.metrics.clone(), self.queries.clone())?;
        let taxonomy = stages.taxonomy().map(str::to_owned);
        self.pending.put(Next {
            stages,
            dedup: config.dedup.clone(),
        });
        Ok(taxonomy)
    }
}

impl Pipeline {
    /// Hands out what builds its stages anew.
    pub fn reloader(&self) -> Reloader {
        Reloader {
            pending: self.pending.clone(),
            queries: self.stages.query_handle(),
            taxonomy: self.stages.taxonomy().map(str::to_owned),
            metrics: self.stages.metrics.clone(),
        }
    }

    /// Takes over the stages that wait, if there are any. Called between batches.
    pub(super) fn take_over(&mut self) {
        let Some(next) = self.pending.take() else {
            return;
        };
        let Next { mut stages, dedup } = *next;
        // What the worker has learned of the topics, and who loads the queries, does not come from the settings.
        let room = self.stages.max_record_bytes.load(Ordering::Relaxed);
        stages.max_record_bytes.store(room, Ordering::Relaxed);
        stages.loader = self.stages.loader.take();
        self.stages = stages;
        if let Some(index) = &mut self.index {
            index.judge_by(&dedup);
        }
        tracing::info!(
            config = self.stages.config(),
            taxonomy = self.stages.taxonomy(),
            "new settings in use"
        );
    }
}
