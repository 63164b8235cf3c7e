//! Why an article is a duplicate, or why not, for people and for programs.

use serde_json::{Value, json};

use super::super::screen::{Paint, fit, safe};
use super::Earlier;
use super::people::{heading, row};
use crate::dedup::{
    Against, DedupMethod, DedupStatus, Judgement, NearSettings, Neighbour, Passage, Relation,
};
use crate::pipeline::Trace;

/// Most earlier articles that are shown.
const NEIGHBOURS: usize = 5;
/// Most shared passages that are shown.
const PASSAGES: usize = 8;

/// The section for people.
pub(super) fn section(
    out: &mut String,
    trace: &Trace<'_>,
    near: &NearSettings,
    earlier: &Earlier,
    paint: Paint,
) {
    let Some(judgement) = &trace.dedup else {
        return;
    };
    let verdict = &judgement.verdict;
    heading(out, paint, "Duplicate?");
    let status = verdict.status.as_str();
    let status = match verdict.status {
        DedupStatus::Unique => paint.green(status),
        _ => paint.cyan(status),
    };
    row(out, "status", &status);
    if let Some(of) = &verdict.of {
        row(out, "of", &fit(of, 80));
    }
    if let Some(method) = verdict.method {
        let because = match method {
            DedupMethod::Shingles => "shared text".to_owned(),
            other => format!("same {}", other.as_str()),
        };
        row(out, "because", &because);
    }
    if let Some(similarity) = verdict.similarity {
        let coverage = verdict.coverage.map_or_else(String::new, |coverage| {
            format!(
                "  {} of this story, {} of that one",
                percent(coverage.this),
                percent(coverage.of)
            )
        });
        row(out, "similarity", &format!("{similarity:.2}{coverage}"));
    }
    row(out, "cluster", &fit(&verdict.cluster, 80));
    if let Some(fingerprint) = &trace.fingerprint {
        let words = fingerprint.sketch.words;
        let content = fingerprint.content_key.map_or_else(
            || "none: too few words for a text to be told from its like".to_owned(),
            |key| format!("{key:032x} of {words} words"),
        );
        row(out, "content", &content);
        let kept = fingerprint.sketch.shingles.len();
        if kept > 0 {
            row(out, "sketch", &format!("{kept} shingles"));
        }
    }
    if let Some(compared) = earlier.told() {
        row(out, "compared", &safe(&compared));
    }
    neighbours(out, judgement, near, paint);
    shared(out, trace, judgement, paint);
}

fn neighbours(out: &mut String, judgement: &Judgement, near: &NearSettings, paint: Paint) {
    for neighbour in judgement.neighbours.iter().take(NEIGHBOURS) {
        let found = &neighbour.found;
        let mark = match found.relation {
            Relation::Near => paint.green("✓"),
            Relation::Partial => paint.cyan("~"),
            Relation::None => paint.dim("·"),
        };
        *out += &format!(
            "  {mark} {}  similarity {:.2} of {:.2} needed ({}); {} of this story, {} of that one, {} shingles\n",
            paint.bold(&fit(&neighbour.id, 60)),
            found.similarity(),
            near.threshold_for(found),
            near.line_for(found).because(),
            percent(found.this),
            percent(found.of),
            found.shingles,
        );
        for line in verdict_of(judgement, neighbour, near) {
            *out += &format!("      {line}\n");
        }
        let notes = notes(neighbour);
        if !notes.is_empty() {
            *out += &format!("      {}\n", paint.dim(&notes.join("; ")));
        }
    }
}

/// What decided against a copy, and against a passage in common.
fn verdict_of(judgement: &Judgement, neighbour: &Neighbour, near: &NearSettings) -> Vec<String> {
    let found = &neighbour.found;
    let against: Vec<String> = near.against(found).iter().map(Against::because).collect();
    let mut lines = Vec::new();
    if !against.is_empty() {
        lines.push(format!("no copy: {}", against.join("; ")));
    }
    if let Some(because) = near.no_passage(found) {
        lines.push(format!("not partial: {because}"));
    }
    if found.relation == Relation::Near && judgement.verdict.status == DedupStatus::Partial {
        lines.push("no copy: this article carries several stories, none of them most of it".into());
    }
    lines
}

/// What else was compared.
fn notes(neighbour: &Neighbour) -> Vec<String> {
    let found = &neighbour.found;
    let mut notes = Vec::new();
    if let Some(title) = found.title {
        notes.push(format!("headline {} alike", percent(title)));
    }
    for (what, share) in [("figures", found.figures), ("names", found.names)] {
        if let Some(share) = share {
            notes.push(format!("{what} {} the same", percent(share)));
        }
    }
    notes
}

/// The passages shared with the most similar earlier article; of an exact copy the whole story.
fn shared(out: &mut String, trace: &Trace<'_>, judgement: &Judgement, paint: Paint) {
    let Some((of, passages)) = in_common(trace, judgement) else {
        return;
    };
    let what = match judgement.verdict.status {
        DedupStatus::Exact => "the whole story is that of",
        _ => "in common with",
    };
    *out += &format!("  {}\n", paint.dim(&format!("{what} {}:", fit(of, 60))));
    for passage in passages.iter().take(PASSAGES) {
        *out += &format!(
            "      {}  {}\n",
            paint.dim(&format!("{}–{}", passage.start, passage.end)),
            quote(trace, passage)
        );
    }
    if passages.len() > PASSAGES {
        *out += &format!(
            "      {}\n",
            paint.dim(&format!("and {} more", passages.len() - PASSAGES))
        );
    }
}

fn in_common<'a>(trace: &Trace<'_>, judgement: &'a Judgement) -> Option<(&'a str, Vec<Passage>)> {
    judgement.in_common(&trace.document, trace.fingerprint.as_ref()?)
}

/// Beginning and end of a passage, from the blocks it stands in.
fn quote(trace: &Trace<'_>, passage: &Passage) -> String {
    let Some(field) = trace.document.fields.get(passage.field) else {
        return String::new();
    };
    let blocks = field
        .blocks
        .iter()
        .filter(|block| block.span.start < passage.end && passage.start < block.span.end);
    let mut text = String::new();
    for block in blocks {
        let whole = field.text.get(block.bytes.clone()).unwrap_or_default();
        let from = passage.start.saturating_sub(block.span.start) as usize;
        let to = passage
            .end
            .min(block.span.end)
            .saturating_sub(block.span.start) as usize;
        // Exact for plain text; in HTML the places of markup shift it a little.
        text.extend(whole.chars().take(to).skip(from));
        text.push(' ');
    }
    fit(text.trim(), 100)
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The same for programs.
pub(super) fn json(trace: &Trace<'_>, near: &NearSettings, earlier: &Earlier) -> Value {
    let Some(judgement) = &trace.dedup else {
        return Value::Null;
    };
    let neighbours: Vec<Value> = judgement
        .neighbours
        .iter()
        .take(NEIGHBOURS)
        .map(|neighbour| {
            let found = &neighbour.found;
            json!({
                "id": neighbour.id, "cluster": neighbour.cluster,
                "relation": match found.relation {
                    Relation::Near => "near",
                    Relation::Partial => "partial",
                    Relation::None => "none",
                },
                "similarity": found.similarity(), "needed": near.threshold_for(found),
                "line": near.line_for(found).as_str(),
                "against": near.against(found).iter().map(Against::as_str).collect::<Vec<_>>(), "this": found.this, "of": found.of,
                "shingles": found.shingles, "words": found.words, "title": found.title, "figures": found.figures, "names": found.names,
                "same_source": found.same_source, "same_opening": found.same_opening,
                "other_subject": found.other_subject(), "embedded": found.embedded, "leading": found.leading,
                "passages": found.passages, "opening": found.opening,
                "foreign_words": found.foreign.map(|side| json!({"in_headline": side.own, "absent": side.absent})),
            })
        })
        .collect();
    let (with, passages) = in_common(trace, judgement).unzip();
    let passages: Vec<Value> = passages
        .iter()
        .flatten()
        .map(|passage| {
            let field = trace
                .document
                .fields
                .get(passage.field)
                .map(|field| &field.pointer);
            json!({"field": field, "start": passage.start, "end": passage.end})
        })
        .collect();
    json!({
        "compared": earlier.articles, "refused": earlier.refused, "unusable": earlier.unusable,
        "neighbours": neighbours, "with": with, "passages": passages,
    })
}
