//! Learning the index again from what was published: the output topic is the record of truth.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::stages::Stages;
use crate::article::{Message, Position};
use crate::dedup::{
    BELOW, Coverage, DedupIndex, DedupMethod, DedupStatus, DedupVerdict, Fingerprint, Identity,
    IndexError, Paragraphs, Repeated,
};
use crate::text::{Document, Role, ZoneKind};

/// What a published record tells of its verdict. Whatever it holds beside that is not read.
#[derive(Deserialize)]
struct Published<'a> {
    #[serde(borrow)]
    input: Option<Input<'a>>,
    dedup: Option<Verdict>,
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    topic: std::borrow::Cow<'a, str>,
    partition: i32,
    offset: i64,
}

#[derive(Deserialize)]
struct Verdict {
    status: String,
    cluster: String,
    of: Option<String>,
    similarity: Option<f32>,
    coverage: Option<Shares>,
    method: Option<String>,
}

#[derive(Deserialize)]
struct Shares {
    this: f32,
    of: f32,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    dropped: Vec<Dropped>,
}

#[derive(Deserialize)]
struct Dropped {
    kind: String,
    start: u32,
    end: u32,
    reason: Option<String>,
}

/// A published record, read again.
pub(super) struct Past {
    position: Position,
    identity: Identity,
    paragraphs: Paragraphs,
    document: Document,
    repeated: Repeated,
    verdict: DedupVerdict,
    published_ms: i64,
}

impl Stages {
    /// Reads a record of the output topic; `None` when it is no article with a verdict.
    pub(super) fn past(&self, message: &Message) -> Option<Past> {
        let payload = message.payload.as_deref()?;
        let article = self.reader.read(payload, message.key.as_deref()).ok()?;
        let members: HashMap<&str, &RawValue> = serde_json::from_str(article.payload).ok()?;
        let published: Published<'_> =
            serde_json::from_str(members.get(self.field.as_str())?.get()).ok()?;
        let input = published.input?;
        let verdict = verdict(published.dedup?)?;
        let document = self.text.build(&article, self.text_chars);
        let identity = Identity::of(&article);
        let content = published
            .content
            .map_or_else(Vec::new, |content| content.dropped);
        Some(Past {
            position: Position {
                topic: input.topic.as_ref().into(),
                partition: input.partition,
                offset: input.offset,
            },
            paragraphs: Paragraphs::of(&document, identity.source),
            repeated: repeated(&document, &content),
            identity,
            document,
            verdict,
            published_ms: message.timestamp_ms.unwrap_or(i64::MIN),
        })
    }

    /// Remembers past articles in this order, each with the verdict that it got. Those that are known stay as they are.
    /// Returns how many were new.
    pub(super) fn remember(
        &self,
        index: &mut DedupIndex,
        mut past: Vec<Past>,
        now_ms: i64,
    ) -> Result<usize, IndexError> {
        let Some(settings) = &self.dedup else {
            return Ok(0);
        };
        past.sort_by_key(|past| past.published_ms);
        let messages = past
            .iter()
            .map(|past| (&past.position, &past.identity, &past.paragraphs));
        index.begin(messages, now_ms)?;
        let mut prints: Vec<(Position, Fingerprint, DedupVerdict, i64)> = Vec::new();
        let mut positions = HashSet::new();
        for past in past {
            let mut recall = index.recall(&past.position, &past.identity, &past.paragraphs);
            if recall.known.is_some() || !positions.insert(past.position.clone()) {
                continue;
            }
            let mut document = past.document;
            recall.repeated = past.repeated;
            recall.repeated.apply(&mut document);
            let print = Fingerprint::of(past.identity, &document, &recall, settings);
            let arrived_ms = past.published_ms.min(now_ms);
            prints.push((past.position, print, past.verdict, arrived_ms));
        }
        index.prepare(prints.iter().map(|(_, print, ..)| print))?;
        let restored = prints.len();
        for (position, print, verdict, arrived_ms) in prints {
            index.restore(&position, &print, verdict, arrived_ms);
        }
        index.finish()?;
        Ok(restored)
    }
}

fn verdict(from: Verdict) -> Option<DedupVerdict> {
    let status = DedupStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == from.status)?;
    let method = from.method.and_then(|name| {
        DedupMethod::ALL
            .into_iter()
            .find(|method| method.as_str() == name)
    });
    Some(DedupVerdict {
        status,
        cluster: from.cluster,
        of: from.of,
        method,
        similarity: from.similarity,
        coverage: from.coverage.map(|shares| Coverage {
            this: shares.this,
            of: shares.of,
        }),
        position_reused: false,
    })
}

/// The paragraphs that were set aside because they recur, by their places in the published text.
fn repeated(document: &Document, dropped: &[Dropped]) -> Repeated {
    let mut repeated = Repeated::default();
    let spans: Vec<&Dropped> = dropped
        .iter()
        .filter(|span| span.kind == ZoneKind::Repeated.as_str())
        .collect();
    let bodies = document
        .fields
        .iter()
        .filter(|field| field.role == Role::Body);
    for (block, index) in bodies.flat_map(|field| field.blocks.iter().zip(0_u16..)) {
        let span = spans
            .iter()
            .find(|span| span.start <= block.span.start && block.span.end <= span.end);
        let Some(span) = span.filter(|_| block.kind.is_content()) else {
            continue;
        };
        if span.reason.as_deref() == Some(BELOW) {
            repeated.below.get_or_insert(index);
        } else {
            repeated.add_block(index);
        }
    }
    repeated
}
