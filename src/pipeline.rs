//! The stages in their order. A batch goes in, one outcome for each message comes out, in the same order.
//!
//! Parsing, text, language and topics see one article at a time and run on all cores. The duplicate index is asked in
//! offset order by one thread, because the first article of a story is the one that came first.

mod stages;
mod timing;

use std::sync::atomic::Ordering;
use std::time::Instant;

use rayon::prelude::*;

use crate::article::{Message, RawArticle, Rejection};
use crate::config::Config;
use crate::dedup::{DedupIndex, DedupStatus, DedupVerdict, Fingerprint, IndexError, OpenReport};
use crate::language::{LanguageExplanation, LanguageGuess};
use crate::metrics::{Metrics, Step as Timed};
use crate::text::Document;
use crate::topics::TopicTags;
use stages::{Stages, Step};
use timing::guarded;

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The article with its enrichment.
    Enriched(Enriched),
    /// The message cannot be enriched: its original bytes go to the dead-letter topic.
    Rejected(Rejection),
    /// A message without a value: it passes through.
    Tombstone,
}

/// An enriched article and what routing and metrics need of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Enriched {
    /// The output value.
    pub value: Vec<u8>,
    /// What dedup said; `None` when it is switched off.
    pub dedup: Option<DedupStatus>,
    /// BCP 47 code; `None` when language detection is switched off.
    pub language: Option<String>,
    /// Identifiers of the topics, best first.
    pub topics: Vec<String>,
}

/// Everything the stages found, kept for `explain`.
#[derive(Debug)]
pub struct Trace<'a> {
    /// The article as read.
    pub article: RawArticle<'a>,
    /// Its text.
    pub document: Document,
    /// What dedup compares; `None` when it is switched off.
    pub fingerprint: Option<Fingerprint>,
    /// What dedup says.
    pub dedup: Option<DedupVerdict>,
    /// What language detection says.
    pub language: Option<LanguageGuess>,
    /// What topic tagging says, near misses included.
    pub topics: Option<TopicTags>,
}

/// A part of the pipeline could not be built. Names the setting at fault where there is one.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A setting of a stage is wrong.
    #[error("{0}")]
    Setting(String),
    /// The duplicate index cannot be opened.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// The stages, built once, and the duplicate index. [`Pipeline::process`] cannot fail; only writing the index can.
pub struct Pipeline {
    stages: Stages,
    index: Option<DedupIndex>,
    threads: rayon::ThreadPool,
}

impl Pipeline {
    /// Builds every stage that is switched on and opens the duplicate index.
    ///
    /// # Errors
    /// When a lexicon, a setting or the index on disk is not usable.
    pub fn new(
        config: &Config,
        metrics: Metrics,
        now_ms: i64,
    ) -> Result<(Self, OpenReport), PipelineError> {
        let (index, report) = if config.stages.dedup {
            let (index, report) = DedupIndex::open(&config.dedup, now_ms)?;
            (Some(index), report)
        } else {
            (None, OpenReport::default())
        };
        Ok((Self::around(config, metrics, index)?, report))
    }

    /// The same with an index that is forgotten with the process: for files given on the command line.
    ///
    /// # Errors
    /// When a lexicon or a setting is not usable.
    pub fn in_memory(config: &Config, metrics: Metrics) -> Result<Self, PipelineError> {
        let index = config
            .stages
            .dedup
            .then(|| DedupIndex::in_memory(&config.dedup));
        Self::around(config, metrics, index)
    }

    fn around(
        config: &Config,
        metrics: Metrics,
        index: Option<DedupIndex>,
    ) -> Result<Self, PipelineError> {
        let mut threads =
            rayon::ThreadPoolBuilder::new().thread_name(|index| format!("analyse-{index}"));
        if let Some(count) = config.threads {
            threads = threads.num_threads(count);
        }
        let threads = threads
            .build()
            .map_err(|error| PipelineError::Setting(format!("threads: {error}")))?;
        Ok(Self {
            stages: Stages::new(config, metrics)?,
            index,
            threads,
        })
    }

    /// Tells the pipeline how large a record the output topic takes, in bytes.
    pub fn set_max_record_bytes(&self, bytes: usize) {
        self.stages.max_record_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Runs a batch through the stages. `now_ms` is the time of arrival, which only decides how long the index
    /// remembers the articles.
    pub fn process(&mut self, batch: &[Message], now_ms: i64) -> Vec<Outcome> {
        let stages = &self.stages;
        let mut steps: Vec<Step<'_>> = self.threads.install(|| {
            batch
                .par_iter()
                .with_min_len(8)
                .map(|message| stages.read(message))
                .collect()
        });
        if let Some(index) = &mut self.index {
            stages.judge(index, batch, &mut steps, now_ms);
        }
        self.threads.install(|| {
            batch
                .par_iter()
                .zip(steps)
                .with_min_len(8)
                .map(|(message, step)| stages.finish(message, step))
                .collect()
        })
    }

    /// Lets the index forget what left its window and makes it durable. Must return before the offsets of a processed batch are committed.
    ///
    /// # Errors
    /// When the disk does not take the data; the batch must not be committed then.
    pub fn flush(&mut self, now_ms: i64) -> Result<(), IndexError> {
        let Some(index) = &mut self.index else {
            return Ok(());
        };
        let started = Instant::now();
        index.expire(now_ms)?;
        index.flush()?;
        let metrics = &self.stages.metrics;
        metrics.step(Timed::Flush, started.elapsed().as_secs_f64());
        metrics.set_dedup_index(index.len() as u64, index.disk_bytes(), index.memory_bytes());
        Ok(())
    }

    /// Runs one message through the stages and keeps everything they found, by the same code as [`Self::process`].
    ///
    /// # Errors
    /// The refusal, for a message that cannot be enriched.
    pub fn trace<'a>(&mut self, message: &'a Message, now_ms: i64) -> Result<Trace<'a>, Outcome> {
        let mut steps = vec![self.stages.read(message)];
        if let Some(index) = &mut self.index {
            self.stages
                .judge(index, std::slice::from_ref(message), &mut steps, now_ms);
        }
        let step = steps.pop().unwrap_or(Err(Outcome::Tombstone));
        let prepared = step?;
        guarded(|| self.stages.analyse(message, *prepared)).map_err(Outcome::Rejected)
    }

    /// The output value of a traced article, as the pipeline publishes it.
    pub fn assemble(&self, message: &Message, trace: &Trace<'_>) -> Outcome {
        self.stages.assemble(message, trace)
    }

    /// Why the article of a trace has its language; `None` when the language is not detected.
    pub fn explain_language(&self, trace: &Trace<'_>) -> Option<LanguageExplanation> {
        self.stages.explain_language(&trace.document)
    }

    /// The duplicate index, when dedup is switched on.
    pub fn index(&self) -> Option<&DedupIndex> {
        self.index.as_ref()
    }
}
