//! Term-only queries against the percolator library `mokaccino`: two independent engines, one answer.

use std::sync::Arc;

use mokaccino::prelude::{CNFQueryable as _, Document as Percolated, Percolator, Query};
use newsstage::article::{ArticleReader, ReaderSettings};
use newsstage::text::{DocumentBuilder, TextSettings};
use newsstage::topics::query::{Definition, Metadata, QueryOptions, QuerySet, Sourced, Subject};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

#[derive(Debug, Clone)]
enum Terms {
    Word(&'static str),
    Open(&'static str),
    And(Vec<Terms>),
    Or(Vec<Terms>),
    Not(Box<Terms>),
}

/// Words that fold to themselves and have no article.
const WORDS: [&str; 14] = [
    "oil",
    "gas",
    "price",
    "prices",
    "opec",
    "strike",
    "striker",
    "нефть",
    "нефтяной",
    "نفط",
    "مصر",
    "روسيا",
    "اوبك",
    "petrol",
];

fn terms() -> impl Strategy<Value = Terms> {
    // Only ASCII: the other library cuts prefixes by bytes and compares them by characters.
    let open = select(vec!["pri", "stri", "ope", "oil"]);
    let leaf = prop_oneof![4 => select(WORDS.to_vec()).prop_map(Terms::Word), 1 => open.prop_map(Terms::Open)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..5).prop_map(Terms::And),
            prop::collection::vec(inner.clone(), 2..5).prop_map(Terms::Or),
            inner.prop_map(|inner| Terms::Not(Box::new(inner))),
        ]
    })
}

fn ours(terms: &Terms) -> String {
    let join = |parts: &[Terms], between| {
        parts
            .iter()
            .map(|part| format!("({})", ours(part)))
            .collect::<Vec<_>>()
            .join(between)
    };
    match terms {
        Terms::Word(word) => (*word).to_owned(),
        Terms::Open(word) => format!("{word}*"),
        Terms::And(parts) => join(parts, " AND "),
        Terms::Or(parts) => join(parts, " OR "),
        Terms::Not(inner) => format!("NOT ({})", ours(inner)),
    }
}

fn theirs(terms: &Terms) -> Query {
    match terms {
        Terms::Word(word) => "t".has_value(*word),
        Terms::Open(word) => "t".has_prefix(*word),
        Terms::And(parts) => parts[1..]
            .iter()
            .fold(theirs(&parts[0]), |all, part| all & theirs(part)),
        Terms::Or(parts) => parts[1..]
            .iter()
            .fold(theirs(&parts[0]), |all, part| all | theirs(part)),
        Terms::Not(inner) => !theirs(inner),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, rng_seed: RngSeed::Fixed(9), ..ProptestConfig::default() })]

    #[test]
    fn two_engines_agree_on_terms(
        queries in prop::collection::vec(terms(), 1..12),
        words in prop::collection::vec(select(WORDS.to_vec()), 1..12),
    ) {
        let definitions = queries.iter().enumerate().map(|(n, terms)| Sourced::of(Definition::new(&format!("{n:03}"), &ours(terms))));
        let set = Arc::new(QuerySet::compile(definitions.collect(), &QueryOptions::default(), None).set);
        let mut percolator = Percolator::default();
        for terms in &queries {
            percolator.add_query(theirs(terms));
        }
        let payload = serde_json::json!({ "text": words.join(" ") }).to_string();
        let reader = ArticleReader::new(&ReaderSettings::default(), "enrichment").unwrap();
        let raw = reader.read(payload.as_bytes(), None).unwrap();
        let document = DocumentBuilder::new(&TextSettings { zones: false }).unwrap().build(&raw, 10_000);
        // Persian: a text in Arabic letters whose words have no particles in front.
        let subject = Subject { document: &document, language: "fa", topics: &[], metadata: Metadata::of(&raw) };
        let found: Vec<String> = set.matches(&subject).iter().map(|one| one.id().to_owned()).collect();
        let mut percolated = Percolated::default();
        for word in &words {
            percolated = percolated.with_value("t", *word);
        }
        let mut expected: Vec<String> = percolator.percolate(&percolated).map(|id| format!("{id:03}")).filter(|id| set.contains(id)).collect();
        expected.sort();
        prop_assert_eq!(found, expected, "{:?}", queries.iter().map(ours).collect::<Vec<_>>());
    }
}
