//! Spans of batches and articles, for OpenTelemetry. A program without the feature `otel` sends none.
//!
//! A batch is a span with its analysis and its publishing inside, and links to the traces of its articles. An article is a
//! span of the trace that its `traceparent` names, with the id that its output carries on; without one it is inside its batch.

#[cfg(feature = "otel")]
mod export;
#[cfg(not(feature = "otel"))]
#[path = "spans/none.rs"]
mod export;

use std::sync::Arc;
use std::time::SystemTime;

use super::batch::Analysed;
use crate::article::{Message, Position};
use crate::config::Config;
use crate::kafka::trace::{TraceContext, has_trace};
use crate::pipeline::Outcome;
use export::Exporter;

/// Sends spans, or none.
#[derive(Clone, Default)]
pub struct Spans {
    exporter: Option<Arc<Exporter>>,
    sample: f64,
}

/// A batch on its way, as its spans will tell of it.
#[derive(Debug)]
pub struct BatchSpans {
    /// When its analysis began and ended.
    pub analysis: (SystemTime, SystemTime),
    /// When its publishing began.
    pub publishing: SystemTime,
    /// Messages in it.
    pub messages: usize,
    /// The articles that get a span.
    pub articles: Vec<ArticleSpan>,
}

/// One article.
#[derive(Debug)]
pub struct ArticleSpan {
    /// Where its message stands.
    pub position: Position,
    /// Its trace, when it came with one.
    pub parent: Option<TraceContext>,
    /// `enriched`, `tombstone`, or the code of the refusal.
    pub outcome: &'static str,
    /// Whether it is a dead letter.
    pub refused: bool,
    /// What dedup says.
    pub dedup: Option<&'static str>,
    /// BCP 47 code.
    pub language: Option<String>,
    /// Number of topics.
    pub topics: usize,
}

impl Spans {
    /// Connects to the collector that the configuration names. It need not be there: what it does not take is dropped, and
    /// said in the log.
    ///
    /// # Errors
    /// When spans are wanted and cannot be made; names the setting.
    pub fn open(config: &Config) -> Result<Self, String> {
        let exporter = config
            .tracing
            .enabled
            .then(|| Exporter::open(config).map(Arc::new))
            .transpose()?;
        Ok(Self {
            exporter,
            sample: config.tracing.sample,
        })
    }

    /// What has to be known of a batch before it is published; `None` when there are no spans.
    pub(super) fn of(&self, analysed: &Analysed) -> Option<BatchSpans> {
        self.exporter.as_ref()?;
        let articles = analysed.batch.messages.iter().zip(&analysed.outcomes);
        Some(BatchSpans {
            analysis: analysed.analysis,
            publishing: SystemTime::now(),
            messages: analysed.batch.messages.len(),
            articles: articles
                .filter(|(message, _)| self.is_sampled(message))
                .map(|(message, outcome)| article(message, outcome))
                .collect(),
        })
    }

    /// Sends the spans of a batch that was committed, or given up.
    pub(super) fn finish(&self, spans: Option<BatchSpans>, committed: bool) {
        if let (Some(exporter), Some(spans)) = (&self.exporter, spans) {
            exporter.send(spans, committed);
        }
    }

    /// Sends what still waits, for a moment at most.
    pub fn close(&self) {
        if let Some(exporter) = &self.exporter {
            exporter.close();
        }
    }

    /// The producer decides for its traces; of messages without one a share is taken, by a hash of the position.
    fn is_sampled(&self, message: &Message) -> bool {
        if has_trace(&message.headers) {
            return TraceContext::of(&message.headers).is_some_and(TraceContext::is_sampled);
        }
        let hash = xxhash_rust::xxh3::xxh3_64(message.position.to_string().as_bytes());
        // 53 bits fill the fraction of a float.
        let share = (hash >> 11) as f64 / (1u64 << 53) as f64;
        share < self.sample
    }
}

fn article(message: &Message, outcome: &Outcome) -> ArticleSpan {
    let mut span = ArticleSpan {
        position: message.position.clone(),
        parent: TraceContext::of(&message.headers),
        outcome: "tombstone",
        refused: false,
        dedup: None,
        language: None,
        topics: 0,
    };
    match outcome {
        Outcome::Enriched(enriched) => {
            span.outcome = "enriched";
            span.dedup = enriched.dedup.map(|status| status.as_str());
            span.language.clone_from(&enriched.language);
            span.topics = enriched.topics.len();
        }
        Outcome::Rejected(rejection) => {
            span.outcome = rejection.code.as_str();
            span.refused = true;
        }
        Outcome::Tombstone => {}
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(offset: i64, traceparent: Option<&str>) -> Message {
        let value = |text: &str| Some(text.as_bytes().to_vec());
        Message {
            position: Position {
                topic: "raw".into(),
                partition: 0,
                offset,
            },
            key: None,
            payload: None,
            headers: traceparent
                .map(|text| ("traceparent".to_owned(), value(text)))
                .into_iter()
                .collect(),
            timestamp_ms: None,
        }
    }

    #[test]
    fn the_producer_decides_for_its_traces_and_a_share_of_the_others_is_taken() {
        let spans = Spans {
            exporter: None,
            sample: 0.1,
        };
        let sampled = |flags: &str| {
            let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
            spans.is_sampled(&message(0, Some(&parent)))
        };
        assert!(sampled("01") && sampled("03"));
        assert!(!sampled("00") && !sampled("02"));
        assert!(!spans.is_sampled(&message(0, Some("nonsense"))));
        let taken = (0..10_000)
            .filter(|&offset| spans.is_sampled(&message(offset, None)))
            .count();
        assert!((900..1100).contains(&taken), "{taken}");
        let none = Spans::default();
        assert!((0..1000).all(|offset| !none.is_sampled(&message(offset, None))));
    }

    #[test]
    fn without_a_wish_nothing_is_sent() {
        let spans = Spans::open(&Config::default()).unwrap();
        assert!(spans.exporter.is_none());
        spans.finish(None, true);
        spans.close();
    }
}
