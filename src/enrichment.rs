//! The member that is added to every article: what the stages found, in the published form.
//!
//! The shape is described by `deploy/asyncapi/schemas/enrichment.schema.json`. Nothing here depends on the clock, so
//! that a replay gives identical bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::article::{Position, Warning};
use crate::dedup::DedupVerdict;
use crate::language::LanguageGuess;
use crate::text::{Document, ZoneKind};
use crate::topics::query::{Match, QueryMatches};
use crate::topics::{PublisherTopic, TopicKind, TopicTag};

/// Version of the member's shape; it grows only when a reader of the old shape would break.
pub const ENRICHMENT_VERSION: u32 = 1;

/// Which build and settings made the enrichment.
#[derive(Debug, Clone, Serialize)]
pub struct StageInfo {
    /// Version of the program.
    pub version: &'static str,
    /// Hash of the settings that decide the output.
    pub config: String,
    /// Hash of the loaded lexicons; absent when topics are switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taxonomy: Option<String>,
}

/// Everything that is known of one article once the stages have run. A stage that is switched off leaves `None`.
#[derive(Debug)]
pub struct Findings<'a> {
    /// Identifier of the article.
    pub id: &'a str,
    /// Where the message stood.
    pub position: &'a Position,
    /// The cleaned article.
    pub document: Option<&'a Document>,
    /// What dedup says.
    pub dedup: Option<&'a DedupVerdict>,
    /// What language detection says.
    pub language: Option<&'a LanguageGuess>,
    /// What topic tagging says.
    pub topics: Option<&'a [TopicTag]>,
    /// What the publisher says of the topics.
    pub publisher_topics: &'a [PublisherTopic],
    /// The stored queries that match.
    pub queries: Option<&'a QueryMatches>,
    /// What was odd.
    pub warnings: &'a [Warning],
}

#[derive(Serialize)]
struct Wire<'a> {
    v: u32,
    id: &'a str,
    stage: WireStage<'a>,
    input: WireInput<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<WireContent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup: Option<WireDedup<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<WireLanguage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topics: Option<Vec<WireTopic<'a>>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    publisher_topics: &'a [PublisherTopic],
    warnings: Vec<&'static str>,
}

#[derive(Serialize)]
struct WireStage<'a> {
    version: &'a str,
    config: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    taxonomy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queries: Option<&'a str>,
}

#[derive(Serialize)]
struct WireInput<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
}

#[derive(Serialize)]
struct WireContent<'a> {
    characters: u32,
    main: Vec<WireSpan<'a>>,
    dropped: Vec<WireDropped<'a>>,
}

#[derive(Serialize)]
struct WireSpan<'a> {
    field: &'a str,
    start: u32,
    end: u32,
}

#[derive(Serialize)]
struct WireDropped<'a> {
    kind: &'static str,
    field: &'a str,
    start: u32,
    end: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct WireDedup<'a> {
    status: &'static str,
    cluster: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    similarity: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<WireCoverage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
}

#[derive(Serialize)]
struct WireCoverage {
    this: f32,
    of: f32,
}

#[derive(Serialize)]
struct WireLanguage<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<&'a str>,
    confidence: f32,
    reliable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    shares: Vec<WireShare<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<bool>,
}

#[derive(Serialize)]
struct WireShare<'a> {
    code: &'a str,
    share: f32,
}

#[derive(Serialize)]
struct WireTopic<'a> {
    id: &'a str,
    label: &'a str,
    kind: &'static str,
    score: f32,
    confidence: f32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<WireEvidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a BTreeMap<String, String>>,
}

#[derive(Serialize)]
struct WireEvidence<'a> {
    term: &'a str,
    field: &'a str,
    start: u32,
    end: u32,
}

/// Writes the member as JSON. `evidence` is false where the record would otherwise be too large.
pub fn to_json(stage: &StageInfo, findings: &Findings<'_>, evidence: bool) -> Vec<u8> {
    let position = findings.position;
    let mut warnings: Vec<&'static str> = findings
        .warnings
        .iter()
        .map(|warning| warning.as_str())
        .collect();
    if !evidence {
        warnings.push(Warning::EvidenceDropped.as_str());
    }
    warnings.sort_unstable();
    warnings.dedup();
    let wire = Wire {
        v: ENRICHMENT_VERSION,
        id: findings.id,
        stage: WireStage {
            version: stage.version,
            config: &stage.config,
            taxonomy: stage.taxonomy.as_deref(),
            queries: findings.queries.map(|queries| queries.set().generation()),
        },
        input: WireInput {
            topic: &position.topic,
            partition: position.partition,
            offset: position.offset,
        },
        content: findings.document.filter(|_| evidence).map(content),
        dedup: findings.dedup.map(dedup),
        language: findings.language.map(language),
        topics: findings.topics.map(|tags| topics(tags, findings, evidence)),
        publisher_topics: findings.publisher_topics,
        warnings,
    };
    // Serialising plain structs into a vector has no failing path; an empty object keeps the record valid JSON.
    serde_json::to_vec(&wire).unwrap_or_else(|_| b"{}".to_vec())
}

/// Three decimals are what a reader needs, and keep the record short.
fn rounded(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}

fn content(document: &Document) -> WireContent<'_> {
    let mut main: Vec<WireSpan<'_>> = Vec::new();
    let mut dropped: Vec<WireDropped<'_>> = Vec::new();
    for field in &document.fields {
        let mut open: Option<(bool, ZoneKind)> = None;
        for block in &field.blocks {
            let kind = block.kind;
            let content = kind.is_content();
            let (start, end, pointer) = (block.span.start, block.span.end, field.pointer.as_str());
            match open {
                // Neighbouring blocks of one kind are one span.
                Some((true, _)) if content => {
                    if let Some(last) = main.last_mut() {
                        last.end = end;
                    }
                }
                Some((false, previous)) if !content && previous == kind => {
                    if let Some(last) = dropped.last_mut() {
                        last.end = end;
                    }
                }
                _ if content => main.push(WireSpan {
                    field: pointer,
                    start,
                    end,
                }),
                _ => dropped.push(WireDropped {
                    kind: kind.as_str(),
                    field: pointer,
                    start,
                    end,
                    reason: block.reason.as_deref(),
                }),
            }
            open = Some((content, kind));
        }
    }
    WireContent {
        characters: document.characters,
        main,
        dropped,
    }
}

fn dedup(verdict: &DedupVerdict) -> WireDedup<'_> {
    WireDedup {
        status: verdict.status.as_str(),
        cluster: &verdict.cluster,
        of: verdict.of.as_deref(),
        similarity: verdict.similarity.map(rounded),
        coverage: verdict.coverage.map(|coverage| WireCoverage {
            this: rounded(coverage.this),
            of: rounded(coverage.of),
        }),
        method: verdict.method.map(|method| method.as_str()),
    }
}

fn language(guess: &LanguageGuess) -> WireLanguage<'_> {
    WireLanguage {
        code: &guess.code,
        script: guess.script.as_deref(),
        confidence: rounded(guess.confidence),
        reliable: guess.reliable,
        group: guess.group.as_deref(),
        shares: guess
            .shares
            .iter()
            .map(|share| WireShare {
                code: &share.code,
                share: rounded(share.share),
            })
            .collect(),
        declared: guess.declared.as_deref(),
        agrees: guess.agrees,
    }
}

/// Topics of the taxonomy, best first, then stored queries, by id.
fn topics<'a>(tags: &'a [TopicTag], findings: &Findings<'a>, evidence: bool) -> Vec<WireTopic<'a>> {
    let mut topics: Vec<WireTopic<'a>> = tags.iter().map(|tag| topic(tag, evidence)).collect();
    if let Some(queries) = findings.queries {
        let found = queries.iter();
        topics.extend(found.map(|found| query(found, findings.document, evidence)));
    }
    topics
}

fn query<'a>(found: Match<'a>, document: Option<&'a Document>, evidence: bool) -> WireTopic<'a> {
    let fields = document.map_or(&[][..], |document| &document.fields);
    let places = found.evidence().filter(|_| evidence);
    WireTopic {
        id: found.id(),
        label: found.label(),
        kind: "query",
        score: rounded(found.score()),
        confidence: 1.0,
        evidence: places
            .filter_map(|place| {
                Some(WireEvidence {
                    term: place.term,
                    field: &fields.get(place.field)?.pointer,
                    start: place.start,
                    end: place.end,
                })
            })
            .collect(),
        tags: found.tags(),
    }
}

fn topic(tag: &TopicTag, evidence: bool) -> WireTopic<'_> {
    let spans = if evidence {
        tag.evidence.as_slice()
    } else {
        &[]
    };
    WireTopic {
        id: &tag.id,
        label: &tag.label,
        kind: match tag.kind {
            TopicKind::Taxonomy => "taxonomy",
            TopicKind::Query => "query",
        },
        score: rounded(tag.score),
        confidence: rounded(tag.confidence),
        evidence: spans
            .iter()
            .map(|span| WireEvidence {
                term: &span.term,
                field: &span.field,
                start: span.start,
                end: span.end,
            })
            .collect(),
        tags: None,
    }
}
