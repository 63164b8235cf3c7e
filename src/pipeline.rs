//! The stages in their order. A batch goes in, one outcome for each message comes out, in the same order.
//!
//! Parsing, text, language and topics see one article at a time and run on all cores. The duplicate index is asked in
//! offset order by one thread, because the first article of a story is the one that came first; meanwhile the others go on
//! with the articles that have their verdicts.

mod reload;
mod restore;
mod stages;
mod timing;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rayon::prelude::*;

use crate::article::{Message, RawArticle, Rejection};
use crate::config::Config;
use crate::dedup::{
    Claim, DedupIndex, DedupStatus, Fingerprint, IndexError, Judgement, NearSettings, OpenReport,
};
use crate::language::{LanguageExplanation, LanguageGuess};
use crate::live::Live;
use crate::metrics::{Metrics, Step as Timed};
use crate::text::Document;
use crate::topics::TopicTags;
use crate::topics::query::{QueryLoader, QueryMatches};
pub use reload::Reloader;
use stages::{Stages, Step};
use timing::guarded;

/// Articles that get their verdicts before other threads go on with them.
const PART: usize = 32;

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
    /// What viewers see of it, where it is in their sample.
    pub card: Option<Arc<str>>,
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
    /// What dedup says, and what it rests on.
    pub dedup: Option<Judgement>,
    /// What language detection says.
    pub language: Option<LanguageGuess>,
    /// What topic tagging says, near misses included.
    pub topics: Option<TopicTags>,
    /// The stored queries that match; `None` where there are none.
    pub queries: Option<QueryMatches>,
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

/// Why a message has no trace.
#[derive(Debug, thiserror::Error)]
pub enum Untraced {
    /// It cannot be enriched.
    #[error("the message cannot be enriched")]
    Refused(Outcome),
    /// The duplicate index is out of reach.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// The stages, built once, and the duplicate index. Only the index can fail, and only for reasons outside of the articles.
pub struct Pipeline {
    stages: Stages,
    /// Whether the index is without articles that it should know.
    lost: bool,
    index: Option<DedupIndex>,
    threads: rayon::ThreadPool,
    pending: reload::Pending,
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
        let mut pipeline = Self::around(config, metrics, index)?;
        pipeline.lost = !report.lost.is_empty();
        Ok((pipeline, report))
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
            lost: false,
            index,
            threads,
            pending: reload::Pending::default(),
        })
    }

    /// Hands out what loads the stored queries, to be asked for changes from time to time; `None` where there are none,
    /// and when it was handed out before.
    pub fn take_query_loader(&mut self) -> Option<QueryLoader> {
        self.stages.loader.take()
    }

    /// Says where viewers see articles as they pass; nowhere unless this is called.
    pub fn set_live(&mut self, live: Live) {
        self.stages.live = live;
    }

    /// Where viewers see articles as they pass.
    pub fn live(&self) -> Live {
        self.stages.live.clone()
    }

    /// Tells the pipeline how large a record the output topic takes, in bytes.
    pub fn set_max_record_bytes(&self, bytes: usize) {
        self.stages.max_record_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Runs a batch through the stages. `now_ms` is the time of arrival, which only decides how long the index
    /// remembers the articles.
    ///
    /// # Errors
    /// When the duplicate index is out of reach: no verdict is guessed. The same batch may be tried again.
    pub fn process(&mut self, batch: &[Message], now_ms: i64) -> Result<Vec<Outcome>, IndexError> {
        self.take_over();
        let stages = &self.stages;
        stages.live.begin(now_ms);
        let mut steps: Vec<Step<'_>> = self.threads.install(|| {
            batch
                .par_iter()
                .with_min_len(8)
                .map(|message| stages.read(message))
                .collect()
        });
        if let Some(index) = &mut self.index {
            stages.recall(index, batch, &mut steps, now_ms)?;
            let known = &*index;
            self.threads.install(|| {
                let steps = steps.par_iter_mut().with_min_len(8);
                steps.for_each(|step| stages.fingerprint(known, step));
            });
        }
        self.judge_and_finish(batch, steps, now_ms)
    }

    /// One thread gives the verdicts in offset order; the others go on with the articles that have theirs, unless other
    /// processes wait for the index, which then has all the time there is.
    fn judge_and_finish(
        &mut self,
        batch: &[Message],
        steps: Vec<Step<'_>>,
        now_ms: i64,
    ) -> Result<Vec<Outcome>, IndexError> {
        let (stages, index) = (&self.stages, &mut self.index);
        // One set of queries for the whole batch, whatever is loaded meanwhile.
        let queries = stages.queries();
        let queries = queries.as_ref();
        let at_once = index.as_ref().is_none_or(|index| index.held().is_none());
        let mut outcomes = vec![Outcome::Tombstone; batch.len()];
        self.threads.scope(|scope| {
            let started = Instant::now();
            if let Some(index) = index {
                stages.prepare(index, &steps)?;
            }
            let (mut steps, mut judged) = (steps.into_iter(), Vec::new());
            for (messages, outcomes) in batch.chunks(PART).zip(outcomes.chunks_mut(PART)) {
                let mut part: Vec<Step<'_>> = steps.by_ref().take(PART).collect();
                if let Some(index) = index {
                    stages.judge(index, messages, &mut part, now_ms);
                }
                let finish = move || {
                    for ((message, step), outcome) in messages.iter().zip(part).zip(outcomes) {
                        *outcome = stages.finish(message, step, queries);
                    }
                };
                match at_once {
                    true => scope.spawn(|_| finish()),
                    false => judged.push(finish),
                }
            }
            if let Some(index) = index {
                index.finish()?;
                let metrics = &stages.metrics;
                metrics.step(Timed::Dedup, started.elapsed().as_secs_f64());
                if let Some(held) = index.held() {
                    metrics.step(Timed::Lease, held.as_secs_f64());
                }
            }
            judged
                .into_iter()
                .for_each(|finish| scope.spawn(|_| finish()));
            Ok(())
        })?;
        Ok(outcomes)
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

    /// Remembers what these records of the output topic say, each with the verdict that it got, and makes it durable.
    /// Returns how many articles the index did not know.
    ///
    /// # Errors
    /// When the index is out of reach or cannot be written.
    pub fn restore(&mut self, records: &[Message], now_ms: i64) -> Result<usize, IndexError> {
        let stages = &self.stages;
        let Some(index) = &mut self.index else {
            return Ok(0);
        };
        let past = self.threads.install(|| {
            let records = records.par_iter().with_min_len(8);
            let past = records.filter_map(|record| guarded(|| stages.past(record)).ok().flatten());
            past.collect()
        });
        let restored = stages.remember(index, past, now_ms)?;
        index.expire(now_ms)?;
        index.flush()?;
        Ok(restored)
    }

    /// Whether the duplicate index is new, or has lost articles that it should know, and who is to [restore](Self::restore)
    /// them.
    ///
    /// # Errors
    /// When the index is out of reach or does not fit the settings.
    pub fn claim(&mut self, now_ms: i64) -> Result<Claim, IndexError> {
        match &mut self.index {
            Some(_) if self.lost => Ok(Claim::Ours),
            Some(index) => index.claim(now_ms),
            None => Ok(Claim::Whole),
        }
    }

    /// Says that everything there is to restore has been restored.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn restored(&mut self) -> Result<(), IndexError> {
        self.lost = false;
        match &mut self.index {
            Some(index) => index.restored(),
            None => Ok(()),
        }
    }

    /// Runs one message through the stages and keeps everything they found, by the same code as [`Self::process`].
    ///
    /// # Errors
    /// The refusal, for a message that cannot be enriched; `Untraced::Index` when the duplicate index is out of reach.
    pub fn trace<'a>(&mut self, message: &'a Message, now_ms: i64) -> Result<Trace<'a>, Untraced> {
        let mut steps = vec![self.stages.read(message)];
        if let Some(index) = &mut self.index {
            let batch = std::slice::from_ref(message);
            self.stages.recall(index, batch, &mut steps, now_ms)?;
            let known = &*index;
            steps
                .iter_mut()
                .for_each(|step| self.stages.fingerprint(known, step));
            self.stages.prepare(index, &steps)?;
            self.stages.judge(index, batch, &mut steps, now_ms);
            index.finish()?;
        }
        let step = steps.pop().unwrap_or(Err(Outcome::Tombstone));
        let prepared = step.map_err(Untraced::Refused)?;
        let queries = self.stages.queries();
        guarded(|| self.stages.analyse(message, *prepared, queries.as_ref()))
            .map_err(|rejection| Untraced::Refused(Outcome::Rejected(rejection)))
    }

    /// The output value of a traced article, as the pipeline publishes it.
    pub fn assemble(&self, message: &Message, trace: &Trace<'_>) -> Outcome {
        self.stages.assemble(message, trace)
    }

    /// The settings by which near-duplicates are judged.
    pub fn near(&self) -> NearSettings {
        let settings = self.stages.dedup.as_ref();
        settings.map_or_else(NearSettings::default, |dedup| dedup.near.clone())
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
