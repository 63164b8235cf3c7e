//! The explanation for people.

use super::super::queries::Excerpt;
use super::super::screen::{Paint, fit, safe};
use super::language::language;
use super::{Earlier, duplicates};
use crate::dedup::NearSettings;
use crate::language::LanguageExplanation;
use crate::pipeline::Trace;
use crate::text::{Block, Document, folded_words};
use crate::topics::{Evidence, Missed, TopicTag};

/// Most words shown as evidence for one topic.
const EVIDENCE: usize = 4;

/// The whole explanation.
pub fn explanation(
    trace: &Trace<'_>,
    near: &NearSettings,
    explained: Option<&LanguageExplanation>,
    earlier: &Earlier,
    paint: Paint,
) -> String {
    let mut out = String::new();
    article(&mut out, trace, paint);
    text(&mut out, &trace.document, paint);
    duplicates::section(&mut out, trace, near, earlier, paint);
    language(&mut out, trace, explained, paint);
    topics(&mut out, trace, paint);
    queries(&mut out, trace, paint);
    out
}

pub(super) fn heading(out: &mut String, paint: Paint, title: &str) {
    *out += &format!("\n{}\n", paint.bold(title));
}

pub(super) fn row(out: &mut String, name: &str, value: &str) {
    *out += &format!("  {name:<12} {value}\n");
}

fn article(out: &mut String, trace: &Trace<'_>, paint: Paint) {
    let article = &trace.article;
    *out += &format!("{}\n", paint.bold("Article"));
    let origin = match article.id_source {
        crate::article::IdSource::Field => "from a field",
        crate::article::IdSource::Url => "hash of the URL",
        crate::article::IdSource::Key => "the Kafka key",
        crate::article::IdSource::Text => "hash of the text",
    };
    row(
        out,
        "id",
        &format!(
            "{} {}",
            fit(&article.id, 80),
            paint.dim(&format!("({origin})"))
        ),
    );
    let field = |out: &mut String, name: &str, field: Option<(&str, &str)>| {
        if let Some((pointer, text)) = field {
            row(
                out,
                name,
                &format!("{} {}", fit(text, 80), paint.dim(&format!("({pointer})"))),
            );
        }
    };
    field(
        out,
        "title",
        article
            .title
            .as_ref()
            .map(|f| (f.pointer.as_str(), f.text.as_ref())),
    );
    field(
        out,
        "summary",
        article
            .summary
            .as_ref()
            .map(|f| (f.field.pointer.as_str(), f.field.text.as_ref())),
    );
    field(
        out,
        "body",
        article
            .body
            .as_ref()
            .map(|f| (f.field.pointer.as_str(), f.field.text.as_ref())),
    );
    field(
        out,
        "url",
        article
            .url
            .as_ref()
            .map(|f| (f.pointer.as_str(), f.text.as_ref())),
    );
    field(
        out,
        "language",
        article
            .language
            .as_ref()
            .map(|f| (f.pointer.as_str(), f.text.as_ref())),
    );
    field(
        out,
        "published",
        article
            .published
            .as_ref()
            .map(|f| (f.pointer.as_str(), f.text.as_ref())),
    );
    if let Some(url) = &article.canonical_url {
        row(out, "canonical", &fit(url, 80));
    }
    if let Some(source) = &article.source {
        row(out, "source", &fit(source, 80));
    }
    if !article.tags.is_empty() {
        row(out, "tags", &fit(&article.tags.join(", "), 80));
    }
    for warning in &article.warnings {
        row(out, "warning", &paint.yellow(warning.as_str()));
    }
}

fn text(out: &mut String, document: &Document, paint: Paint) {
    heading(out, paint, "Text");
    for field in &document.fields {
        for block in &field.blocks {
            let words = field.text.get(block.bytes.clone()).unwrap_or_default();
            let kind = block.kind.as_str();
            let kind = format!("{kind:<14}");
            let kind = if block.kind.is_content() {
                paint.green(&kind)
            } else {
                paint.yellow(&kind)
            };
            let place = paint.dim(&format!("{:>6}–{:<6}", block.span.start, block.span.end));
            *out += &format!(
                "  {kind} {place} {}{}\n",
                fit(words, 72),
                reason(block, paint)
            );
        }
    }
    if document.truncated {
        *out += &format!(
            "  {}\n",
            paint.yellow("the rest is longer than input.limits.text_chars and was not analysed")
        );
    }
}

fn reason(block: &Block, paint: Paint) -> String {
    block.reason.as_ref().map_or_else(String::new, |reason| {
        paint.dim(&format!("  ({})", fit(reason, 48)))
    })
}

fn topics(out: &mut String, trace: &Trace<'_>, paint: Paint) {
    let Some(topics) = &trace.topics else { return };
    heading(out, paint, "Topics");
    match &topics.lexicon {
        Some(lexicon) if topics.related => row(
            out,
            "lexicon",
            &format!("{lexicon}, of a close relative: this language has none of its own"),
        ),
        Some(lexicon) => row(out, "lexicon", lexicon),
        None => row(
            out,
            "lexicon",
            &paint.yellow("none for this language: no topic can be given"),
        ),
    }
    for given in &topics.publisher {
        let text = format!("{} {} ({})", given.id, given.label, safe(&given.category));
        row(out, "publisher", &text);
    }
    for tag in &topics.tags {
        topic(out, trace, tag, &paint.green("✓"), paint);
    }
    for tag in topics.near_misses.iter().take(5) {
        topic(out, trace, tag, &paint.dim("·"), paint);
    }
}

fn queries(out: &mut String, trace: &Trace<'_>, paint: Paint) {
    let Some(queries) = &trace.queries else {
        return;
    };
    heading(out, paint, "Queries");
    let set = queries.set();
    row(
        out,
        "generation",
        &format!("{} with {} queries", set.generation(), set.len()),
    );
    for found in queries.iter() {
        *out += &format!(
            "  {} {} {}  score {:.2}\n",
            paint.green("✓"),
            safe(found.id()),
            paint.bold(&safe(found.label())),
            found.score()
        );
        for place in found.evidence().take(4) {
            let around =
                super::super::queries::snippet(&trace.document, &trace.article, &place, paint);
            *out += &format!("      {}  {around}\n", paint.cyan(&safe(place.term)));
        }
    }
    for id in queries.over_budget() {
        *out += &format!(
            "  {} {}  given up: too many steps\n",
            paint.red("✗"),
            safe(id)
        );
    }
}

fn topic(out: &mut String, trace: &Trace<'_>, tag: &TopicTag, mark: &str, paint: Paint) {
    let TopicTag {
        id,
        label,
        score,
        needed,
        confidence,
        ..
    } = tag;
    *out += &format!(
        "  {mark} {} {}  score {score:.2} of {needed:.2} needed, confidence {confidence:.2}\n",
        id,
        paint.bold(label)
    );
    if let Some(missed) = &tag.missed {
        *out += &format!("      {}\n", why_not(missed));
    }
    for evidence in tag.evidence.iter().take(EVIDENCE) {
        let excerpt = excerpt(trace, evidence);
        let (found, around) = excerpt.map_or_else(Default::default, |excerpt| {
            let around = excerpt.marked(paint);
            (excerpt.found, around)
        });
        let place = paint.dim(&format!("{}–{}", evidence.start, evidence.end));
        *out += &format!(
            "      {}{}  weight {:.1}{}  {place}  {around}\n",
            paint.cyan(&found),
            listed(&found, &evidence.term),
            evidence.weight,
            times(evidence.count),
        );
    }
    let more = tag.terms.saturating_sub(EVIDENCE);
    if more > 0 {
        *out += &format!("      {}\n", paint.dim(&format!("and {more} more")));
    }
}

/// Why a topic with evidence is not given.
fn why_not(missed: &Missed) -> String {
    match missed {
        Missed::Score(setting) => format!("not given: below {setting}"),
        Missed::Broad(label) => format!("not given: needs {label}, which is below its threshold"),
        Missed::Full => "not given: topics.max_topics others score more".to_owned(),
    }
}

/// The term of the word list, where the words of the article are not the same but for case and accents.
fn listed(found: &str, term: &str) -> String {
    if folded_words(found) == folded_words(term) && !term.ends_with('*') {
        return String::new();
    }
    format!(" (list: {})", safe(term))
}

fn times(count: u32) -> String {
    if count > 1 {
        format!(" ×{count}")
    } else {
        String::new()
    }
}

/// The words around a match.
fn excerpt(trace: &Trace<'_>, evidence: &Evidence) -> Option<Excerpt> {
    let mut fields = trace.document.fields.iter();
    let field = fields.find(|field| field.pointer == evidence.field)?;
    Some(Excerpt::of(
        &trace.article,
        field,
        evidence.start,
        evidence.end,
    ))
}
