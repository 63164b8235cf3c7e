//! The way of one article through the stages, in order.

mod assemble;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use super::timing::{StepClock, guarded};
use super::{Outcome, PipelineError, Trace};
use crate::article::{ArticleReader, Message, RawArticle};
use crate::config::Config;
use crate::dedup::{
    Ahead, DedupIndex, DedupSettings, Fingerprint, Identity, IndexError, Judgement, Paragraphs,
    Recall,
};
use crate::enrichment::StageInfo;
use crate::language::{LanguageDetector, LanguageExplanation, LanguageGuess};
use crate::live::Live;
use crate::metrics::{Metrics, Step as Timed};
use crate::text::{Document, DocumentBuilder};
use crate::topics::query::{Metadata, QueryHandle, QueryLoader, QueryMatches, QuerySet, Subject};
use crate::topics::{TopicTag, TopicTagger};

/// The stages that see one article at a time.
pub(super) struct Stages {
    pub(super) reader: ArticleReader,
    pub(super) text: DocumentBuilder,
    pub(super) dedup: Option<DedupSettings>,
    language: Option<LanguageDetector>,
    topics: Option<TopicTagger>,
    /// Loads the stored queries, until somebody takes it to watch over them.
    pub(super) loader: Option<QueryLoader>,
    queries: Option<Arc<QueryHandle>>,
    /// Language is detected for the topics' sake alone and is not published.
    language_hidden: bool,
    info: StageInfo,
    pub(super) field: String,
    pub(super) text_chars: usize,
    pub(super) max_record_bytes: AtomicUsize,
    pub(super) metrics: Metrics,
    pub(super) live: Live,
}

/// An article that has been read, with what has been found so far.
pub(super) struct Prepared<'a> {
    article: RawArticle<'a>,
    document: Document,
    dedup: Option<Dedup>,
}

/// What dedup knows of an article on its way to a verdict.
struct Dedup {
    identity: Identity,
    paragraphs: Paragraphs,
    recall: Recall,
    fingerprint: Option<Fingerprint>,
    ahead: Ahead,
    judgement: Option<Judgement>,
}

pub(super) type Step<'a> = Result<Box<Prepared<'a>>, Outcome>;

impl Stages {
    pub(super) fn new(config: &Config, metrics: Metrics) -> Result<Self, PipelineError> {
        let loader = if config.stages.topics && config.topics.has_queries() {
            let options = config.topics.query_options();
            let loader =
                QueryLoader::start(config.topics.queries.clone(), options, metrics.clone());
            Some(loader.map_err(|error| PipelineError::Setting(error.to_string()))?)
        } else {
            None
        };
        let queries = loader.as_ref().map(QueryLoader::handle);
        let stages = Self::with_queries(config, metrics, queries)?;
        Ok(Self { loader, ..stages })
    }

    /// The same around queries that somebody else loads.
    pub(super) fn with_queries(
        config: &Config,
        metrics: Metrics,
        queries: Option<Arc<QueryHandle>>,
    ) -> Result<Self, PipelineError> {
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
            queries,
            loader: None,
            field: config.output.field.clone(),
            text_chars: config.input.limits.text_chars,
            max_record_bytes: AtomicUsize::new(
                config.output.max_record_bytes.unwrap_or(usize::MAX),
            ),
            metrics,
            live: Live::default(),
        })
    }

    /// The hash of the settings that decide what the output says.
    pub(super) fn config(&self) -> &str {
        &self.info.config
    }

    /// The hash of the word lists; `None` without topics.
    pub(super) fn taxonomy(&self) -> Option<&str> {
        self.info.taxonomy.as_deref()
    }

    pub(super) fn query_handle(&self) -> Option<Arc<QueryHandle>> {
        self.queries.clone()
    }

    fn reads_text(&self) -> bool {
        self.dedup.is_some() || self.language.is_some()
    }

    /// First half, for one article: bytes → article → document → fingerprint.
    pub(super) fn read<'a>(&self, message: &'a Message) -> Step<'a> {
        guarded(|| self.read_unguarded(message))
            .unwrap_or_else(|rejection| Err(Outcome::Rejected(rejection)))
    }

    fn read_unguarded<'a>(&self, message: &'a Message) -> Step<'a> {
        let Some(payload) = &message.payload else {
            return Err(Outcome::Tombstone);
        };
        let mut clock = StepClock::of(&self.metrics, message);
        let article = self
            .reader
            .read(payload, message.key.as_deref())
            .map_err(Outcome::Rejected)?;
        clock.lap(Timed::Parse);
        let reads_text = self.reads_text();
        let document = if reads_text {
            self.text.build(&article, self.text_chars)
        } else {
            Document::default()
        };
        let dedup = self.dedup.is_some().then(|| {
            let identity = Identity::of(&article);
            Dedup {
                paragraphs: Paragraphs::of(&document, identity.source),
                identity,
                recall: Recall::default(),
                fingerprint: None,
                ahead: Ahead::default(),
                judgement: None,
            }
        });
        clock.lap(Timed::Text);
        Ok(Box::new(Prepared {
            article,
            document,
            dedup,
        }))
    }

    /// Asks the index in offset order whether it knows the messages, and what of their text recurs on their sources.
    pub(super) fn recall(
        &self,
        index: &mut DedupIndex,
        batch: &[Message],
        steps: &mut [Step<'_>],
        now_ms: i64,
    ) -> Result<(), IndexError> {
        let started = Instant::now();
        let messages = batch.iter().zip(&*steps).filter_map(|(message, step)| {
            let dedup = step.as_ref().ok()?.dedup.as_ref()?;
            Some((&message.position, &dedup.identity, &dedup.paragraphs))
        });
        index.begin(messages, now_ms)?;
        for (message, step) in batch.iter().zip(steps) {
            if let Ok(prepared) = step
                && let Some(dedup) = &mut prepared.dedup
            {
                dedup.recall = index.recall(&message.position, &dedup.identity, &dedup.paragraphs);
            }
        }
        self.metrics
            .step(Timed::Recall, started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Between recall and verdict, for one article: what recurs is set aside, the rest gets its fingerprint, and that is
    /// looked up among what was known before the batch.
    pub(super) fn fingerprint(&self, index: &DedupIndex, step: &mut Step<'_>) {
        let (Ok(prepared), Some(settings)) = (&mut *step, &self.dedup) else {
            return;
        };
        let outcome = guarded(|| {
            let Prepared {
                document, dedup, ..
            } = &mut **prepared;
            let Some(dedup) = dedup else { return };
            if !dedup.recall.repeated.is_empty() {
                dedup.recall.repeated.apply(document);
            }
            let identity = dedup.identity.clone();
            let print = Fingerprint::of(identity, document, &dedup.recall, settings);
            if dedup.recall.known.is_none() {
                dedup.ahead = index.look_ahead(&print);
            }
            dedup.fingerprint = Some(print);
        });
        if let Err(rejection) = outcome {
            *step = Err(Outcome::Rejected(rejection));
        }
    }

    /// Lets the index get ready for the verdicts on a whole batch.
    pub(super) fn prepare(
        &self,
        index: &mut DedupIndex,
        steps: &[Step<'_>],
    ) -> Result<(), IndexError> {
        index.prepare(steps.iter().filter_map(|step| {
            let dedup = step.as_ref().ok()?.dedup.as_ref()?;
            dedup
                .fingerprint
                .as_ref()
                .filter(|_| dedup.recall.known.is_none())
        }))
    }

    /// Asks the index for the verdicts on a part of the batch, in offset order.
    pub(super) fn judge(
        &self,
        index: &mut DedupIndex,
        messages: &[Message],
        steps: &mut [Step<'_>],
        now_ms: i64,
    ) {
        for (message, step) in messages.iter().zip(steps) {
            if let Ok(prepared) = step
                && let Some(dedup) = &mut prepared.dedup
                && let Some(fingerprint) = &dedup.fingerprint
            {
                let ahead = std::mem::take(&mut dedup.ahead);
                let (position, recall) = (&message.position, &dedup.recall);
                dedup.judgement = Some(index.judge(position, fingerprint, recall, ahead, now_ms));
            }
        }
    }

    /// Second half, for one article: language → topics → output.
    pub(super) fn finish(
        &self,
        message: &Message,
        step: Step<'_>,
        queries: Option<&Arc<QuerySet>>,
    ) -> Outcome {
        let prepared = match step {
            Ok(prepared) => prepared,
            Err(outcome) => return outcome,
        };
        guarded(|| {
            let trace = self.analyse(message, *prepared, queries);
            let mut clock = StepClock::of(&self.metrics, message);
            let outcome = self.assemble(message, &trace);
            clock.lap(Timed::Assemble);
            outcome
        })
        .unwrap_or_else(Outcome::Rejected)
    }

    pub(super) fn analyse<'a>(
        &self,
        message: &Message,
        prepared: Prepared<'a>,
        queries: Option<&Arc<QuerySet>>,
    ) -> Trace<'a> {
        let Prepared {
            article,
            document,
            dedup,
        } = prepared;
        let (fingerprint, judgement) =
            dedup.map_or((None, None), |dedup| (dedup.fingerprint, dedup.judgement));
        let mut clock = StepClock::of(&self.metrics, message);
        let declared = article.language.as_ref().map(|field| field.text.as_ref());
        let language = self
            .language
            .as_ref()
            .map(|detector| detector.detect(&document, declared));
        clock.lap(Timed::Language);
        let code = language.as_ref().map_or("und", |guess| guess.code.as_str());
        let topics = self.topics.as_ref().map(|tagger| {
            let listed = language.as_ref().map_or(code, LanguageGuess::of_words);
            let mut tags = tagger.tag(&document, listed);
            tags.publisher = tagger.publisher_topics(&article.tags);
            tags
        });
        clock.lap(Timed::Topics);
        let queries = queries.map(|set| {
            let tags = topics.as_ref().map_or(&[][..], |topics| &topics.tags);
            self.match_queries(set, &article, &document, code, tags)
        });
        clock.lap(Timed::Queries);
        Trace {
            article,
            document,
            fingerprint,
            dedup: judgement,
            language,
            topics,
            queries,
        }
    }

    /// The stored queries in use; `None` where there are none.
    pub(super) fn queries(&self) -> Option<Arc<QuerySet>> {
        self.queries.as_ref().map(|handle| handle.current())
    }

    fn match_queries(
        &self,
        set: &Arc<QuerySet>,
        article: &RawArticle<'_>,
        document: &Document,
        language: &str,
        tags: &[TopicTag],
    ) -> QueryMatches {
        let topics: Vec<&str> = tags.iter().map(|tag| tag.id.as_str()).collect();
        let matches = set.matches(&Subject {
            document,
            language,
            topics: &topics,
            metadata: Metadata::of(article),
        });
        self.metrics
            .query_matches(matches.len() as u64, matches.candidates as u64);
        for id in matches.over_budget() {
            self.metrics.query_over_budget(id);
            tracing::warn!(
                query = id,
                article = article.id,
                "query given up: too many steps"
            );
        }
        matches
    }

    pub(super) fn explain_language(&self, document: &Document) -> Option<LanguageExplanation> {
        self.language
            .as_ref()
            .map(|detector| detector.explain(document))
    }
}
