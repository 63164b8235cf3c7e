use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::text::document::{Block, DocumentField, ZoneKind};

/// A body of these words; words of one letter stand for characters of a script without spaces.
fn document(words: &[String]) -> Document {
    let mut document = Document::default();
    for word in words {
        let folded_start = document.folded.len() as u32;
        document.folded.push_str(word);
        document.tokens.push(Token {
            folded_start,
            folded_end: document.folded.len() as u32,
            field: 0,
            start: 0,
            end: 0,
            single: word.chars().count() == 1,
            ..Token::default()
        });
    }
    document.fields.push(DocumentField {
        role: Role::Body,
        pointer: "/text".to_owned(),
        text: String::new(),
        blocks: vec![Block {
            kind: ZoneKind::Lead,
            bytes: 0..0,
            span: 0..0,
            tokens: 0..document.tokens.len() as u32,
            reason: None,
        }],
    });
    document
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("word{number}")).collect()
}

fn hashes(sketch: &Sketch, level: u8) -> HashSet<u64> {
    let kept = sketch.shingles.iter().filter(|each| each.level >= level);
    kept.map(|each| each.hash).collect()
}

#[test]
fn short_texts_keep_every_shingle() {
    let sketch = Sketch::of(&document(&numbered(0..50)));
    assert_eq!((sketch.level, sketch.words), (0, 50));
    assert_eq!(sketch.shingles.len(), 48);
    assert_eq!(
        sketch
            .shingles
            .iter()
            .filter(|each| each.first_half)
            .count(),
        25
    );
    assert!(
        sketch
            .shingles
            .iter()
            .zip(0..)
            .all(|(each, at)| each.token == at && each.tokens == 3)
    );
    assert!(Sketch::of(&document(&numbered(0..2))).shingles.is_empty());
}

#[test]
fn long_texts_keep_a_bounded_sample() {
    for words in [100, 500, 2_000, 20_000] {
        let sketch = Sketch::of(&document(&numbered(0..words)));
        assert!(sketch.level > 0, "{words}");
        assert!(
            sketch.shingles.len() <= KEEP,
            "{words}: {}",
            sketch.shingles.len()
        );
        assert!(
            sketch.shingles.len() >= KEEP / 4,
            "{words}: {}",
            sketch.shingles.len()
        );
        assert_eq!(
            sketch.counts().first().copied(),
            u8::try_from(sketch.shingles.len()).ok()
        );
        assert!(sketch.counts().is_sorted_by(|a, b| a >= b));
    }
}

#[test]
fn characters_of_scripts_without_spaces_count_half() {
    let characters: Vec<String> = (0..40_u32)
        .filter_map(|number| char::from_u32(0x4e00 + number))
        .map(String::from)
        .collect();
    let sketch = Sketch::of(&document(&characters));
    assert_eq!((sketch.words, sketch.shingles.len()), (20, 35));
    assert!(sketch.shingles.iter().all(|each| each.tokens == 6));
}

#[test]
fn a_repeated_passage_counts_once_where_it_first_stands() {
    let mut words = numbered(0..20);
    words.extend(numbered(0..20));
    let sketch = Sketch::of(&document(&words));
    assert_eq!(hashes(&sketch, 0).len(), sketch.shingles.len());
    assert!(
        sketch
            .shingles
            .iter()
            .filter(|each| each.token < 18)
            .count()
            == 18
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// The guarantee of winnowing: a common passage of `w + 2` words has a common shingle of window `w`.
    #[test]
    fn a_common_passage_has_a_common_shingle(
        before in 0..200_usize,
        after in 0..200_usize,
        other in 0..200_usize,
        level in 1..8_u8,
    ) {
        let window = WINDOWS[usize::from(level)];
        let passage = numbered(10_000..10_000 + window + 2);
        let page = |first: usize, count: usize, last: usize| {
            let mut words = numbered(first..first + count);
            words.extend(passage.clone());
            words.extend(numbered(last..last + after));
            let document = document(&words);
            let tokens = story(&document, |_| true);
            let mut shingles = shingles(&document, &tokens, 2 * words.len() as u32);
            assign_levels(&mut shingles);
            shingles.retain(|each| each.level >= level);
            shingles.iter().map(|each| each.hash).collect::<HashSet<_>>()
        };
        let (left, right) = (page(0, before, 1_000), page(2_000, other, 3_000));
        prop_assert!(!left.is_disjoint(&right));
    }

    /// What a larger window keeps, a smaller one keeps too, and each window leaves no gap.
    #[test]
    fn windows_leave_no_gap(values in proptest::collection::vec(0..50_u64, 1..300), level in 0..WINDOWS.len()) {
        let mut list: Vec<Shingle> = values.iter().map(|value| Shingle {
            hash: mixed(*value), level: 0, first_half: false, token: 0, tokens: 3,
        }).collect();
        assign_levels(&mut list);
        let window = WINDOWS[level].min(list.len());
        for run in list.windows(window) {
            let least = run.iter().map(|each| each.hash).min().unwrap();
            let kept = run.iter().rev().find(|each| each.hash == least).unwrap();
            prop_assert!(usize::from(kept.level) >= level);
        }
    }

    #[test]
    fn any_document_has_a_sketch(words in proptest::collection::vec("\\PC{1,6}", 0..400)) {
        let sketch = Sketch::of(&document(&words));
        prop_assert!(sketch.shingles.len() <= KEEP_ALL);
        prop_assert!(sketch.counts().len() <= WINDOWS.len());
    }
}
