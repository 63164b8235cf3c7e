//! The engine finds what the brute force finds, no more and no less, and shows words that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use newsstage::article::{ArticleReader, ReaderSettings};
use newsstage::text::{DocumentBuilder, TextSettings, folded_words};
use newsstage::topics::query::{
    Definition, Metadata, QueryMatches, QueryOptions, QuerySet, Sourced, Subject, Zone,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::brute::{Brute, Facts, everywhere};
use crate::generate::{Article, Query, article, query};
use crate::tree::{LEAD, MAIN, TITLE};

fn payload(article: &Article) -> String {
    let mut json = serde_json::json!({
        "title": article.title,
        "text": article.body,
        "url": format!("https://www.{}/{}", article.host, article.path),
        "source_domain": article.host,
        "source_name": article.source_name,
        "media_name": article.source_name,
        "authors": article.authors,
        "tags": article.tags,
    });
    if !article.country.is_empty() {
        json["country"] = article.country.into();
    }
    json.to_string()
}

fn definition(number: usize, query: &Query) -> Definition {
    let zones = match query.zones {
        TITLE => vec![Zone::Title],
        LEAD => vec![Zone::Lead],
        zones if zones == LEAD | MAIN => vec![Zone::Body],
        _ => vec![],
    };
    Definition {
        zones,
        langs: query.langs.clone(),
        whole_words: query.whole,
        ..Definition::new(&format!("q{number}"), &query.tree.text())
    }
}

/// What a query may be refused for here.
const REFUSALS: [&str; 6] = [
    "lead in a circle",
    "do not say",
    "stop words",
    "usable query",
    "cannot be used",
    "refers to itself",
];

fn check(
    queries: &[Query],
    articles: &[Article],
    before: Option<&QuerySet>,
) -> Result<Arc<QuerySet>, TestCaseError> {
    let definitions = queries
        .iter()
        .enumerate()
        .map(|(number, query)| Sourced::of(definition(number, query)));
    let compiled = QuerySet::compile(definitions.collect(), &QueryOptions::default(), before);
    for problem in compiled
        .problems
        .iter()
        .filter(|problem| problem.is_error())
    {
        let expected = REFUSALS
            .iter()
            .any(|refusal| problem.diagnostic.message.contains(refusal));
        prop_assert!(expected, "{}", problem.render());
    }
    let set = Arc::new(compiled.set);
    let reader = ArticleReader::new(&ReaderSettings::default(), "enrichment").unwrap();
    for article in articles {
        let payload = payload(article);
        let Ok(raw) = reader.read(payload.as_bytes(), None) else {
            continue;
        };
        for zones in [true, false] {
            let document = DocumentBuilder::new(&TextSettings { zones })
                .unwrap()
                .build(&raw, 400_000);
            let subject = Subject {
                document: &document,
                language: article.language,
                topics: &article.topics,
                metadata: Metadata::of(&raw),
            };
            let facts = Facts {
                language: article.language.to_owned(),
                host: article.host.to_owned(),
                source_name: article.source_name.to_owned(),
                country: match (article.country, article.host) {
                    ("Morocco", _) | ("" | "x", "example.ma") => Some("MA"),
                    ("GB", _) | ("" | "x", "news.bbc.co.uk") => Some("GB"),
                    _ => None,
                },
                url: format!("https://www.{}/{}", article.host, article.path),
                authors: article
                    .authors
                    .iter()
                    .map(|&author| author.to_owned())
                    .collect(),
                tags: article.tags.iter().map(|&tag| tag.to_owned()).collect(),
                topics: article
                    .topics
                    .iter()
                    .map(|&topic| topic.to_owned())
                    .collect(),
            };
            let mut brute = Brute::new(&document, &facts);
            let expected = expected(&set, queries, &mut brute);
            let matches = set.matches(&subject);
            let found: BTreeSet<&str> = matches.iter().map(|found| found.id()).collect();
            let wanted: BTreeSet<&str> = expected
                .iter()
                .filter(|(_, holds)| **holds)
                .map(|(id, _)| id.as_str())
                .collect();
            prop_assert_eq!(
                &found,
                &wanted,
                "{:#?}\n{}\n{:?}",
                queries
                    .iter()
                    .enumerate()
                    .map(|(n, q)| format!("q{n}: {}", q.tree.text()))
                    .collect::<Vec<_>>(),
                payload,
                &document.fields
            );
            prop_assert_eq!(matches.over_budget().count(), 0);
            evidence_is_there(&matches, &document)?;
        }
    }
    Ok(set)
}

/// Truth of every usable query, those that are referred to first.
fn expected(set: &QuerySet, queries: &[Query], brute: &mut Brute<'_>) -> BTreeMap<String, bool> {
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    // No chain of references is longer than there are queries.
    for _ in 0..queries.len() {
        for (number, query) in queries.iter().enumerate() {
            let id = format!("q{number}");
            if set.contains(&id) {
                let holds = brute.holds(
                    &query.tree,
                    query.zones & everywhere(),
                    &query.langs,
                    query.whole,
                );
                known.insert(id, holds);
            }
        }
        brute.holding = known.clone();
    }
    known
}

fn evidence_is_there(
    matches: &QueryMatches,
    document: &newsstage::text::Document,
) -> Result<(), TestCaseError> {
    for found in matches.iter() {
        let mut last = (0, 0);
        for evidence in found.evidence() {
            let field = &document.fields[evidence.field];
            let text: String = field
                .text
                .chars()
                .skip(evidence.start as usize)
                .take((evidence.end - evidence.start) as usize)
                .collect();
            prop_assert!(!text.trim().is_empty(), "{:?}", evidence);
            let plain = evidence.term.trim_matches('"');
            if !plain.contains(['*', '?', '~', '@'])
                && evidence.term.chars().count() > 3
                && plain.is_ascii()
                && !evidence.term.starts_with("STEM")
            {
                let same = folded_words(&text) == folded_words(plain);
                let stemmed = folded_words(&text)[0].get(..4) == folded_words(plain)[0].get(..4);
                prop_assert!(same || stemmed, "{text:?} {evidence:?}");
            }
            let place = (evidence.field, evidence.start);
            prop_assert!(
                place >= last || found.evidence().count() > 1,
                "{:?}",
                evidence
            );
            last = place;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, rng_seed: RngSeed::Fixed(20261125), ..ProptestConfig::default() })]

    /// Zero differences; and none when terms are chosen anew by what was seen.
    #[test]
    fn the_engine_agrees_with_trying_everything(
        queries in prop::collection::vec(query(), 1..7),
        articles in prop::collection::vec(article(), 1..4),
    ) {
        let set = check(&queries, &articles, None)?;
        check(&queries, &articles, Some(&set))?;
    }
}

/// The stop words that the generator can make alone are refused, so the test above is not empty: most queries are used.
#[test]
fn most_generated_queries_are_usable() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut usable = 0;
    for _ in 0..200 {
        let query = query().new_tree(&mut runner).unwrap().current();
        let refers = format!("{:?}", query.tree).contains("Topic(");
        let compiled = QuerySet::compile(
            vec![Sourced::of(definition(9, &query))],
            &QueryOptions::default(),
            None,
        );
        usable += usize::from(compiled.disabled == 0 || refers);
    }
    assert!(usable > 180, "{usable}");
}
