//! `newsstage explain`: why an article gets its verdicts, from the path that production takes.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::articles::{self, Articles};
use super::enrich::{Trouble, pipeline, unreadable};
use super::screen::{self, Paint, fit, safe};
use super::{ConfigArgs, Exit, load, now_ms, print};
use crate::article::Message;
use crate::pipeline::{Outcome, Pipeline, Trace};
use crate::text::{Block, Document};
use crate::topics::{Evidence, TopicTag};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// One article: JSON as on the input topic, or plain text; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
    /// Articles that came before, as NDJSON or JSON, so that copies of them are found; may be repeated.
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub fn main(args: &ExplainArgs) -> Exit {
    explain(args).unwrap_or_else(|trouble| trouble.exit())
}

fn explain(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let config = load(&args.config).map_err(Trouble::Said)?.config;
    let mut pipeline = pipeline(config, None)?;
    for file in &args.against {
        let mut earlier = Articles::open(file, |_| ()).map_err(|error| unreadable(file, &error))?;
        loop {
            let batch = earlier
                .take(512)
                .map_err(|error| unreadable(file, &error))?;
            if batch.is_empty() {
                break;
            }
            pipeline.process(&batch, now_ms());
        }
    }
    let message = articles::single(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let (text, exit) = render(
        &mut pipeline,
        &message,
        args.json,
        Paint::new(std::io::stdout().is_terminal()),
    );
    let printed = print(&text);
    Ok(if printed == Exit::Success {
        exit
    } else {
        printed
    })
}

/// The explanation of one message, and the exit code that goes with it.
pub fn render(
    pipeline: &mut Pipeline,
    message: &Message,
    json: bool,
    paint: Paint,
) -> (String, Exit) {
    match pipeline.trace(message, now_ms()) {
        Ok(trace) => {
            let outcome = pipeline.assemble(message, &trace);
            let text = if json {
                for_programs(&trace, &outcome)
            } else {
                for_people(&trace, paint)
            };
            (text, Exit::Success)
        }
        Err(outcome) => (refusal(&outcome, json, paint), Exit::Data),
    }
}

fn refusal(outcome: &Outcome, json: bool, paint: Paint) -> String {
    let (code, detail) = match outcome {
        Outcome::Rejected(rejection) => (rejection.code.as_str(), rejection.detail.clone()),
        _ => (
            "tombstone",
            "a message without a value passes through".to_owned(),
        ),
    };
    if json {
        return format!(
            "{}\n",
            json!({ "rejected": { "code": code, "detail": detail } })
        );
    }
    format!(
        "{} {code}: {}\n",
        paint.red("goes to the dead-letter topic:"),
        safe(&detail)
    )
}

fn for_people(trace: &Trace<'_>, paint: Paint) -> String {
    let mut out = String::new();
    article(&mut out, trace, paint);
    text(&mut out, &trace.document, paint);
    dedup(&mut out, trace, paint);
    language(&mut out, trace, paint);
    topics(&mut out, trace, paint);
    out
}

fn heading(out: &mut String, paint: Paint, title: &str) {
    *out += &format!("\n{}\n", paint.bold(title));
}

fn row(out: &mut String, name: &str, value: &str) {
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

fn dedup(out: &mut String, trace: &Trace<'_>, paint: Paint) {
    let Some(verdict) = &trace.dedup else { return };
    heading(out, paint, "Duplicate?");
    let status = verdict.status.as_str();
    let status = if verdict.of.is_none() {
        paint.green(status)
    } else {
        paint.cyan(status)
    };
    row(out, "status", &status);
    if let Some(of) = &verdict.of {
        row(out, "of", &fit(of, 80));
    }
    if let Some(method) = verdict.method {
        row(out, "because", &format!("same {}", method.as_str()));
    }
    row(out, "cluster", &fit(&verdict.cluster, 80));
    if let Some(fingerprint) = &trace.fingerprint {
        let content = fingerprint.content_key.map_or_else(
            || "none: too few words for a text to be told from its like".to_owned(),
            |key| format!("{key:032x} of {} words", trace.document.tokens.len()),
        );
        row(out, "content", &content);
    }
}

fn language(out: &mut String, trace: &Trace<'_>, paint: Paint) {
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
    let candidates: Vec<String> = guess
        .candidates
        .iter()
        .take(3)
        .map(|candidate| format!("{} {:.2}", candidate.code, candidate.score))
        .collect();
    if !candidates.is_empty() {
        row(out, "candidates", &candidates.join(", "));
    }
    if let Some(declared) = &guess.declared {
        let agrees = if guess.agrees == Some(true) {
            "agrees"
        } else {
            "does not agree"
        };
        row(out, "declared", &format!("{} ({agrees})", safe(declared)));
    }
}

fn topics(out: &mut String, trace: &Trace<'_>, paint: Paint) {
    let Some(topics) = &trace.topics else { return };
    heading(out, paint, "Topics");
    match &topics.lexicon {
        Some(lexicon) => row(out, "lexicon", lexicon),
        None => row(
            out,
            "lexicon",
            &paint.yellow("none for this language: no topic can be given"),
        ),
    }
    for tag in &topics.tags {
        topic(out, trace, tag, &paint.green("✓"), paint);
    }
    for tag in topics.near_misses.iter().take(5) {
        topic(out, trace, tag, &paint.dim("·"), paint);
    }
}

fn topic(out: &mut String, trace: &Trace<'_>, tag: &TopicTag, mark: &str, paint: Paint) {
    let TopicTag {
        id,
        label,
        score,
        confidence,
        ..
    } = tag;
    *out += &format!(
        "  {mark} {} {}  score {score:.2}, confidence {confidence:.2}\n",
        id,
        paint.bold(label)
    );
    for evidence in tag.evidence.iter().take(4) {
        let found = quote(&trace.document, evidence);
        let term = paint.cyan(&safe(&evidence.term));
        let place = paint.dim(&format!("{}–{}", evidence.start, evidence.end));
        *out += &format!(
            "      {term}  weight {:.1}  {place}  {}\n",
            evidence.weight,
            paint.dim(&found)
        );
    }
}

/// The paragraph around a match.
fn quote(document: &Document, evidence: &Evidence) -> String {
    let found = document.content().find(|(field, block)| {
        field.pointer == evidence.field
            && block.span.start <= evidence.start
            && evidence.start < block.span.end
    });
    let Some((field, block)) = found else {
        return String::new();
    };
    let text = field.text.get(block.bytes.clone()).unwrap_or_default();
    let before = (evidence.start - block.span.start) as usize;
    let from = before.saturating_sub(24);
    let around: String = text.chars().skip(from).take(64).collect();
    let start = if from > 0 { "…" } else { "" };
    format!("{start}{}", screen::fit(&around, 72))
}

fn for_programs(trace: &Trace<'_>, outcome: &Outcome) -> String {
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
            "id": tag.id, "label": tag.label, "score": tag.score, "confidence": tag.confidence,
            "evidence": tag.evidence.iter().map(|e| json!({
                "term": e.term, "field": e.field, "start": e.start, "end": e.end, "weight": e.weight,
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
        "language_candidates": trace.language.as_ref().map(|guess| {
            guess.candidates.iter().map(|c| json!({ "code": c.code, "score": c.score })).collect::<Vec<_>>()
        }),
        "topics": trace.topics.as_ref().map(|topics| topics.tags.iter().map(tag).collect::<Vec<_>>()),
        "near_misses": trace.topics.as_ref().map(|topics| topics.near_misses.iter().map(tag).collect::<Vec<_>>()),
        "output": enrichment,
    });
    format!("{text}\n")
}
