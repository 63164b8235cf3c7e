//! One article for people. Everything foreign goes through [`safe`] or [`fit`].

use std::fmt::Write as _;

use super::super::screen::{Paint, columns, fit, safe};
use super::article::{Article, Dedup, Topic};

/// The most columns of a line where the width is not known.
const WIDE: usize = 400;
/// The narrowest terminal that is looked after.
const NARROW: usize = 36;
/// The most words that are shown for a topic.
const TERMS: usize = 5;

/// Some lines and an empty one. `width` is that of the terminal.
pub(super) fn article(article: &Article, paint: Paint, width: Option<usize>) -> String {
    let width = width.map_or(WIDE, |width| width.max(NARROW));
    let mut out = String::new();
    head(&mut out, article, paint, width);
    let mut line = |text: &str, color: &dyn Fn(&str) -> String| {
        if !text.is_empty() {
            writeln!(out, "  {}", color(&fit(text, width - 2))).unwrap_or_default();
        }
    };
    line(article.headline(), &|text| paint.bold(text));
    if let Some(dedup) = article.dedup() {
        line(&because(dedup), &|text| paint.cyan(text));
    }
    for topic in article.topics() {
        line(&about(topic), &|text| paint.dim(text));
    }
    out.push('\n');
    out
}

/// Time, language, verdict and source.
fn head(out: &mut String, article: &Article, paint: Paint, width: usize) {
    let language = article.language();
    let code = language.map_or("–", |language| language.code.as_str());
    let sure = language.is_none_or(|language| language.reliable);
    let code = format!("{}{}", fit(code, 8), if sure { "" } else { "?" });
    let status = article.dedup().map_or("–", |dedup| dedup.status.as_str());
    let status = fit(status, 8);
    let source = article.source_name.as_ref().or(article.source.as_ref());
    let source = source.map_or("", String::as_str);
    let time = time(article.at);
    let used = columns(&time) + columns(&code) + columns(&status) + 6;
    let painted = match status.as_str() {
        "unique" => paint.green(&status),
        "exact" | "near" => paint.yellow(&status),
        _ => paint.cyan(&status),
    };
    let source = fit(source, width.saturating_sub(used).max(1));
    let line = format!("{}  {code}  {painted}  {source}", paint.dim(&time));
    writeln!(out, "{}", line.trim_end()).unwrap_or_default();
}

/// Why it is a copy; empty when it is none.
fn because(dedup: &Dedup) -> String {
    let Some(of) = &dedup.of else {
        return String::new();
    };
    let sign = match dedup.method.as_deref() {
        Some("shingles") | None => String::new(),
        Some(method) => format!(", same {method}"),
    };
    let coverage = dedup.coverage.map_or_else(String::new, |coverage| {
        format!(
            ": {} of this story is there, {} of that one here",
            percent(coverage.this),
            percent(coverage.of)
        )
    });
    format!("of {}{sign}{coverage}", safe(of))
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A topic and the words it rests on.
fn about(topic: &Topic) -> String {
    let mut terms: Vec<&str> = Vec::new();
    for evidence in &topic.evidence {
        // Without the marks by which word lists say which forms of a word count.
        let term = evidence.term.trim_matches(['=', '*']);
        if !terms.contains(&term) && terms.len() < TERMS {
            terms.push(term);
        }
    }
    let colon = if terms.is_empty() { "" } else { ": " };
    format!("{}{colon}{}", topic.label, terms.join(", "))
}

/// The time of day in UTC.
fn time(at_ms: i64) -> String {
    let seconds = at_ms.div_euclid(1000).rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn shown(text: &str, width: Option<usize>) -> String {
        let json = json!({
            "id": text, "at": 45_296_000_i64, "one_in": 1, "source": text, "title": {"kind": "title", "text": text},
            "blocks": [{"kind": "lead", "text": text}],
            "enrichment": {
                "dedup": {"status": "near", "of": text, "method": "shingles", "coverage": {"this": 0.934, "of": 0.5}},
                "language": {"code": "ar", "confidence": 0.5, "reliable": false},
                "topics": [{"id": "medtop:1", "label": text, "evidence": [{"term": text}, {"term": text}]}],
            },
        });
        let read: Article = serde_json::from_value(json).unwrap();
        article(&read, Paint::new(false), width)
    }

    #[test]
    fn an_article_is_some_lines() {
        assert_eq!(
            shown("Hafen", None),
            "12:34:56Z  ar?  near  Hafen\n  Hafen\n  of Hafen: 93 % of this story is there, 50 % of that one here\n  Hafen: Hafen\n\n"
        );
    }

    #[test]
    fn an_article_without_findings_is_shown_too() {
        let bare: Article = serde_json::from_str(r#"{"id":"a"}"#).unwrap();
        assert_eq!(
            article(&bare, Paint::new(false), Some(5)),
            "00:00:00Z  –  –\n\n"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever an article holds: no line is wider than the terminal, and nothing drives it.
        #[test]
        fn no_control_reaches_the_terminal(text in any::<String>(), esc in "[\\x00-\\x1f\\x7f-\\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}a]{0,30}", width in 0_usize..120) {
            for text in [text, esc] {
                let shown = shown(&text, Some(width));
                for line in shown.lines() {
                    prop_assert!(columns(line) <= width.max(NARROW), "{line:?}");
                    prop_assert_eq!(safe(line), line);
                }
                prop_assert_eq!(shown.lines().count(), 4 + usize::from(!text.is_empty()));
            }
        }
    }
}
