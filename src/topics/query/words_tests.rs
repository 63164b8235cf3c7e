use super::*;
use proptest::prelude::*;

fn read(raw: &str) -> Vec<Element> {
    elements(&parts(raw)).elements
}

fn word(text: &str) -> Element {
    Element::Word(text.to_owned())
}

fn letters(text: &str) -> Part {
    Part::Letters(text.to_owned())
}

fn all_forms(word: &str, arabic: bool) -> Vec<String> {
    let mut found = Vec::new();
    forms(word, arabic, |form| found.push(form.to_owned()));
    found
}

#[test]
fn words_are_folded_and_cut_as_texts_are() {
    assert_eq!(read("L'Oréal"), [word("l"), word("oreal")]);
    assert_eq!(read("北京NBA"), [word("北"), word("京"), word("nba")]);
    assert_eq!(read("الحكومة"), [word("حكومه")]);
    assert_eq!(read("الله"), [word("الله")], "two letters would remain");
    assert_eq!(read("a\\*b"), [word("a"), word("b")]);
    assert!(read("— !").is_empty());
}

#[test]
fn wildcards_stay_where_they_are() {
    let star = || Part::Star;
    assert_eq!(
        read("Écon*"),
        [Element::Pattern(vec![letters("econ"), star()])]
    );
    assert_eq!(
        read("wom?n"),
        [Element::Pattern(vec![
            letters("wom"),
            Part::One,
            letters("n")
        ])]
    );
    assert_eq!(
        read("L'Or*"),
        [word("l"), Element::Pattern(vec![letters("or"), star()])]
    );
    assert_eq!(read("foo-*"), [word("foo"), Element::Any]);
    assert_eq!(
        read("breaking * news"),
        [word("breaking"), Element::Any, word("news")]
    );
    assert_eq!(
        read("a**b"),
        [Element::Pattern(vec![letters("a"), star(), letters("b")])]
    );
    assert_eq!(
        read("الحكوم*"),
        [Element::Pattern(vec![letters("حكوم"), star()])]
    );
    assert_eq!(read("北?京"), [word("北"), Element::Any, word("京")]);
    let idle = elements(&parts("北京*"));
    assert_eq!((idle.elements.len(), idle.idle_star), (2, true));
    assert_eq!(
        read("ab*京"),
        [Element::Pattern(vec![letters("ab"), star()]), word("京")]
    );
}

#[test]
fn arabic_words_stand_for_their_forms() {
    assert_eq!(all_forms("وبروسيا", true), ["وبروسيا", "بروسيا", "روسيا"]);
    assert_eq!(all_forms("بروسيا", true), ["بروسيا", "روسيا"]);
    assert_eq!(all_forms("للحكومه", true), ["للحكومه", "لحكومه", "حكومه"]);
    assert_eq!(
        all_forms("والحكومه", true),
        ["والحكومه", "الحكومه", "حكومه"]
    );
    assert_eq!(
        all_forms("بالحكومه", true),
        ["بالحكومه", "الحكومه", "حكومه"]
    );
    assert_eq!(all_forms("ولد", true), ["ولد"]);
    assert_eq!(all_forms("فريق", true), ["فريق"]);
    assert_eq!(all_forms("لمصر", true), ["لمصر", "مصر"]);
    assert_eq!(
        all_forms("بروسيا", false),
        ["بروسيا"],
        "Persian has none of these"
    );
    assert_eq!(all_forms("الحكومه", false), ["الحكومه", "حكومه"]);
    assert_eq!(all_forms("oil", true), ["oil"]);
}

#[test]
fn case_is_told_apart_from_accents() {
    assert_eq!(case_letters("Ünited Ｓtates ﬁ 2"), "UnitedStatesfi");
    assert_eq!(case_letters("وبالروسية 北京"), "");
}

/// The same by trying every way to divide the word.
fn slow(parts: &[Part], word: &str) -> bool {
    match parts.split_first() {
        None => word.is_empty(),
        Some((Part::Letters(letters), rest)) => word
            .strip_prefix(letters.as_str())
            .is_some_and(|word| slow(rest, word)),
        Some((Part::One, rest)) => {
            let mut chars = word.chars();
            chars.next().is_some() && slow(rest, chars.as_str())
        }
        Some((Part::Star, rest)) => word
            .char_indices()
            .map(|(at, _)| at)
            .chain([word.len()])
            .any(|at| slow(rest, &word[at..])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn patterns_fit_as_trying_everything_says(pattern in "[aبé*?]{0,6}", word in "[aبé]{0,8}") {
        let parts = parts(&pattern);
        prop_assert_eq!(fits(&parts, &word), slow(&parts, &word), "{:?}", parts);
    }

    #[test]
    fn forms_are_distinct_ends(word in "[والبكفلنا]{1,9}|.{1,6}", arabic: bool) {
        let found = all_forms(&word, arabic);
        let mut once = found.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), found.len());
        prop_assert!(found.iter().all(|form| !form.is_empty() && word.ends_with(form.as_str())));
    }

    #[test]
    fn any_piece_can_be_cut(raw in ".{0,20}|[a北*?\\\\ ال-]{0,12}") {
        let found = elements(&parts(&raw));
        prop_assert!(found.elements.iter().all(|element| *element != word("")));
    }
}
