//! The last step of an article: its findings become the output value.

use std::sync::atomic::Ordering;

use super::Stages;
use crate::article::{Message, RejectCode, Rejection, Warning, splice};
use crate::enrichment::{self, Findings};
use crate::pipeline::timing::guarded;
use crate::pipeline::{Enriched, Outcome, Trace};
use crate::topics::TopicTag;

impl Stages {
    /// Splices the findings into the payload. A record that the output topic would refuse is tried again without the
    /// evidence, and is a refusal if that is still too large.
    pub(in crate::pipeline) fn assemble(&self, message: &Message, trace: &Trace<'_>) -> Outcome {
        let mut warnings = trace.article.warnings.clone();
        if trace.document.truncated {
            warnings.push(Warning::TextTruncated);
        }
        if trace
            .dedup
            .as_ref()
            .is_some_and(|judgement| judgement.verdict.position_reused)
        {
            warnings.push(Warning::PositionReused);
        }
        match &trace.topics {
            Some(topics) if topics.lexicon.is_none() => warnings.push(Warning::NoLexicon),
            Some(topics) if topics.related => warnings.push(Warning::RelatedLexicon),
            _ => {}
        }
        if trace
            .queries
            .as_ref()
            .is_some_and(|queries| queries.over_budget().next().is_some())
        {
            warnings.push(Warning::QueryBudget);
        }
        let published_language = trace.language.as_ref().filter(|_| !self.language_hidden);
        let tags: &[TopicTag] = trace.topics.as_ref().map_or(&[], |topics| &topics.tags);
        let findings = Findings {
            id: &trace.article.id,
            position: &message.position,
            document: self.reads_text().then_some(&trace.document),
            dedup: trace.dedup.as_ref().map(|judgement| &judgement.verdict),
            language: published_language,
            topics: trace.topics.as_ref().map(|_| tags),
            publisher_topics: trace
                .topics
                .as_ref()
                .map_or(&[], |topics| &topics.publisher),
            queries: trace.queries.as_ref(),
            warnings: &warnings,
        };
        let room = self
            .max_record_bytes
            .load(Ordering::Relaxed)
            .saturating_sub(record_overhead(message));
        let member = |evidence| enrichment::to_json(&self.info, &findings, evidence);
        let spliced = |evidence| {
            let member = member(evidence);
            splice(
                trace.article.payload,
                &trace.article.splice,
                &self.field,
                &member,
            )
        };
        let mut value = spliced(true);
        if value.len() > room {
            value = spliced(false);
        }
        if value.len() > room {
            let detail = format!(
                "the enriched value has {} bytes, the output topic has room for {room}",
                value.len()
            );
            return Outcome::Rejected(Rejection::new(RejectCode::OutputTooLarge, detail));
        }
        Outcome::Enriched(Enriched {
            value,
            dedup: trace
                .dedup
                .as_ref()
                .map(|judgement| judgement.verdict.status),
            language: published_language.map(|guess| guess.code.clone()),
            topics: tags.iter().map(|tag| tag.id.clone()).collect(),
            card: guarded(|| self.live.card(trace, &member)).ok().flatten(),
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
