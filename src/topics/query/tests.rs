//! Sets of queries as a whole: what is refused, what refers to what, evidence, budgets.

use std::sync::Arc;

use super::*;
use crate::text::Document;
use crate::text::page_tests::build;

fn compile(queries: &[(&str, &str)]) -> Compiled {
    let definitions = queries
        .iter()
        .map(|(id, query)| Sourced::of(Definition::new(id, query)));
    QuerySet::compile(definitions.collect(), &QueryOptions::default(), None)
}

fn subject<'a>(document: &'a Document, language: &'a str) -> Subject<'a> {
    Subject {
        document,
        language,
        topics: &["medtop:15000000"],
        metadata: Metadata::default(),
    }
}

fn ids(set: &Arc<QuerySet>, document: &Document, language: &str) -> Vec<String> {
    set.matches(&subject(document, language))
        .iter()
        .map(|found| found.id().to_owned())
        .collect()
}

/// Whether a query matches a text.
fn hits(query: &str, text: &str, language: &str) -> bool {
    let compiled = compile(&[("q", query)]);
    assert_eq!(compiled.disabled, 0, "{}", compiled.problems[0].render());
    let document = build(None, Some(text), None);
    !ids(&Arc::new(compiled.set), &document, language).is_empty()
}

fn refusal(query: &str) -> String {
    let compiled = compile(&[("q", query)]);
    let problem = compiled.problems.iter().find(|problem| problem.is_error());
    problem.map_or_else(String::new, |problem| problem.diagnostic.to_string())
}

fn warning(query: &str) -> String {
    let compiled = compile(&[("q", query)]);
    assert_eq!(compiled.disabled, 0, "{}", compiled.problems[0].render());
    compiled
        .problems
        .first()
        .map_or_else(String::new, |problem| problem.diagnostic.to_string())
}

#[test]
fn what_cannot_work_is_refused_with_a_way_out() {
    for (query, expected) in [
        ("NOT oil", "do not say"),
        ("oil OR NOT gas", "do not say"),
        ("the", "stop words"),
        ("C\\+\\+", "RAW(C++)"),
        ("the AND of", "stop words"),
        ("في", "stop words"),
        ("o*", "two letters"),
        ("*", "every word"),
        ("\"* *\"", "every word"),
        ("— !", "expected"),
        ("€", "letter or digit"),
        (
            "(oil AND gas) NEAR/3 price",
            "(a NEAR/5 c) AND (b NEAR/5 c)",
        ),
        ("ATLEAST/2(oil AND gas)", "ATLEAST/2(a) AND ATLEAST/2(b)"),
        ("source:bbc.com NEAR/3 oil", "title and text"),
        ("CASE(source:bbc.com)", "not for source:"),
        ("STEM(strik*)", "exclude each other"),
        ("CASE(\"a b\"~3)", "CASE(a) NEAR/5 CASE(b)"),
        ("CASE(U?)", "cannot be in CASE"),
        ("lang:arabic!", "language code"),
        ("country:Marocco", "did you mean MA?"),
        ("country:Atlantis", "ISO 3166"),
        ("topic:medtop:15", "eight digits"),
        ("topic:nobody", "no usable query"),
        ("source:bbc.com/news", "url:"),
        ("#covid-19", "ends before"),
        ("@مصر", "Latin letters"),
    ] {
        let text = refusal(query);
        assert!(text.contains(expected), "{query}: {text:?}");
    }
}

#[test]
fn what_is_doubtful_warns_and_works() {
    assert!(warning("oi*").contains("two letters"));
    assert!(warning("oil OR the").contains("alternative"));
    assert!(warning("\"to be or not to be\"").contains("slow"));
    assert!(warning("北京*").contains("without spaces"));
    assert_eq!(warning("\"The Who\" AND oil"), "");
    assert_eq!(warning("lang:ar AND source:aljazeera.net"), "");
}

#[test]
fn arabic_particles_do_not_hide_names_and_names_are_not_stemmed() {
    for text in ["وقالت روسيا", "محادثات بروسيا", "وفد لروسيا", "وبروسيا"]
    {
        assert!(hits("روسيا", text, "ar"), "{text}");
    }
    assert!(hits("الحكومة", "اجتماع للحكومة اليوم", "ar"));
    assert!(hits("حكومة", "والحكومة تنفي", "ar"));
    assert!(!hits("تونس", "المنتخب التونسي", "ar"));
    assert!(hits("STEM(حكومة)", "حكومات المنطقة", "ar"));
    assert!(!hits("حكومة", "حكومات المنطقة", "ar"));
    assert!(
        hits("الکوری", "الزعيم الكوري", "ar"),
        "Persian letters in a keyword line"
    );
    assert!(!hits("روسيا", "بروسيا", "fa"), "no particles in Persian");
}

#[test]
fn scripts_without_spaces_match_as_phrases_of_characters() {
    assert!(hits("京都", "東京都の知事", "ja"));
    assert!(!hits("WORD(京都)", "東京都の知事", "ja"));
    assert!(hits("WORD(京都)", "京都の知事", "ja"));
    assert!(hits("北京 AND NBA", "NBA来到北京。", "zh-Hans"));
    let whole = Definition {
        whole_words: true,
        ..Definition::new("q", "京都")
    };
    let set =
        Arc::new(QuerySet::compile(vec![Sourced::of(whole)], &QueryOptions::default(), None).set);
    assert!(ids(&set, &build(None, Some("東京都の知事"), None), "ja").is_empty());
}

#[test]
fn capitals_punctuation_hashtags_and_accounts() {
    assert!(hits("CASE(US)", "The US said", "en") && !hits("CASE(US)", "tell us more", "en"));
    assert!(
        hits("raw:C++", "written in C++ today", "en")
            && !hits("raw:C++", "written in C today", "en")
    );
    assert!(
        hits("#cop28", "at #COP28 in Dubai", "en") && !hits("#cop28", "at COP28 in Dubai", "en")
    );
    assert!(hits("@OPECnews", "as @opecnews said on Monday that", "en"));
}

#[test]
fn a_bad_query_disables_itself_and_what_refers_to_it() {
    let compiled = compile(&[
        ("good", "oil"),
        ("bad", "(oil"),
        ("user", "topic:good AND gas"),
        ("victim", "topic:bad OR gas"),
        ("behind", "topic:victim AND gas"),
        ("a", "topic:b OR x"),
        ("b", "topic:c OR x"),
        ("c", "topic:a OR x"),
        ("self", "topic:self OR x"),
    ]);
    assert_eq!(compiled.set.ids().collect::<Vec<_>>(), ["good", "user"]);
    assert_eq!(compiled.disabled, 7);
    let said = |id: &str| {
        let own = compiled.problems.iter().filter(|problem| problem.id == id);
        own.map(|problem| problem.diagnostic.to_string())
            .collect::<String>()
    };
    assert!(said("bad").contains("not closed"));
    assert!(said("victim").contains("no usable query `bad`"));
    assert!(said("behind").contains("refers to `victim`"));
    assert!(said("a").contains("a → b → c → a"), "{}", said("a"));
    assert!(said("self").contains("self → self"));
}

#[test]
fn of_two_with_one_id_the_last_counts() {
    let compiled = compile(&[("q", "oil"), ("q", "gas")]);
    assert_eq!((compiled.set.len(), compiled.disabled), (1, 1));
    let set = Arc::new(compiled.set);
    assert_eq!(ids(&set, &build(None, Some("gas"), None), "en"), ["q"]);
    assert!(ids(&set, &build(None, Some("oil"), None), "en").is_empty());
}

#[test]
fn references_borrow_evidence_and_topics_count() {
    let set = Arc::new(
        compile(&[
            ("energy", "oil OR gas"),
            ("deal", "topic:energy AND price"),
            ("deals", "topic:deal AND NOT topic:medtop:11000000"),
            ("sport", "topic:15000000"),
        ])
        .set,
    );
    let document = build(None, Some("The price of oil rose."), None);
    let matches = set.matches(&subject(&document, "en"));
    let found: Vec<_> = matches
        .iter()
        .map(|one| {
            (
                one.id(),
                one.evidence().map(|place| place.term).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("deal", vec!["price", "oil"]),
            ("deals", vec!["price", "oil"]),
            ("energy", vec!["oil"]),
            ("sport", vec![]),
        ]
    );
}

#[test]
fn evidence_shows_what_decided() {
    let set = Arc::new(compile(&[("q", "((oil NEAR/2 price) OR (gas AND coal)) NOT x")]).set);
    let document = build(
        Some("Oil"),
        Some("The oil price rose, and gas did not. Later the price of bread."),
        None,
    );
    let matches = set.matches(&subject(&document, "en"));
    let one = matches.iter().next().unwrap();
    let places: Vec<_> = one
        .evidence()
        .map(|place| (place.term, place.field, place.start, place.end))
        .collect();
    assert_eq!(
        places,
        [("oil", 1, 4, 7), ("price", 1, 8, 13)],
        "not the title's oil, not gas without coal"
    );
    assert!(one.score() > 1.9);
}

#[test]
fn languages_zones_and_scores_filter() {
    let with = |change: fn(&mut Definition)| {
        let mut definition = Definition::new("q", "oil");
        change(&mut definition);
        Arc::new(
            QuerySet::compile(
                vec![Sourced::of(definition)],
                &QueryOptions::default(),
                None,
            )
            .set,
        )
    };
    let document = build(
        Some("Oil"),
        Some("The price of bread rose again on Monday."),
        None,
    );
    let found = |set: &Arc<QuerySet>, language| !ids(set, &document, language).is_empty();
    let arabic = with(|d| d.langs = vec!["zh".to_owned()]);
    assert!(found(&arabic, "zh-Hans") && !found(&arabic, "en"));
    assert!(found(&with(|d| d.zones = vec![Zone::Title]), "en"));
    assert!(!found(&with(|d| d.zones = vec![Zone::Body]), "en"));
    assert!(
        found(&with(|d| d.min_score = 1.9), "en"),
        "the headline counts twice"
    );
    assert!(!found(&with(|d| d.min_score = 2.1), "en"));
    assert!(!found(&with(|d| d.enabled = false), "en"));
}

#[test]
fn no_query_stalls_an_article() {
    let options = QueryOptions {
        query_steps: 5_000,
        ..QueryOptions::default()
    };
    let many: Vec<String> = (0..60)
        .map(|n| format!("\"a b a b a b\"~{}", n + 20))
        .collect();
    let definitions = vec![
        Sourced::of(Definition::new("heavy", &many.join(" OR "))),
        Sourced::of(Definition::new("light", "b")),
    ];
    let set = Arc::new(QuerySet::compile(definitions, &options, None).set);
    let document = build(None, Some(&"a c b c ".repeat(2000)), None);
    let matches = set.matches(&subject(&document, "en"));
    assert_eq!(matches.over_budget().collect::<Vec<_>>(), ["heavy"]);
    assert_eq!(
        matches.iter().map(|found| found.id()).collect::<Vec<_>>(),
        ["light"]
    );
    let tight = QueryOptions {
        article_steps: 0,
        ..QueryOptions::default()
    };
    let set = Arc::new(
        QuerySet::compile(
            vec![Sourced::of(Definition::new("q", "\"a c\""))],
            &tight,
            None,
        )
        .set,
    );
    assert_eq!(
        set.matches(&subject(&document, "en")).over_budget().count(),
        1
    );
}

#[test]
fn explanations_tell_which_part_fails() {
    let set = Arc::new(compile(&[("q", "(oil OR gas) AND \"price war\" NOT bread")]).set);
    let document = build(None, Some("The price of oil, and bread."), None);
    let explained = set.explain("q", &subject(&document, "en")).unwrap();
    assert!(!explained.matches && explained.language);
    let parts: Vec<_> = explained
        .tree
        .parts
        .iter()
        .map(|part| (part.what.as_str(), part.holds))
        .collect();
    assert_eq!(
        parts,
        [
            ("one of", true),
            ("\"price war\"", false),
            ("none of", false)
        ]
    );
    assert_eq!(explained.tree.parts[0].parts[0].places, [(0, 13, 16)]);
    assert!(set.explain("x", &subject(&document, "en")).is_none());
}

#[test]
fn explanations_name_the_field_and_what_the_article_has() {
    let set = Arc::new(
        compile(&[(
            "q",
            "oil AND (lang:(fr OR de) OR source:example.org OR author:\"Ann Lee\" OR topic:medtop:17000000)",
        )])
        .set,
    );
    let document = build(None, Some("The price of oil."), None);
    let explained = set.explain("q", &subject(&document, "en")).unwrap();
    let parts: Vec<_> = explained.tree.parts[1]
        .parts
        .iter()
        .map(|part| (part.what.as_str(), part.count, part.instead.as_deref()))
        .collect();
    let language = Some("the article is in en");
    let other = Some("the article has another, or none");
    assert_eq!(
        parts,
        [
            ("lang:fr", None, language),
            ("lang:de", None, language),
            ("source:example.org", None, other),
            ("author:\"Ann Lee\"", None, other),
            ("topic:medtop:17000000", None, other),
        ]
    );
}

#[test]
fn a_match_without_words_has_score_zero() {
    let set = Arc::new(compile(&[("q", "lang:en")]).set);
    let document = build(None, Some("The price of oil."), None);
    let found = set.matches(&subject(&document, "en"));
    assert!(
        found
            .iter()
            .all(|one| one.score() == 0.0 && one.score().is_sign_positive())
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn hard_wrapped_lines_are_one_paragraph() {
    let text = "The ministry spoke of the central\nbank on Monday.\nThe governor did not answer.\n\nPrices rose";
    assert!(hits("\"central bank\"", text, "en"));
    assert!(!hits("\"monday the governor\"", text, "en"));
    assert!(hits("ministry /s bank", text, "en") && !hits("bank /s governor", text, "en"));
    assert!(!hits("bank /p prices", text, "en"));
}
