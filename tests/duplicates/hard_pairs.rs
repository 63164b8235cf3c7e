//! Pairs of news texts that are hard to tell apart, of `tests/fixtures/dedup/hard_pairs.ndjson` and `formula_pairs.ndjson`: how
//! many copies are found and how many strangers accused, each pair in both orders of arrival, each time by a fresh pipeline.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::{Article, complete, verdicts};

/// A file of pairs, and what is asked of the verdicts in each order of arrival.
struct Set {
    name: &'static str,
    file: &'static str,
    copies: usize,
    strangers: usize,
    /// Fewest copies to be found.
    found: usize,
    /// Most strangers that may be taken for copies.
    accused: usize,
    /// Languages with the fewest pairs of each.
    languages: &'static [(&'static str, usize)],
}

const HARD: Set = Set {
    name: "hard pairs",
    file: include_str!("../fixtures/dedup/hard_pairs.ndjson"),
    copies: 53,
    strangers: 77,
    found: 48,
    accused: 1,
    languages: &[("ar", 60), ("en", 25), ("fr", 15), ("ru", 15)],
};

/// The forms are the same to the letter, for up to three quarters of the words: some cannot be told by two texts alone.
const FORMULAS: Set = Set {
    name: "formula pairs",
    file: include_str!("../fixtures/dedup/formula_pairs.ndjson"),
    copies: 40,
    strangers: 60,
    found: 35,
    accused: 9,
    languages: &[("ar", 45), ("en", 25), ("es", 10), ("fr", 10), ("ru", 10)],
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    pair: String,
    lang: String,
    kind: String,
    copy: bool,
    /// Less than a third of the longer article is shared, so that a link is right as well.
    #[serde(default)]
    partial_ok: bool,
    a: Article,
    b: Article,
}

impl Pair {
    /// Whether the later article's verdict says what it should.
    fn is_right(&self, verdict: &Value) -> bool {
        let status = verdict["status"].as_str().unwrap_or_default();
        let accused = matches!(status, "exact" | "near" | "update");
        if self.copy {
            accused || self.partial_ok && status == "partial"
        } else {
            !accused
        }
    }
}

fn pairs(set: &Set) -> Vec<(Pair, Value)> {
    set.file
        .lines()
        .map(|line| {
            let pair = serde_json::from_str(line).expect("a pair as the README describes it");
            (pair, serde_json::from_str(line).expect("JSON"))
        })
        .collect()
}

/// Pairs with the wrong verdict when `order` is the order of arrival: one line each, by kind of mistake.
fn mistakes(pairs: &[(Pair, Value)], order: [&str; 2]) -> (Vec<String>, Vec<String>) {
    let (mut missed, mut accused) = (Vec::new(), Vec::new());
    for (pair, line) in pairs {
        let given = verdicts(&pair.pair, &order.map(|side| &line[side]));
        let verdict = &given[1];
        if pair.is_right(verdict) {
            continue;
        }
        let list = if pair.copy { &mut missed } else { &mut accused };
        list.push(format!(
            "  {} {} {}: {} similarity {} coverage {}\n      a {} | {}\n      b {} | {}",
            pair.pair,
            pair.lang,
            pair.kind,
            verdict["status"],
            verdict["similarity"],
            verdict["coverage"],
            pair.a.source,
            pair.a.title,
            pair.b.source,
            pair.b.title,
        ));
    }
    (missed, accused)
}

#[test]
fn hard_copies_are_found_and_hard_strangers_spared() {
    measure(&HARD);
}

#[test]
fn most_formulas_are_told_from_copies() {
    measure(&FORMULAS);
}

fn measure(set: &Set) {
    let pairs = pairs(set);
    let mut report = String::new();
    let mut right = true;
    for order in [["a", "b"], ["b", "a"]] {
        let (missed, accused) = mistakes(&pairs, order);
        let found = set.copies - missed.len();
        right &= found >= set.found && accused.len() <= set.accused;
        writeln!(
            report,
            "{}, {} then {}: {found} of {} copies found, {} of {} strangers accused\n missed\n{}\n accused\n{}",
            set.name,
            order[0],
            order[1],
            set.copies,
            accused.len(),
            set.strangers,
            missed.join("\n"),
            accused.join("\n"),
        )
        .unwrap();
    }
    println!("{report}");
    assert!(
        right,
        "at least {} copies must be found and at most {} strangers accused\n{report}",
        set.found, set.accused
    );
}

#[test]
fn the_pairs_are_what_their_description_says() {
    for set in [HARD, FORMULAS] {
        let pairs = pairs(&set);
        let copies = pairs.iter().filter(|(pair, _)| pair.copy).count();
        assert_eq!(
            (copies, pairs.len() - copies),
            (set.copies, set.strangers),
            "{}",
            set.name
        );
        let mut ids = BTreeSet::new();
        for (pair, _) in &pairs {
            let name = format!("{} {}", pair.pair, pair.kind);
            assert!(pair.pair.starts_with(&pair.lang), "{name}");
            assert!(!pair.partial_ok || pair.copy, "{name}");
            for article in [&pair.a, &pair.b] {
                complete(&name, article);
                assert!(ids.insert(&article.id), "{name}: an id occurs twice");
                let words = article.text.split_whitespace().count();
                assert!((45..=260).contains(&words), "{name}: {words} words");
            }
            assert_ne!(pair.a.url, pair.b.url, "{name}");
        }
        for (lang, least) in set.languages {
            let of_language = pairs.iter().filter(|(pair, _)| pair.lang == *lang).count();
            assert!(of_language >= *least, "{lang}: {of_language}");
        }
    }
}
