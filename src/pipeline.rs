//! The stages in their order. A batch goes in, one outcome for each message comes out, in the same order.
//!
//! Parsing, text, language and topics see one article at a time and run on all cores. The duplicate index is asked in
//! offset order by one thread, because the first article of a story is the one that came first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use crate::article::{ArticleReader, Message, RawArticle, RejectCode, Rejection, Warning, splice};
use crate::config::Config;
use crate::dedup::{DedupIndex, DedupSettings, DedupStatus, DedupVerdict, Fingerprint, IndexError, OpenReport};
use crate::enrichment::{self, Findings, StageInfo};
use crate::language::{LanguageDetector, LanguageGuess};
use crate::metrics::{Metrics, Step as Timed};
use crate::text::{Document, DocumentBuilder};
use crate::topics::{TopicTag, TopicTagger, TopicTags};

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

/// The stages that see one article at a time.
struct Stages {
    reader: ArticleReader,
    text: DocumentBuilder,
    dedup: Option<DedupSettings>,
    language: Option<LanguageDetector>,
    topics: Option<TopicTagger>,
    /// Language is detected for the topics' sake alone and is not published.
    language_hidden: bool,
    info: StageInfo,
    field: String,
    text_chars: usize,
    max_record_bytes: AtomicUsize,
    metrics: Metrics,
}

/// An article that has been read, with what has been found so far.
struct Prepared<'a> {
    article: RawArticle<'a>,
    document: Document,
    fingerprint: Option<Fingerprint>,
    verdict: Option<DedupVerdict>,
}

type Step<'a> = Result<Box<Prepared<'a>>, Outcome>;

impl Pipeline {
    /// Builds every stage that is switched on and opens the duplicate index.
    ///
    /// # Errors
    /// When a lexicon, a setting or the index on disk is not usable.
    pub fn new(config: &Config, metrics: Metrics, now_ms: i64) -> Result<(Self, OpenReport), PipelineError> {
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
        let index = config.stages.dedup.then(|| DedupIndex::in_memory(&config.dedup));
        Self::around(config, metrics, index)
    }

    fn around(config: &Config, metrics: Metrics, index: Option<DedupIndex>) -> Result<Self, PipelineError> {
        let mut threads = rayon::ThreadPoolBuilder::new().thread_name(|index| format!("analyse-{index}"));
        if let Some(count) = config.threads {
            threads = threads.num_threads(count);
        }
        let threads = threads.build().map_err(|error| PipelineError::Setting(format!("threads: {error}")))?;
        Ok(Self { stages: Stages::new(config, metrics)?, index, threads })
    }

    /// Tells the pipeline how large a record the output topic takes, in bytes.
    pub fn set_max_record_bytes(&self, bytes: usize) {
        self.stages.max_record_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Runs a batch through the stages. `now_ms` is the time of arrival, which only decides how long the index
    /// remembers the articles.
    pub fn process(&mut self, batch: &[Message], now_ms: i64) -> Vec<Outcome> {
        let stages = &self.stages;
        let mut steps: Vec<Step<'_>> =
            self.threads.install(|| batch.par_iter().with_min_len(8).map(|message| stages.read(message)).collect());
        if let Some(index) = &mut self.index {
            stages.judge(index, batch, &mut steps, now_ms);
        }
        self.threads.install(|| {
            batch.par_iter().zip(steps).with_min_len(8).map(|(message, step)| stages.finish(message, step)).collect()
        })
    }

    /// Lets the index forget what left its window and makes it durable. Must return before the offsets of a processed batch are committed.
    ///
    /// # Errors
    /// When the disk does not take the data; the batch must not be committed then.
    pub fn flush(&mut self, now_ms: i64) -> Result<(), IndexError> {
        let Some(index) = &mut self.index else { return Ok(()) };
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
            self.stages.judge(index, std::slice::from_ref(message), &mut steps, now_ms);
        }
        let step = steps.pop().unwrap_or(Err(Outcome::Tombstone));
        let prepared = step?;
        guarded(|| self.stages.analyse(*prepared)).map_err(Outcome::Rejected)
    }

    /// The output value of a traced article, as the pipeline publishes it.
    pub fn assemble(&self, message: &Message, trace: &Trace<'_>) -> Outcome {
        self.stages.assemble(message, trace)
    }

    /// The duplicate index, when dedup is switched on.
    pub fn index(&self) -> Option<&DedupIndex> {
        self.index.as_ref()
    }
}

impl Stages {
    fn new(config: &Config, metrics: Metrics) -> Result<Self, PipelineError> {
        let setting = |error: &dyn std::fmt::Display| PipelineError::Setting(error.to_string());
        let topics = if config.stages.topics {
            Some(TopicTagger::new(&config.topics).map_err(|error| setting(&error))?)
        } else {
            None
        };
        let language = if config.stages.language || config.stages.topics {
            Some(LanguageDetector::new(&config.language).map_err(|error| setting(&error))?)
        } else {
            None
        };
        Ok(Self {
            reader: ArticleReader::new(&config.input.reader_settings(), &config.output.field)
                .map_err(|error| setting(&error))?,
            text: DocumentBuilder::new(&config.text).map_err(|error| setting(&error))?,
            dedup: config.stages.dedup.then(|| config.dedup.clone()),
            language,
            language_hidden: !config.stages.language,
            info: StageInfo {
                version: env!("CARGO_PKG_VERSION"),
                config: config.fingerprint(),
                taxonomy: topics.as_ref().map(|tagger| tagger.generation().to_owned()),
            },
            topics,
            field: config.output.field.clone(),
            text_chars: config.input.limits.text_chars,
            max_record_bytes: AtomicUsize::new(config.output.max_record_bytes.unwrap_or(usize::MAX)),
            metrics,
        })
    }

    fn reads_text(&self) -> bool {
        self.dedup.is_some() || self.language.is_some()
    }

    /// First half, for one article: bytes → article → document → fingerprint.
    fn read<'a>(&self, message: &'a Message) -> Step<'a> {
        guarded(|| self.read_unguarded(message)).unwrap_or_else(|rejection| Err(Outcome::Rejected(rejection)))
    }

    fn read_unguarded<'a>(&self, message: &'a Message) -> Step<'a> {
        let Some(payload) = &message.payload else { return Err(Outcome::Tombstone) };
        let mut clock = StepClock::start(&self.metrics);
        let article = self.reader.read(payload, message.key.as_deref()).map_err(Outcome::Rejected)?;
        clock.lap(Timed::Parse);
        let reads_text = self.reads_text();
        let document = if reads_text { self.text.build(&article, self.text_chars) } else { Document::default() };
        let fingerprint = self.dedup.as_ref().map(|settings| Fingerprint::of(&article, &document, settings));
        clock.lap(Timed::Text);
        Ok(Box::new(Prepared { article, document, fingerprint, verdict: None }))
    }

    /// Asks the index about a batch in offset order.
    fn judge(&self, index: &mut DedupIndex, batch: &[Message], steps: &mut [Step<'_>], now_ms: i64) {
        let mut clock = StepClock::start(&self.metrics);
        for (message, step) in batch.iter().zip(steps) {
            if let Ok(prepared) = step
                && let Some(fingerprint) = &prepared.fingerprint
            {
                prepared.verdict = Some(index.judge(&message.position, fingerprint, now_ms));
            }
        }
        clock.lap(Timed::Dedup);
    }

    /// Second half, for one article: language → topics → output.
    fn finish(&self, message: &Message, step: Step<'_>) -> Outcome {
        let prepared = match step {
            Ok(prepared) => prepared,
            Err(outcome) => return outcome,
        };
        guarded(|| {
            let trace = self.analyse(*prepared);
            let mut clock = StepClock::start(&self.metrics);
            let outcome = self.assemble(message, &trace);
            clock.lap(Timed::Assemble);
            outcome
        })
        .unwrap_or_else(Outcome::Rejected)
    }

    fn analyse<'a>(&self, prepared: Prepared<'a>) -> Trace<'a> {
        let Prepared { article, document, fingerprint, verdict } = prepared;
        let mut clock = StepClock::start(&self.metrics);
        let declared = article.language.as_ref().map(|field| field.text.as_ref());
        let language = self.language.as_ref().map(|detector| detector.detect(&document, declared));
        clock.lap(Timed::Language);
        let code = language.as_ref().map_or("und", |guess| guess.code.as_str());
        let topics = self.topics.as_ref().map(|tagger| tagger.tag(&document, code));
        clock.lap(Timed::Topics);
        Trace { article, document, fingerprint, dedup: verdict, language, topics }
    }

    /// Splices the findings into the payload. A record that the output topic would refuse is tried again without the
    /// evidence, and is a refusal if that is still too large.
    fn assemble(&self, message: &Message, trace: &Trace<'_>) -> Outcome {
        let mut warnings = trace.article.warnings.clone();
        if trace.document.truncated {
            warnings.push(Warning::TextTruncated);
        }
        if trace.dedup.as_ref().is_some_and(|verdict| verdict.position_reused) {
            warnings.push(Warning::PositionReused);
        }
        if trace.topics.as_ref().is_some_and(|topics| topics.lexicon.is_none()) {
            warnings.push(Warning::NoLexicon);
        }
        let published_language = trace.language.as_ref().filter(|_| !self.language_hidden);
        let tags: &[TopicTag] = trace.topics.as_ref().map_or(&[], |topics| &topics.tags);
        let findings = Findings {
            id: &trace.article.id,
            position: &message.position,
            document: self.reads_text().then_some(&trace.document),
            dedup: trace.dedup.as_ref(),
            language: published_language,
            topics: trace.topics.as_ref().map(|_| tags),
            warnings: &warnings,
        };
        let room = self.max_record_bytes.load(Ordering::Relaxed).saturating_sub(record_overhead(message));
        let spliced = |evidence| {
            let member = enrichment::to_json(&self.info, &findings, evidence);
            splice(trace.article.payload, &trace.article.splice, &self.field, &member)
        };
        let mut value = spliced(true);
        if value.len() > room {
            value = spliced(false);
        }
        if value.len() > room {
            let detail = format!("the enriched value has {} bytes, the output topic has room for {room}", value.len());
            return Outcome::Rejected(Rejection::new(RejectCode::OutputTooLarge, detail));
        }
        Outcome::Enriched(Enriched {
            value,
            dedup: trace.dedup.as_ref().map(|verdict| verdict.status),
            language: published_language.map(|guess| guess.code.clone()),
            topics: tags.iter().map(|tag| tag.id.clone()).collect(),
        })
    }
}

/// Bytes that key, headers and the record format add to a value. The format's own share is at most about 70 bytes
/// for a record and 61 for its batch; the rest is a margin for headers that this stage adds.
fn record_overhead(message: &Message) -> usize {
    let headers: usize = message
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len) + 10)
        .sum();
    message.key.as_ref().map_or(0, Vec::len) + headers + 512
}

/// A bug in a stage must cost one article, not the stream: a panic becomes a refusal with its own code.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Rejection::new(RejectCode::Internal, format!("the stage failed on this article: {text}"))
    })
}

/// Times the steps of one article.
struct StepClock<'a> {
    metrics: &'a Metrics,
    last: Instant,
}

impl<'a> StepClock<'a> {
    fn start(metrics: &'a Metrics) -> Self {
        Self { metrics, last: Instant::now() }
    }

    fn lap(&mut self, step: Timed) {
        let now = Instant::now();
        self.metrics.step(step, (now - self.last).as_secs_f64());
        self.last = now;
    }
}
