//! News of the sections of newspapers, with what lies between two of them.

use std::collections::BTreeMap;

use super::sample::document;
use super::*;

/// The file of a language: code, narrow code or empty, title, text.
macro_rules! sections {
    ($language:literal) => {
        include_str!(concat!(
            "../../tests/fixtures/topics/sections_",
            $language,
            ".tsv"
        ))
    };
}

/// Right, given and expected articles of a section.
#[derive(Default)]
struct Section {
    right: usize,
    given: usize,
    expected: usize,
}

impl Section {
    fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.given + self.expected).max(1) as f64
    }
}

/// Code, title and text.
fn parse(file: &'static str) -> Vec<[&'static str; 3]> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [code, _, title, text] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            [code, title, text]
        })
        .collect()
}

#[test]
fn sections_are_told_apart() {
    // Every topic with a word is shown, however weak.
    let tagger = TopicTagger::new(&TopicSettings {
        threshold: f32::MIN_POSITIVE,
        min_score: 0.0,
        max_topics: 100,
        ..TopicSettings::default()
    })
    .unwrap();
    // Language, file, fewest articles, sections.
    let files = [
        ("de", sections!("de"), 270, 9),
        ("en", sections!("en"), 190, 5),
        ("fr", sections!("fr"), 140, 7),
        ("hi", sections!("hi"), 400, 10),
        ("id", sections!("id"), 400, 11),
        ("pt", sections!("pt"), 200, 11),
        ("tr", sections!("tr"), 280, 6),
    ];
    for (language, file, fewest, sections) in files {
        let items = parse(file);
        assert!(items.len() >= fewest, "{language}: {} items", items.len());
        tell_apart(&tagger, language, &items, sections);
    }
}

/// The best topic among those of the file is right, by macro-F1, and so is what is called sure.
#[track_caller]
fn tell_apart(tagger: &TopicTagger, language: &str, items: &[[&str; 3]], count: usize) {
    let mut sections: BTreeMap<&str, Section> = BTreeMap::new();
    for [code, ..] in items {
        sections.entry(code).or_default().expected += 1;
    }
    assert_eq!(sections.len(), count, "{language}");
    let (mut sure, mut sure_right, mut wrong) = (0, 0, String::new());
    for [code, title, text] in items {
        let tags = tagger.tag(&document(title, text), language).tags;
        let found = tags.iter().find_map(|tag| {
            let section = sections.get_mut(tag.id.strip_prefix("medtop:")?)?;
            section.given += 1;
            section.right += usize::from(tag.id.ends_with(code));
            Some(tag)
        });
        let right = found.is_some_and(|tag| tag.id.ends_with(code));
        let certain = found.is_some_and(|tag| tag.confidence >= 0.9);
        sure += usize::from(certain);
        sure_right += usize::from(certain && right);
        if !right {
            wrong += &format!("{code} {title}: {:?}\n", found.map(|tag| &tag.id));
        }
    }
    let f1 = sections.values().map(Section::f1).sum::<f64>() / sections.len() as f64;
    assert!(f1 >= 0.95, "{language}: macro-F1 {f1:.3}\n{wrong}");
    assert!(
        sure_right * 25 >= sure * 24 && sure * 10 >= items.len() * 7,
        "{language}: {sure_right} of {sure} sure ones of {}\n{wrong}",
        items.len()
    );
}
