//! Languages that are easily taken for a larger neighbour, in sentences of our own: the Sotho languages, Cantonese beside
//! standard Chinese, Nigerian Pidgin beside English, Rundi beside Kinyarwanda.

use std::collections::BTreeMap;

use super::LanguageGuess;
use super::detect_tests::{detector, guess};
use crate::text::page_tests::build;

/// One sentence and what is answered.
struct Answer {
    wanted: &'static str,
    kind: &'static str,
    text: &'static str,
    guess: LanguageGuess,
}

impl Answer {
    fn is_right(&self) -> bool {
        let plain = self.guess.code.split('-').next();
        self.guess.code == self.wanted || plain == Some(self.wanted)
    }
}

fn answers(file: &'static str) -> Vec<Answer> {
    let detector = detector();
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let &[wanted, kind, text] = columns.as_slice() else {
                panic!("{line}");
            };
            let guess = detector.detect(&build(None, Some(text), None), None);
            Answer {
                wanted,
                kind,
                text,
                guess,
            }
        })
        .collect()
}

/// Checks that of each language there are so many sentences and that this share of them is answered right; none is
/// answered wrong with more confidence than `most_sure`.
fn check(answers: &[Answer], fewest: usize, share: f64, most_sure: f32) {
    let wrong: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.is_right())
        .map(|answer| {
            let guess = &answer.guess;
            let (code, confidence) = (guess.code.as_str(), guess.confidence);
            (answer.wanted, code, confidence, answer.text)
        })
        .collect();
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for answer in answers {
        *all.entry(answer.wanted).or_default() += 1;
    }
    for (code, all) in all {
        let missed = wrong.iter().filter(|row| row.0 == code).count();
        assert!(all >= fewest, "{code}: {all}");
        assert!(
            missed as f64 <= (1.0 - share) * all as f64,
            "{code}: {wrong:#?}"
        );
    }
    let sure = wrong.iter().filter(|row| row.2 > most_sure);
    assert_eq!(sure.count(), 0, "{wrong:#?}");
}

#[test]
fn sotho_languages_are_told_apart() {
    let answers = answers(include_str!("../../tests/fixtures/language/sotho.tsv"));
    check(&answers, 60, 0.97, 0.7);
}

#[test]
fn cantonese_and_standard_chinese_are_told_apart() {
    let answers = answers(include_str!("../../tests/fixtures/language/chinese.tsv"));
    check(&answers, 12, 0.97, 0.7);
    let count = |wanted: &str, paragraphs| {
        answers
            .iter()
            .filter(|answer| answer.wanted == wanted)
            .filter(|answer| (answer.kind == "paragraph") == paragraphs)
            .count()
    };
    assert!(count("yue", false) >= 80 && count("yue", true) >= 20);
    assert!(count("zh-Hant", false) >= 80);
}

#[test]
fn a_quotation_does_not_make_an_article_cantonese() {
    let answers = answers(include_str!("../../tests/fixtures/language/chinese.tsv"));
    for answer in answers.iter().filter(|answer| answer.kind == "quoting") {
        assert!(answer.is_right(), "{}: {:?}", answer.text, answer.guess);
        assert!(answer.guess.reliable, "{}", answer.text);
    }
    // Where most is quoted, the quotation is the text.
    assert_eq!(
        guess("佢話：「我唔知點解會咁，你問下佢哋先啦。」").code,
        "yue"
    );
}

#[test]
fn small_neighbours_are_told_apart() {
    let answers = answers(include_str!("../../tests/fixtures/language/neighbours.tsv"));
    check(&answers, 30, 0.9, 0.9);
}

#[test]
fn without_words_of_either_the_group_is_given_with_little_confidence() {
    for text in [
        "Perezida Ndayishimiye na Perezida Tshisekedi baganiriye",
        "Batatu bapfuye abandi batanu barakomereka",
        "Abantu bane bafunzwe muri Kongo",
    ] {
        let guess = guess(text);
        assert!(["rw", "rn"].contains(&guess.code.as_str()), "{guess:?}");
        assert_eq!(guess.group.as_deref(), Some("rw-rn"));
        assert!(!guess.reliable, "{text}: {guess:?}");
    }
}
