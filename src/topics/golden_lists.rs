//! Lists of terms: those of a customer, and the shipped ones.

use super::analyser::Analyser;
use super::golden::{ids, tagger};
use super::lexicon::{Lexicon, SHIPPED, parse};
use super::sample::document;
use super::taxonomy::Taxonomy;
use super::*;

#[test]
fn own_lists_override_extend_and_add_languages() {
    let folder = tempfile::tempdir().unwrap();
    let page = document(
        "Zorbing final",
        "The zorbing final drew a crowd. Zorbing is new here.",
    );
    let before = tagger();
    assert!(!ids(&before.tag(&page, "en").tags).contains(&"medtop:20001108"));
    std::fs::write(
        folder.path().join("en.tsv"),
        "# ours\n20001108\tzorbing\t5\n15000000\ttennis\t0\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("eo.tsv"), "11000000\tbalot*\t5\n").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a list").unwrap();
    let settings = TopicSettings {
        lexicons: Some(folder.path().to_owned()),
        ..TopicSettings::default()
    };
    let after = TopicTagger::new(&settings).unwrap();
    assert_eq!(
        ids(&after.tag(&page, "en").tags),
        ["medtop:15000000", "medtop:20001108"]
    );
    assert!(
        after
            .tag(&document("", "Tennis."), "en")
            .near_misses
            .is_empty()
    );
    assert_eq!(
        ids(&after.tag(&document("Balotado", "La balotado."), "eo").tags),
        ["medtop:11000000"]
    );
    let more: Vec<&str> = after
        .languages()
        .filter(|own| before.languages().all(|other| other != *own))
        .collect();
    assert_eq!(more, ["eo"]);
    assert_ne!(before.generation(), after.generation());
    assert_eq!(before.generation(), tagger().generation());
    assert_eq!(before.generation().len(), 16);
}

#[test]
fn bad_lists_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TopicSettings {
        lexicons: Some(folder.path().to_owned()),
        ..TopicSettings::default()
    };
    std::fs::write(folder.path().join("en.tsv"), "11000000\tvote\t9\n").unwrap();
    std::fs::write(folder.path().join("English.tsv"), "").unwrap();
    let message = TopicTagger::new(&settings).unwrap_err().to_string();
    assert!(message.contains("en.tsv:1: weight \"9\""), "{message}");
    assert!(
        message.contains("English.tsv: the name must be"),
        "{message}"
    );
    let missing = TopicSettings {
        lexicons: Some(folder.path().join("missing")),
        ..TopicSettings::default()
    };
    let message = TopicTagger::new(&missing).unwrap_err().to_string();
    assert!(
        message.starts_with("cannot read topics.lexicons") && message.contains("missing"),
        "{message}"
    );
}

/// Not a rule, but what whoever keeps the lists should see: how many terms speak for several broad topics.
#[test]
fn terms_of_several_topics_are_few() {
    let taxonomy = Taxonomy::shipped().unwrap();
    for (language, source) in SHIPPED {
        let lines = parse(source, language, Analyser::of(language), &taxonomy, false).unwrap();
        let all = lines.len();
        let lexicon = Lexicon::merge(language, Vec::new(), lines, &taxonomy);
        assert!(
            lexicon.notes.len() * 20 < all,
            "{language}: {} of {all}\n{}",
            lexicon.notes.len(),
            lexicon.notes.join("\n")
        );
    }
}

/// Weight from which on a word is more than a hint.
const GOOD: f32 = 3.0;

/// The first column of a list's lines.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('\t').next())
}

/// Stems, prefixes and folding bring words together that have nothing to do with each other.
#[test]
fn everyday_words_speak_for_no_topic() {
    let tagger = tagger();
    let mut wrong = String::new();
    for (language, words) in [
        (
            "ar",
            include_str!("../../tests/fixtures/topics/everyday_ar.txt"),
        ),
        (
            "de",
            include_str!("../../tests/fixtures/topics/everyday_de.txt"),
        ),
        (
            "en",
            include_str!("../../tests/fixtures/topics/everyday_en.txt"),
        ),
        (
            "fr",
            include_str!("../../tests/fixtures/topics/everyday_fr.txt"),
        ),
        (
            "pt",
            include_str!("../../tests/fixtures/topics/everyday_pt.txt"),
        ),
        (
            "tr",
            include_str!("../../tests/fixtures/topics/everyday_tr.txt"),
        ),
    ] {
        for word in entries(words) {
            let found = tagger.tag(&document("", word), language);
            let all = found.tags.iter().chain(&found.near_misses);
            for evidence in all.flat_map(|tag| &tag.evidence) {
                if evidence.weight >= GOOD {
                    wrong += &format!("{language} {word} counts as {}\n", evidence.term);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Sentences about nothing in the news have no topic, though their words may be hints.
#[test]
fn everyday_sentences_have_no_topic() {
    let tagger = tagger();
    let mut wrong = String::new();
    for (language, sentences) in [
        (
            "es",
            include_str!("../../tests/fixtures/topics/sentences_es.txt"),
        ),
        (
            "fa",
            include_str!("../../tests/fixtures/topics/sentences_fa.txt"),
        ),
        (
            "it",
            include_str!("../../tests/fixtures/topics/sentences_it.txt"),
        ),
        (
            "ja",
            include_str!("../../tests/fixtures/topics/sentences_ja.txt"),
        ),
        (
            "ru",
            include_str!("../../tests/fixtures/topics/sentences_ru.txt"),
        ),
    ] {
        for sentence in entries(sentences) {
            for tag in tagger.tag(&document("", sentence), language).tags {
                wrong += &format!(
                    "{language} {sentence}: {} for {:?}\n",
                    tag.label, tag.evidence
                );
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
