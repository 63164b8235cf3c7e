//! Every kind of copy is found, and no innocent is accused: the cases of `tests/fixtures/dedup/cases.ndjson`, each by a
//! fresh pipeline; and pairs that are hard to tell apart ([`hard_pairs`]). `tests/fixtures/dedup/README.md` says what the files
//! hold.

#[path = "duplicates/hard_pairs.rs"]
mod hard_pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use newsstage::article::{Message, Position};
use newsstage::config::Config;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::{Outcome, Pipeline};
use serde::Deserialize;
use serde_json::Value;

const CASES: &str = include_str!("fixtures/dedup/cases.ndjson");
const README: &str = include_str!("fixtures/dedup/README.md");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    lang: String,
    articles: Vec<Article>,
    expect: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Article {
    id: String,
    source: String,
    url: String,
    title: String,
    text: String,
}

/// What is right for one article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: OneOrMore<String>,
    of: OneOrMore<Option<usize>>,
    cluster: OneOrMore<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn all(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }
}

/// The verdicts on articles that come one after the other, as the output says them. `name` is for whoever reads a failure.
fn verdicts(name: &str, lines: &[&Value]) -> Vec<Value> {
    let mut config = Config::default();
    config.stages.language = false;
    config.stages.topics = false;
    let metrics = Metrics::new(&ProcessInfo::default());
    let mut pipeline = Pipeline::in_memory(&config, metrics).expect("stages that can be built");
    let messages: Vec<Message> = lines
        .iter()
        .enumerate()
        .map(|(offset, article)| Message {
            position: Position {
                topic: "raw".into(),
                partition: 0,
                offset: offset as i64,
            },
            key: None,
            payload: Some(article.to_string().into_bytes()),
            headers: Vec::new(),
            timestamp_ms: None,
        })
        .collect();
    let outcomes = pipeline
        .process(&messages, 0)
        .expect("an index in memory does not fail");
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Enriched(enriched) => {
                let mut value: Value = serde_json::from_slice(&enriched.value).expect("JSON");
                value["enrichment"]["dedup"].take()
            }
            other => panic!("{name}: {other:?}"),
        })
        .collect()
}

/// Adds a line to `wrong` for each article with another verdict than expected.
fn compare(number: usize, case: &Case, verdicts: &[Value], wrong: &mut Vec<String>) {
    let index = |id: &Value| {
        case.articles
            .iter()
            .position(|article| id.as_str() == Some(&article.id))
    };
    for (at, (expected, verdict)) in case.expect.iter().zip(verdicts).enumerate() {
        let status = verdict["status"].as_str().unwrap_or_default();
        let (of, cluster) = (index(&verdict["of"]), index(&verdict["cluster"]));
        let right = expected.status.all().iter().any(|right| right == status)
            && expected.of.all().contains(&of)
            && cluster.is_some_and(|cluster| expected.cluster.all().contains(&cluster));
        if !right {
            wrong.push(format!(
                "line {number} {:?} {} article {at} ({}): {status} of {of:?} cluster {cluster:?}, expected {:?} of {:?} \
                 cluster {:?}; similarity {} coverage {}",
                case.case,
                case.lang,
                case.articles[at].id,
                expected.status.all(),
                expected.of.all(),
                expected.cluster.all(),
                verdict["similarity"],
                verdict["coverage"],
            ));
        }
    }
}

fn cases() -> Vec<(Case, Value)> {
    CASES
        .lines()
        .map(|line| {
            let case = serde_json::from_str(line).expect("a case as the README describes it");
            (case, serde_json::from_str(line).expect("JSON"))
        })
        .collect()
}

#[test]
fn every_case_gets_the_verdicts_that_it_should() {
    let cases = cases();
    let mut wrong = Vec::new();
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (case, line)) in cases.iter().enumerate() {
        let articles: Vec<&Value> = line["articles"].as_array().into_iter().flatten().collect();
        let before = wrong.len();
        compare(at + 1, case, &verdicts(&case.case, &articles), &mut wrong);
        if wrong.len() > before {
            *failed.entry(&case.case).or_default() += 1;
        }
    }
    let mut summary = String::new();
    for (kind, count) in &failed {
        let of = cases.iter().filter(|(case, _)| case.case == *kind).count();
        writeln!(summary, "{kind}: {count} of {of} cases").unwrap();
    }
    assert!(
        wrong.is_empty(),
        "{} verdicts in {} of {} cases are wrong:\n{}\n{summary}",
        wrong.len(),
        failed.values().sum::<usize>(),
        cases.len(),
        wrong.join("\n"),
    );
}

/// The kinds of case that the README lists.
fn kinds() -> BTreeSet<&'static str> {
    README
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(kind, _)| kind)
        .collect()
}

/// A script that stands for the language's family of difficulties.
fn script(lang: &str) -> &'static str {
    match lang {
        "ar" | "fa" => "Arabic",
        "zh" | "ja" => "without spaces",
        "ru" => "Cyrillic",
        "hi" => "Devanagari",
        _ => "Latin",
    }
}

#[test]
fn every_kind_occurs_in_at_least_four_languages() {
    let mut languages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (case, _) in cases() {
        languages.entry(case.case).or_default().insert(case.lang);
    }
    let listed = kinds();
    assert_eq!(
        languages
            .keys()
            .map(String::as_str)
            .collect::<BTreeSet<_>>(),
        listed
    );
    for (kind, languages) in &languages {
        let scripts: BTreeSet<&str> = languages.iter().map(|lang| script(lang)).collect();
        assert!(languages.len() >= 4, "{kind}: {languages:?}");
        assert!(scripts.len() >= 3, "{kind}: {languages:?}");
        for lang in ["en", "ar"] {
            assert!(languages.contains(lang), "{kind} has no {lang}");
        }
    }
}

#[test]
fn the_file_is_what_its_description_says() {
    assert!(CASES.len() < 700_000, "{} bytes", CASES.len());
    for (at, (case, _)) in cases().iter().enumerate() {
        let name = format!("line {} {:?} {}", at + 1, case.case, case.lang);
        assert_eq!(case.articles.len(), case.expect.len(), "{name}");
        assert!(case.articles.len() >= 2, "{name}");
        let ids: BTreeSet<&str> = case.articles.iter().map(|each| each.id.as_str()).collect();
        assert_eq!(ids.len(), case.articles.len(), "{name}: an id occurs twice");
        for (index, (article, expected)) in case.articles.iter().zip(&case.expect).enumerate() {
            consistent(&format!("{name} article {index}"), index, article, expected);
        }
        let template = case.case.starts_with("template: ");
        assert!(
            !template
                || case
                    .expect
                    .iter()
                    .all(|each| each.status.all() == ["unique"]),
            "{name}"
        );
    }
}

/// An article has all that its description promises.
fn complete(name: &str, article: &Article) {
    assert!(article.source.ends_with(".example"), "{name}");
    assert!(
        article
            .url
            .starts_with(&format!("https://{}/", article.source)),
        "{name}"
    );
    assert!(!article.title.is_empty(), "{name}");
    assert!(article.text.chars().count() >= 40, "{name}");
}

/// An article is complete, and what is expected of it can be.
fn consistent(name: &str, index: usize, article: &Article, expected: &Expected) {
    complete(name, article);
    assert!(!expected.status.all().is_empty(), "{name}");
    for status in expected.status.all() {
        let known = ["unique", "exact", "near", "partial", "update"];
        assert!(known.contains(&status.as_str()), "{name}: {status}");
        // Only a unique article is a copy of none, and what is unique or quotes another begins its own cluster.
        assert_eq!(
            expected.of.all().contains(&None),
            expected.status.all().iter().any(|each| each == "unique"),
            "{name}"
        );
        if status == "unique" || status == "partial" {
            assert!(expected.cluster.all().contains(&index), "{name}");
        }
    }
    assert!(
        expected.of.all().iter().flatten().all(|of| *of < index),
        "{name}"
    );
    assert!(
        expected
            .cluster
            .all()
            .iter()
            .all(|cluster| *cluster <= index),
        "{name}"
    );
}
