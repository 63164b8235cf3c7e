//! Headlines: short, and full of names.

use super::detect_tests::{detector, guess};
use super::*;
use crate::text::page_tests::build;

/// Headlines of our own: code and text.
fn headlines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../tests/fixtures/language/headlines.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

#[test]
fn headlines_full_of_names_have_a_language() {
    let detector = detector();
    let (mut all, mut wrong, mut unknown) = (0, Vec::new(), Vec::new());
    for (wanted, text) in headlines() {
        let guess = detector.detect(&build(None, Some(text), None), None);
        all += 1;
        let right = guess.code == wanted || guess.code.split('-').next() == Some(wanted);
        if guess.code == UNKNOWN {
            unknown.push(text);
        } else if !right {
            wrong.push((wanted, guess.code, guess.confidence, text));
        }
    }
    assert!(all > 240, "{all}");
    assert!(unknown.len() * 50 <= all, "{unknown:#?}");
    assert!(wrong.len() * 20 <= all, "{wrong:#?}");
    let sure = wrong.iter().filter(|row| row.2 >= 0.8);
    assert!(sure.count() <= 1, "{wrong:#?}");
}

#[test]
fn capitals_of_words_change_nothing() {
    for text in [
        "Old Ferry Sinks Off Harbour Wall",
        "Town Council Votes to Keep Old Ferry",
    ] {
        let (titled, small) = (guess(text), guess(&text.to_lowercase()));
        assert_eq!((titled.code.as_str(), small.code.as_str()), ("en", "en"));
        assert!(
            (titled.confidence - small.confidence).abs() < 0.01,
            "{text}"
        );
    }
}

#[test]
fn names_in_latin_letters_do_not_decide() {
    for (code, text) in [
        ("zh-Hans", "传Ferrymatic拟与对手Boatsquare合并，工会反对"),
        (
            "ru",
            "Ferrymatic International купит Boatsquare, чтобы вырасти ещё",
        ),
        (
            "ko",
            "Ferrymatic, Boatsquare 인수 추진한다고 오늘 공식 발표",
        ),
    ] {
        assert_eq!(guess(text).code, code, "{text}");
    }
    assert_eq!(
        guess("Mayor Li Qiang (李强) of the harbour town resigns").code,
        "en"
    );
}

/// Where a headline does not tell its language, the publisher's word decides whose words are looked up, if it can be true.
#[test]
fn words_are_those_of_the_declared_language_where_the_text_does_not_tell() {
    let of_words = |text: &str, declared| {
        let guess = detector().detect(&build(None, Some(text), None), declared);
        (guess.of_words().to_owned(), guess.code, guess.reliable)
    };
    let headline = "Ciclone Vera segura sabatina";
    let (alone, code, reliable) = of_words(headline, None);
    assert!(!reliable && alone == code, "{code}");
    assert_eq!(of_words(headline, Some("pt-BR")).0, "pt-BR");
    for impossible in ["ar", "ja", "no such language"] {
        assert_eq!(of_words(headline, Some(impossible)).0, code, "{impossible}");
    }
    let clear = "O conselho do porto decidiu na terça-feira à noite manter a velha balsa por mais três anos.";
    let (words, code, reliable) = of_words(clear, Some("es"));
    assert!(reliable && words == code, "{code}");
}
