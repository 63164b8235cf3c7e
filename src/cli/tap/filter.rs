//! Which articles are shown. Values of one kind are alternatives; of different kinds, all must hold.

use clap::{Args, ValueEnum};

use super::article::Article;
use crate::config::nearest_name;
use crate::text::folded_words;
use crate::topics::labels;

/// The filters.
#[derive(Debug, Default, Clone, Args)]
pub struct Filter {
    /// Language as a BCP 47 code; de also means de-AT. May be repeated.
    #[arg(short, long, value_name = "CODE")]
    language: Vec<String>,
    /// Id of a topic, or part of its label. May be repeated.
    #[arg(short, long, value_name = "TOPIC", value_parser = topic)]
    topic: Vec<String>,
    /// Verdict of dedup. May be repeated.
    #[arg(short, long, value_name = "VERDICT")]
    verdict: Vec<Verdict>,
    /// Part of the source's host or name. May be repeated.
    #[arg(short, long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Words in the headline or the beginning of the text, folded as in queries. May be repeated.
    #[arg(short = 'x', long, value_name = "TEXT")]
    text: Vec<String>,
}

/// What dedup says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// First of its story.
    Unique,
    /// The same text as an earlier article.
    Exact,
    /// Most of one story is in the other.
    Near,
    /// Quotes or contains another story.
    Partial,
    /// A later version.
    Update,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        use crate::dedup::DedupStatus as Status;
        match self {
            Self::Unique => Status::Unique,
            Self::Exact => Status::Exact,
            Self::Near => Status::Near,
            Self::Partial => Status::Partial,
            Self::Update => Status::Update,
        }
        .as_str()
    }
}

impl Filter {
    /// Whether an article is shown.
    pub(super) fn takes(&self, article: &Article) -> bool {
        let language = article.language().map_or("", |language| &language.code);
        any(&self.language, |code| is_language(language, code))
            && any(&self.verdict, |verdict| {
                article
                    .dedup()
                    .is_some_and(|dedup| dedup.status == verdict.as_str())
            })
            && any(&self.topic, |wanted| {
                let mut topics = article.topics().iter();
                topics.any(|topic| topic.id == *wanted || holds(&topic.label, wanted))
            })
            && any(&self.source, |wanted| {
                let names = [&article.source, &article.source_name];
                names.into_iter().flatten().any(|name| holds(name, wanted))
            })
            && any(&self.text, |wanted| {
                let wanted = Words::of(wanted);
                wanted.stand_in(article.headline())
                    || article.story().any(|text| wanted.stand_in(text))
            })
    }
}

/// Whether one of the values holds, or there are none.
fn any<T>(values: &[T], holds: impl Fn(&T) -> bool) -> bool {
    values.is_empty() || values.iter().any(holds)
}

fn is_language(code: &str, wanted: &str) -> bool {
    let rest = code
        .get(..wanted.len())
        .filter(|start| start.eq_ignore_ascii_case(wanted));
    rest.is_some() && matches!(code.as_bytes().get(wanted.len()), None | Some(b'-'))
}

fn holds(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}

/// A code of the shipped taxonomy, or part of a label: that may be of a stored query, which only the stage knows.
fn topic(text: &str) -> Result<String, String> {
    let code = match text.strip_prefix("medtop:") {
        Some(code) => code,
        None if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) => text,
        None => return Ok(text.to_owned()),
    };
    let id = format!("medtop:{code}");
    if labels().any(|(known, _)| known == id) {
        return Ok(id);
    }
    let ids: Vec<(String, &str)> = labels().collect();
    let near = nearest_name(&id, ids.iter().map(|(id, _)| id.as_str()));
    let near = near.map_or_else(String::new, |near| {
        let label = ids.iter().find(|(id, _)| id == near);
        format!(
            "; did you mean {near} ({})?",
            label.map_or("", |(_, label)| label)
        )
    });
    Err(format!(
        "{id} is no topic of IPTC Media Topics, level 1 or 2{near}"
    ))
}

/// Text that is looked for, folded as stored queries are.
struct Words {
    folded: String,
    /// What there is of it where it has no words: signs alone.
    signs: String,
}

impl Words {
    fn of(text: &str) -> Self {
        Self {
            folded: folded_words(text).join(" "),
            signs: text.to_lowercase(),
        }
    }

    fn stand_in(&self, text: &str) -> bool {
        if self.folded.is_empty() {
            return text.to_lowercase().contains(&self.signs);
        }
        folded_words(text).join(" ").contains(&self.folded)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn article() -> Article {
        let json = json!({
            "id": "a", "at": 1, "one_in": 1, "source": "dailyharbour.example", "source_name": "The Daily Harbour",
            "title": {"kind": "title", "text": "Minister Resigns"},
            "blocks": [{"kind": "lead", "text": "ÄRGER im Hafen"}, {"kind": "share", "text": "subscribe"}],
            "enrichment": {
                "dedup": {"status": "near", "of": "b"}, "language": {"code": "de-AT", "confidence": 0.9, "reliable": true},
                "topics": [{"id": "medtop:11000000", "label": "politics", "evidence": [{"term": "minister"}]}],
            },
        });
        serde_json::from_value(json).unwrap()
    }

    fn filter(change: impl FnOnce(&mut Filter)) -> bool {
        let mut filter = Filter::default();
        change(&mut filter);
        filter.takes(&article())
    }

    #[test]
    fn each_filter_chooses() {
        let of = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        assert!(filter(|_| {}));
        for (codes, taken) in [
            (&["de"][..], true),
            (&["DE-at"], true),
            (&["d"], false),
            (&["en", "de"], true),
        ] {
            assert_eq!(filter(|f| f.language = of(codes)), taken, "{codes:?}");
        }
        for (topic, taken) in [
            ("medtop:11000000", true),
            ("Polit", true),
            ("sport", false),
            ("medtop:11", false),
        ] {
            assert_eq!(filter(|f| f.topic = of(&[topic])), taken, "{topic}");
        }
        assert!(filter(|f| f.verdict = vec![Verdict::Exact, Verdict::Near]));
        assert!(!filter(|f| f.verdict = vec![Verdict::Unique]));
        assert!(filter(|f| f.source = of(&["daily harb"])));
        assert!(!filter(|f| f.source = of(&["weekly"])));
        assert!(filter(|f| f.text = of(&["ärger"])));
        assert!(filter(|f| f.text = of(&["resigns"])));
        assert!(
            !filter(|f| f.text = of(&["subscribe"])),
            "furniture is not searched"
        );
        assert!(!filter(|f| {
            f.language = of(&["de"]);
            f.verdict = vec![Verdict::Unique];
        }));
    }

    #[test]
    fn words_are_folded_as_stored_queries_are() {
        let stands = |wanted: &str, text: &str| Words::of(wanted).stand_in(text);
        assert!(stands("الاهلي", "الأهلي يهزم الزمالك"));
        assert!(stands("مدرسه", "افتتاح المَدْرَسَة الجديدة"));
        assert!(stands("علی", "على الطريق") && stands("كتاب", "کتاب"));
        assert!(stands("ete", "Été indien") && stands("STRASSE", "Straße"));
        assert!(stands("ISTANBUL", "istanbul") && stands("resig", "He resigned"));
        assert!(stands("灯台", "百年の灯台") && stands("?", "Why?"));
        assert!(!stands("?", "Why") && !stands("الزمالك", "الأهلي"));
    }

    #[test]
    fn topics_that_do_not_exist_are_refused() {
        assert_eq!(topic("15000000").unwrap(), "medtop:15000000");
        assert_eq!(topic("medtop:15000000").unwrap(), "medtop:15000000");
        assert_eq!(topic("polit").unwrap(), "polit");
        let error = topic("medtop:15000001").unwrap_err();
        assert!(
            error.contains("no topic") && error.contains("medtop:15000000 (sport)"),
            "{error}"
        );
    }

    #[test]
    fn an_article_without_findings_passes_no_filter() {
        let bare: Article = serde_json::from_str(r#"{"id":"a"}"#).unwrap();
        assert!(Filter::default().takes(&bare));
        let wanted = Filter {
            language: vec!["en".to_owned()],
            ..Filter::default()
        };
        assert!(!wanted.takes(&bare));
    }
}
