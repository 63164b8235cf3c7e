//! The explanation for programs.

use serde_json::{Value, json};

use super::Earlier;
use super::language::as_json;
use crate::dedup::NearSettings;
use crate::language::LanguageExplanation;
use crate::pipeline::{Outcome, Trace};
use crate::topics::{Missed, TopicTag};

/// The whole explanation as one line of JSON.
pub fn explanation(
    trace: &Trace<'_>,
    near: &NearSettings,
    explained: Option<&LanguageExplanation>,
    earlier: &Earlier,
    outcome: &Outcome,
) -> String {
    let article = &trace.article;
    let enrichment: Value = match outcome {
        Outcome::Enriched(enriched) => serde_json::from_slice(&enriched.value).unwrap_or_default(),
        _ => Value::Null,
    };
    let blocks: Vec<Value> = trace.document.fields.iter().flat_map(|field| {
        field.blocks.iter().map(|block| json!({
            "field": field.pointer, "kind": block.kind.as_str(), "start": block.span.start, "end": block.span.end,
            "reason": block.reason, "tokens": block.tokens.len(),
        }))
    }).collect();
    let tag = |tag: &TopicTag| {
        json!({
            "id": tag.id, "label": tag.label, "score": tag.score, "needed": tag.needed,
            "confidence": tag.confidence, "terms": tag.terms,
            "missed": tag.missed.as_ref().map(|missed| match missed {
                Missed::Score(setting) => (*setting).to_owned(),
                Missed::Broad(label) => format!("broad topic: {label}"),
                Missed::Full => "topics.max_topics".to_owned(),
            }),
            "evidence": tag.evidence.iter().map(|e| json!({
                "term": e.term, "field": e.field, "start": e.start, "end": e.end, "weight": e.weight,
                "count": e.count,
            })).collect::<Vec<_>>(),
        })
    };
    let text = json!({
        "article": {
            "id": article.id, "canonical_url": article.canonical_url, "source": article.source,
            "title": article.title.as_ref().map(|f| &f.pointer),
            "body": article.body.as_ref().map(|f| &f.field.pointer),
            "summary": article.summary.as_ref().map(|f| &f.field.pointer),
        },
        "blocks": blocks,
        "content_key": trace.fingerprint.as_ref().and_then(|f| f.content_key).map(|key| format!("{key:032x}")),
        "duplicates": super::duplicates::json(trace, near, earlier),
        "language_candidates": trace.language.as_ref().map(|guess| {
            guess.candidates.iter().map(|c| json!({ "code": c.code, "score": c.score })).collect::<Vec<_>>()
        }),
        "language": explained.map(|explained| as_json(explained, &trace.document)),
        "topics": trace.topics.as_ref().map(|topics| topics.tags.iter().map(tag).collect::<Vec<_>>()),
        "near_misses": trace.topics.as_ref().map(|topics| topics.near_misses.iter().map(tag).collect::<Vec<_>>()),
        "queries": trace.queries.as_ref().map(|queries| queries.iter().map(|found| found.id()).collect::<Vec<_>>()),
        "output": enrichment,
    });
    format!("{text}\n")
}
