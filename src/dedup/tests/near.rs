//! The comparison: weights, coverage, and what no stream may break.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::near::{Compared, Earlier, Relation, Shared, Subject, compare, mark};
use super::super::sketch::{Shingle, Sketch};
use super::*;

static SETTINGS: LazyLock<NearSettings> = LazyLock::new(NearSettings::default);
static NONE: LazyLock<(Sample, WordBits, Headline)> = LazyLock::new(Default::default);

/// A text of so many shingles, all kept, the first half of them in the first half of the text.
fn sketch(count: u32) -> Sketch {
    let shingle = |number: u32| Shingle {
        hash: u64::from(number),
        level: 0,
        first_half: number < count / 2,
        token: number,
        tokens: 3,
    };
    Sketch {
        shingles: (0..count).map(shingle).collect(),
        level: 0,
        words: count + 2,
    }
}

fn subject(sketch: &Sketch, source: u32) -> Subject<'_> {
    Subject {
        source: Some(source),
        story: [0, 0],
        embedded: &[],
        sketch,
        headline: &NONE.2,
        words: &NONE.1,
        figures: &NONE.0,
        names: &NONE.0,
    }
}

fn earlier(sketch: &Sketch, source: u32, cluster: u64) -> Earlier {
    Earlier {
        source: Some(source),
        cluster,
        story: [0, 0],
        embedded: Vec::new(),
        level: sketch.level,
        counts: sketch.counts(),
        headline: Headline::default(),
        words: WordBits::default(),
        figures: Sample::default(),
        names: Sample::default(),
    }
}

/// What an article with this sketch shares when each earlier one has these of its shingles.
fn shared(sketch: &Sketch, has: &[Vec<u32>]) -> Vec<Shared> {
    let mut shared: Vec<Shared> = (0_u64..)
        .zip(has)
        .flat_map(|(article, list)| {
            list.iter().map(move |shingle| Shared {
                shingle: *shingle,
                article,
                mark: mark(&sketch.shingles[*shingle as usize]),
            })
        })
        .collect();
    shared.sort_by_key(|each| (each.shingle, each.article));
    shared
}

fn compared(sketch: &Sketch, sources: &[u32], has: &[Vec<u32>]) -> Compared {
    compare(
        &subject(sketch, 0),
        &shared(sketch, has),
        &SETTINGS,
        |article| Some(earlier(sketch, *sources.get(article as usize)?, article)),
    )
}

#[test]
fn what_recurs_on_one_source_counts_little_and_agency_copy_counts_whole() {
    let sketch = sketch(40);
    let everything: Vec<u32> = (0..40).collect();
    let ten: Vec<u32> = (0..10).collect();
    // Nine sources with the whole story: agency copy.
    let sources: Vec<u32> = (1..10).collect();
    let found = compared(&sketch, &sources, &vec![everything; 9]);
    assert_eq!(found.matches.len(), 9);
    for each in &found.matches {
        assert_eq!(
            (each.this, each.of, each.relation),
            (1.0, 1.0, Relation::Near)
        );
    }
    assert!(found.fresh.iter().all(|fresh| *fresh));
    // The same ten shingles nine times on this source: each counts a hundredth, and is not remembered again.
    let found = compared(&sketch, &[0; 9], &vec![ten; 9]);
    for each in &found.matches {
        assert!(each.this < 0.01, "{each:?}");
        assert_eq!(each.relation, Relation::None);
        // What is published as coverage is how much there really is.
        let plain = [each.plain.this, each.plain.of];
        assert_eq!((plain, each.shingles), ([0.25; 2], 10));
    }
    let fresh = found.fresh.iter().filter(|fresh| **fresh).count();
    assert_eq!(fresh, 30);
}

/// A site that has five versions of a story makes no boilerplate of it for those who rewrite it.
#[test]
fn versions_of_a_story_count_once() {
    let sketch = sketch(40);
    let half: Vec<u32> = (0..20).collect();
    let found = compare(
        &subject(&sketch, 0),
        &shared(&sketch, &vec![half; 5]),
        &SETTINGS,
        |article| {
            Some(Earlier {
                story: [41, 50 + article as u32],
                ..earlier(&sketch, 1, 7)
            })
        },
    );
    let first = found.matches.first().unwrap();
    assert_eq!((first.this, first.relation), (0.5, Relation::Near));
    // Formulas that fell into one cluster have headlines and leads of their own.
    let formulas = compare(
        &subject(&sketch, 0),
        &shared(&sketch, &vec![(0..20).collect(); 5]),
        &SETTINGS,
        |article| {
            Some(Earlier {
                story: [40 + article as u32, 50 + article as u32],
                ..earlier(&sketch, 1, 7)
            })
        },
    );
    assert!(formulas.matches[0].this < 0.05, "{formulas:?}");
}

#[test]
fn a_story_cut_to_its_beginning_is_covered_whole() {
    let (whole, cut) = (sketch(60), sketch(24));
    let all: Vec<u32> = (0..24).collect();
    let found = compare(&subject(&cut, 0), &shared(&cut, &[all]), &SETTINGS, |_| {
        Some(earlier(&whole, 1, 0))
    });
    let first = found.matches.first().unwrap();
    assert_eq!((first.this, first.shingles), (1.0, 24));
    assert!((first.of - 0.4).abs() < 1e-6, "{first:?}");
    assert_eq!(first.similarity(), first.this);
    assert_eq!(first.relation, Relation::Near);
}

#[test]
fn what_another_story_has_besides_the_best_is_known() {
    let sketch = sketch(40);
    let has = [(0..22).collect(), (16..32).collect(), (0..10).collect()];
    let found = compared(&sketch, &[1, 2, 3], &has);
    let beside: Vec<(u64, f32)> = found
        .matches
        .iter()
        .map(|each| (each.article, each.beside))
        .collect();
    assert_eq!(beside, [(0, 0.0), (1, 0.25), (2, 0.0)]);
}

#[test]
fn text_that_is_shared_at_the_end_only_is_a_quotation_at_most() {
    let sketch = sketch(100);
    let found = compared(&sketch, &[1], &[(50..100).collect()]);
    let first = found.matches.first().unwrap();
    assert!(!first.leading && first.this == 0.5, "{first:?}");
    assert_eq!(first.relation, Relation::Partial);
}

#[test]
fn a_few_passages_in_the_middle_are_a_quotation() {
    let sketch = sketch(200);
    let relation = |shared: Vec<u32>| {
        let found = compared(&sketch, &[1], &[shared]);
        let first = found.matches.first().unwrap();
        assert!(first.similarity() < 0.3, "{first:?}");
        (first.passages, first.relation)
    };
    // As much in two passages, also where the second is the end, as background is, and where a name stands at the beginning.
    let quoted = (80..104).chain(120..144).collect();
    assert_eq!(relation(quoted), (2, Relation::Partial));
    let background = (80..104).chain(176..200).collect();
    assert_eq!(relation(background), (2, Relation::Partial));
    let name = (0..2).chain(80..104).chain(178..200).collect();
    assert_eq!(relation(name), (3, Relation::Partial));
    // At the beginning and all over the article: so are copies.
    assert_eq!(relation((0..48).collect()), (1, Relation::Near));
    let spread = (50..146).step_by(2).collect();
    assert_eq!(relation(spread), (48, Relation::Near));
}

#[test]
fn articles_that_are_forgotten_meanwhile_are_left_out() {
    let sketch = sketch(30);
    let all: Vec<u32> = (0..30).collect();
    let found = compare(
        &subject(&sketch, 0),
        &shared(&sketch, &[all]),
        &SETTINGS,
        |_| None,
    );
    assert_eq!(found.matches, []);
    assert_eq!(found.fresh, [true; 30]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shares_are_shares_and_the_best_comes_first(
        count in 1..120_u32,
        sources in proptest::collection::vec(0..5_u32, 1..12),
        wanted in proptest::collection::vec(proptest::collection::btree_set(0..120_u32, 0..120), 12),
    ) {
        let sketch = sketch(count);
        let has: Vec<Vec<u32>> = sources
            .iter()
            .zip(&wanted)
            .map(|(_, set)| set.iter().copied().filter(|each| *each < count).collect())
            .collect();
        let found = compared(&sketch, &sources, &has);
        prop_assert_eq!(found.fresh.len(), count as usize);
        for each in &found.matches {
            for share in [each.this, each.of, each.plain.this, each.plain.of, each.beside] {
                prop_assert!((0.0..=1.0).contains(&share), "{each:?}");
            }
            prop_assert_eq!(each.shingles as usize, has[each.article as usize].len());
            prop_assert!(each.words <= sketch.words as f32 + 0.01);
        }
        prop_assert_eq!(found.matches.len(), has.iter().filter(|list| !list.is_empty()).count());
        let better = |pair: &[crate::dedup::near::Match]| {
            (pair[1].relation, pair[1].similarity()) <= (pair[0].relation, pair[0].similarity())
        };
        prop_assert!(found.matches.windows(2).all(better));
        // In whatever order the articles are numbered, an article of another source that has everything is a copy.
        let mut more = has.clone();
        more.push((0..count).collect());
        let mut from = sources.clone();
        from.push(9);
        let found = compared(&sketch, &from, &more);
        let whole = found.matches.iter().find(|each| each.article as usize == has.len()).unwrap();
        prop_assert!((whole.this - 1.0).abs() < 1e-3 && (whole.of - 1.0).abs() < 1e-3, "{whole:?}");
    }
}
