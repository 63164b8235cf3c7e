//! The explanation of the language.

use serde_json::{Value, json};

use super::super::screen::{Paint, fit, safe};
use super::people::{heading, row};
use crate::language::{Cleaned, LanguageExplanation, ParagraphLanguage};
use crate::pipeline::Trace;
use crate::text::Document;

/// Paragraphs that are shown.
const MOST_PARAGRAPHS: usize = 12;

pub(super) fn language(
    out: &mut String,
    trace: &Trace<'_>,
    explained: Option<&LanguageExplanation>,
    paint: Paint,
) {
    let Some(guess) = &trace.language else { return };
    heading(out, paint, "Language");
    let reliable = if guess.reliable {
        paint.green("reliable")
    } else {
        paint.yellow("not reliable")
    };
    row(
        out,
        "code",
        &format!(
            "{}  confidence {:.2}, {reliable}",
            paint.bold(&guess.code),
            guess.confidence
        ),
    );
    if let Some(script) = &guess.script {
        row(out, "script", script);
    }
    if let Some(group) = &guess.group {
        row(out, "group", group);
    }
    let shares: Vec<String> = guess
        .shares
        .iter()
        .map(|share| format!("{} {:.0} %", share.code, share.share * 100.0))
        .collect();
    if !shares.is_empty() {
        row(out, "shares", &shares.join(", "));
    }
    if let Some(explained) = explained {
        compared(out, explained);
    }
    if let Some(declared) = &guess.declared {
        let agrees = if guess.agrees == Some(true) {
            "agrees"
        } else {
            "does not agree"
        };
        row(out, "declared", &format!("{} ({agrees})", safe(declared)));
    }
    if let Some(explained) = explained {
        cleaned(out, explained.cleaned);
        paragraphs(
            out,
            &explained.paragraphs,
            &trace.document,
            &guess.code,
            paint,
        );
    }
}

/// What the main text was compared with, the margin, and what told siblings apart.
fn compared(out: &mut String, explained: &LanguageExplanation) {
    let ranked: Vec<String> = explained
        .ranked
        .iter()
        .map(|candidate| format!("{} {:.3}", candidate.code, candidate.score))
        .collect();
    if !ranked.is_empty() {
        row(out, "candidates", &ranked.join(", "));
    }
    if let [first, second, ..] = explained.ranked.as_slice() {
        row(out, "margin", &format!("{:.3}", first.score - second.score));
    }
    if !explained.reasons.is_empty() {
        row(out, "because", &safe(&explained.reasons.join(", ")));
    }
}

fn cleaned(out: &mut String, cleaned: Cleaned) {
    let kinds = [
        (cleaned.addresses, "addresses"),
        (cleaned.hashtags, "hashtags"),
        (cleaned.markup, "tags and entities"),
        (cleaned.code, "words of code and digits"),
        (cleaned.invisible, "invisible characters"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    if !kinds.is_empty() {
        row(out, "left out", &kinds.join(", "));
    }
}

/// Paragraphs by language, where they are not all of the one that was found.
fn paragraphs(
    out: &mut String,
    paragraphs: &[ParagraphLanguage],
    document: &Document,
    code: &str,
    paint: Paint,
) {
    if paragraphs.iter().all(|paragraph| paragraph.code == code) {
        return;
    }
    for paragraph in paragraphs.iter().take(MOST_PARAGRAPHS) {
        let text = document
            .fields
            .get(paragraph.field)
            .and_then(|field| field.text.get(paragraph.bytes.clone()))
            .unwrap_or_default();
        let line = format!(
            "{:<8} {:>5} letters  {}",
            paragraph.code,
            paragraph.letters,
            fit(text, 60)
        );
        row(
            out,
            "part",
            &if paragraph.code == code {
                line
            } else {
                paint.yellow(&line)
            },
        );
    }
}

/// The same for programs.
pub(super) fn as_json(explained: &LanguageExplanation, document: &Document) -> Value {
    let Cleaned {
        addresses,
        hashtags,
        markup,
        code,
        invisible,
    } = explained.cleaned;
    json!({
        "candidates": explained.ranked.iter().map(|c| json!({ "code": c.code, "score": c.score })).collect::<Vec<_>>(),
        "told_apart_by": explained.reasons,
        "paragraphs": explained.paragraphs.iter().map(|paragraph| json!({
            "field": document.fields.get(paragraph.field).map(|field| &field.pointer),
            "code": paragraph.code, "letters": paragraph.letters,
        })).collect::<Vec<_>>(),
        "left_out": { "addresses": addresses, "hashtags": hashtags, "markup": markup, "code": code, "invisible": invisible },
    })
}
