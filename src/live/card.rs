//! What a viewer sees of one article: bounded text, and where in it the evidence stands.
//!
//! Texts are plain text of the publisher's and nothing else: whoever shows them must not read them as markup or as
//! commands to a terminal. Marks count Unicode code points of the text they belong to.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Member;
use crate::article::HtmlMap;
use crate::dedup::Passage;
use crate::pipeline::Trace;
use crate::text::{Block, DocumentField, Role, ZoneKind};

/// The largest enrichment that is shown, in bytes; a larger one is shown without evidence or not at all.
const MAX_MEMBER_BYTES: usize = 32 * 1024;
/// The most code points of a headline.
const MAX_TITLE: usize = 400;
/// The most code points of a block that was set aside.
const MAX_ASIDE: usize = 160;
/// The most blocks.
const MAX_BLOCKS: usize = 80;
/// The most marks of one kind in one block.
const MAX_MARKS: usize = 200;
/// The most bytes of a name, a date or an address.
const MAX_LINE_BYTES: usize = 1024;

#[derive(Serialize)]
struct Card<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<CardBlock<'a>>,
    /// Host that published it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    /// As the publisher wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<&'a str>,
    blocks: Vec<CardBlock<'a>>,
    /// Code points of the story that are left out.
    left_out: u32,
    /// The earlier article with which the marks under `shared` are in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_with: Option<&'a str>,
    enrichment: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct CardBlock<'a> {
    kind: &'static str,
    text: &'a str,
    /// Code points that are left out behind the text.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: u32,
    /// Start, end, and the index of the topic in the enrichment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<(u32, u32, u32)>,
    /// Start and end of a passage in common with an earlier article.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shared: Vec<(u32, u32)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The card of an article with at most `excerpt` code points of its story; `None` when there is nothing to show.
pub(super) fn card(trace: &Trace<'_>, member: &Member<'_>, excerpt: usize) -> Option<Arc<str>> {
    let article = &trace.article;
    let enrichment = bounded(member);
    let marks = Marks::of(trace);
    let mut room = excerpt;
    let (mut title, mut blocks, mut left_out) = (None, Vec::new(), 0_u32);
    for (index, field) in trace.document.fields.iter().enumerate() {
        for block in &field.blocks {
            let (limit, story) = match block.kind {
                ZoneKind::Title => (MAX_TITLE, false),
                kind if kind.is_content() => (room, true),
                _ => (MAX_ASIDE, false),
            };
            if blocks.len() >= MAX_BLOCKS || limit == 0 {
                left_out = left_out.saturating_add(if story { characters(block) } else { 0 });
                continue;
            }
            let shown = marks.block(index, field, block, limit);
            if story {
                room = room.saturating_sub(shown.text.chars().count());
                left_out = left_out.saturating_add(shown.left_out);
            }
            match (block.kind, &title) {
                (ZoneKind::Title, None) => title = Some(shown),
                // A headline of several lines: its first is shown.
                (ZoneKind::Title, Some(_)) => {}
                _ => blocks.push(shown),
            }
        }
    }
    let url = article.canonical_url.as_deref();
    let published = article.published.as_ref();
    let card = Card {
        id: &article.id,
        title,
        source: article.source.as_deref().and_then(line),
        source_name: article.source_name.as_deref().and_then(line),
        url: url.and_then(line),
        published: published.and_then(|field| line(&field.text)),
        blocks,
        left_out,
        shared_with: marks.shared_with,
        enrichment: enrichment.as_deref(),
    };
    serde_json::to_string(&card).ok().map(Arc::from)
}

/// The enrichment, without evidence where it is too large.
fn bounded(member: &Member<'_>) -> Option<Box<RawValue>> {
    let mut json = member(true);
    if json.len() > MAX_MEMBER_BYTES {
        json = member(false);
    }
    if json.len() > MAX_MEMBER_BYTES {
        return None;
    }
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
}

/// A short text; one that is too long is no name and no address.
fn line(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() <= MAX_LINE_BYTES).then_some(text)
}

fn characters(block: &Block) -> u32 {
    block.span.end.saturating_sub(block.span.start)
}

/// A place of evidence in the published field, and the index of its topic.
struct Place<'a> {
    pointer: &'a str,
    start: u32,
    end: u32,
    topic: u32,
}

/// Everything that is marked in an article.
struct Marks<'a> {
    trace: &'a Trace<'a>,
    places: Vec<Place<'a>>,
    passages: Vec<Passage>,
    shared_with: Option<&'a str>,
}

impl<'a> Marks<'a> {
    fn of(trace: &'a Trace<'a>) -> Self {
        // What is in common with an article of which this is no copy, such as a turn of phrase, explains nothing.
        let shared = trace.dedup.as_ref().and_then(|it| {
            let print = trace.fingerprint.as_ref()?;
            it.in_common(&trace.document, print)
                .filter(|(with, _)| it.verdict.of.as_deref() == Some(*with))
        });
        let (shared_with, passages) =
            shared.map_or((None, Vec::new()), |(of, passages)| (Some(of), passages));
        Self {
            trace,
            places: places(trace),
            passages,
            shared_with,
        }
    }

    /// At most `limit` code points of a block, with the marks in them.
    fn block(
        &self,
        index: usize,
        field: &'a DocumentField,
        block: &'a Block,
        limit: usize,
    ) -> CardBlock<'a> {
        let whole = field.text.get(block.bytes.clone()).unwrap_or_default();
        let text = head(whole, limit);
        let at = Points::of(self.html(field.role), block, text);
        let content = block.kind.is_content();
        let evidence = self.places.iter().filter(|place| {
            content && place.pointer == field.pointer && at.meets(place.start, place.end)
        });
        let shared = self.passages.iter().filter(|passage| {
            content && passage.field == index && at.meets(passage.start, passage.end)
        });
        CardBlock {
            kind: block.kind.as_str(),
            text,
            left_out: characters_of(whole.get(text.len()..).unwrap_or_default()),
            evidence: evidence
                .take(MAX_MARKS)
                .map(|place| (at.index(place.start), at.index(place.end), place.topic))
                .collect(),
            shared: shared
                .take(MAX_MARKS)
                .map(|passage| (at.index(passage.start), at.index(passage.end)))
                .collect(),
        }
    }

    fn html(&self, role: Role) -> Option<&'a HtmlMap> {
        let article = &self.trace.article;
        let field = match role {
            Role::Title => None,
            Role::Summary => article.summary.as_ref(),
            Role::Body => article.body.as_ref(),
        };
        field?.extracted.as_ref().map(|(_, map)| map)
    }
}

/// Evidence of all topics in the order of the enrichment: those of the taxonomy, then stored queries.
fn places<'a>(trace: &'a Trace<'_>) -> Vec<Place<'a>> {
    let tags = trace.topics.as_ref().map_or(&[][..], |topics| &topics.tags);
    let mut places: Vec<Place<'a>> = Vec::new();
    for (topic, tag) in (0_u32..).zip(tags) {
        places.extend(tag.evidence.iter().map(|evidence| Place {
            pointer: &evidence.field,
            start: evidence.start,
            end: evidence.end,
            topic,
        }));
    }
    let first_query = u32::try_from(tags.len()).unwrap_or(u32::MAX);
    let queries = trace.queries.iter().flat_map(|queries| queries.iter());
    for (topic, query) in (first_query..).zip(queries) {
        places.extend(query.evidence().filter_map(|evidence| {
            let field = trace.document.fields.get(evidence.field)?;
            Some(Place {
                pointer: &field.pointer,
                start: evidence.start,
                end: evidence.end,
                topic,
            })
        }));
    }
    places.sort_by_key(|place| (place.start, place.end));
    places
}

/// The first `limit` code points.
fn head(text: &str, limit: usize) -> &str {
    let end = text.char_indices().nth(limit).map_or(text.len(), |at| at.0);
    text.get(..end).unwrap_or(text)
}

fn characters_of(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// From code points of the published field to code points of a shown text.
struct Points {
    /// Where each character of the text begins in the published field.
    starts: Vec<u32>,
}

impl Points {
    fn of(html: Option<&HtmlMap>, block: &Block, text: &str) -> Self {
        let starts = match html {
            None => (block.span.start..)
                .zip(text.chars())
                .map(|(at, _)| at)
                .collect(),
            Some(map) => text
                .char_indices()
                .map(|(byte, c)| {
                    let begin = block.bytes.start + byte;
                    map.span(begin..begin + c.len_utf8()).start
                })
                .collect(),
        };
        Self { starts }
    }

    /// Whether anything of the range is in the text.
    fn meets(&self, start: u32, end: u32) -> bool {
        self.index(start) < self.index(end)
    }

    /// How many characters of the text begin before a place.
    fn index(&self, point: u32) -> u32 {
        let index = self.starts.partition_point(|start| *start < point);
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}
