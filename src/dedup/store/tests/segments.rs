//! Segments and merges by themselves.

use proptest::prelude::*;

use super::super::folder::Folder;
use super::super::merge::merge;
use super::super::seal::seal;
use super::super::segment::Segment;
use super::*;

/// Articles as lists of keys with marks.
type Articles = Vec<Vec<(u64, u8)>>;

/// Few keys that differ early, late, or not at all, beside many that are spread.
fn articles() -> impl Strategy<Value = Articles> {
    let key = prop_oneof![
        (0_u64..6).prop_map(|low| low),
        (0_u64..6).prop_map(|high| high << 61),
        (0_u64..6).prop_map(|middle| 7 << 60 | middle << 20),
        (0_u64..6).prop_map(|middle| 7 << 60 | middle << 30),
        Just(u64::MAX),
        any::<u64>(),
    ];
    let keys = prop::collection::btree_map(key, any::<u8>(), 0..12);
    let article = keys.prop_map(|keys| keys.into_iter().collect());
    prop::collection::vec(article, 1..60)
}

fn head(first: u64, articles: &[Vec<(u64, u8)>]) -> Head {
    let mut head = Head::new(first);
    for (place, keys) in articles.iter().enumerate() {
        head.push(&record(first + place as u64), keys, 1_000);
    }
    head
}

fn record(number: u64) -> Vec<u8> {
    vec![number as u8; number as usize % 50]
}

/// Whether the segment answers as an exact index would, if two keys that share so many first bits are one.
fn check(segment: &Segment, first: u64, articles: &Articles) {
    let bits = segment.shape().known_bits;
    let known = |key: u64| key >> (64 - bits);
    let mut keys: Vec<u64> = articles.iter().flatten().map(|(key, _)| *key).collect();
    keys.extend([0, 1, 1 << 63, u64::MAX - 1, 0x1234_5678_9abc_def0]);
    let [mut found, mut read] = [Vec::new(), Vec::new()];
    segment.look_up(&keys, false, &mut |place, posting| {
        found.push((place, posting));
        ControlFlow::Continue(())
    });
    segment.look_up(&keys, true, &mut |place, posting| {
        read.push((place, posting));
        ControlFlow::Continue(())
    });
    assert_eq!(found, read);
    for (place, key) in keys.into_iter().enumerate() {
        let mut expected: Vec<Posting> = Vec::new();
        for (number, article) in articles.iter().enumerate() {
            let mut marks: Vec<u8> = article
                .iter()
                .filter(|(other, _)| known(*other) == known(key))
                .map(|(_, mark)| *mark)
                .collect();
            marks.sort_unstable();
            let article = first + number as u64;
            expected.extend(marks.into_iter().map(|mark| Posting { article, mark }));
        }
        assert_eq!(oldest(segment, key), expected, "{key:x}");
        expected.reverse();
        assert_eq!(newest(segment, key), expected, "{key:x}");
        let batch: Vec<Posting> = found
            .iter()
            .filter(|(other, _)| *other == place)
            .map(|(_, posting)| *posting)
            .collect();
        assert_eq!(batch, expected, "{key:x}");
    }
    for number in 0..articles.len() as u64 {
        assert_eq!(
            segment.record(first + number),
            Some(&*record(first + number))
        );
    }
    assert_eq!(segment.record(first + articles.len() as u64), None);
    assert_eq!(
        first
            .checked_sub(1)
            .and_then(|before| segment.record(before)),
        None
    );
    let mut buffer = Vec::new();
    (0..segment.blocks()).for_each(|block| segment.check_block(block, &mut buffer).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_segment_answers_as_its_head(articles in articles(), first in 0_u64..1_000) {
        let path = tempfile::tempdir().unwrap();
        let folder = Folder::lock(path.path(), false).unwrap();
        let head = head(first, &articles);
        for (key, _) in articles.iter().flatten() {
            let mut expected: Vec<Posting> = Vec::new();
            for (number, article) in articles.iter().enumerate() {
                let own = article.iter().filter(|(other, _)| other == key);
                expected.extend(own.map(|(_, mark)| Posting { article: first + number as u64, mark: *mark }));
            }
            assert_eq!(oldest(&head, *key), expected);
            expected.reverse();
            assert_eq!(newest(&head, *key), expected);
        }
        let segments = seal(&folder, &head, &mut 1).unwrap();
        prop_assert_eq!(segments.len(), 1);
        check(&segments[0], first, &articles);
    }

    #[test]
    fn a_merged_segment_answers_as_its_parts(
        articles in articles(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
        last in any::<bool>(),
    ) {
        let path = tempfile::tempdir().unwrap();
        let folder = Folder::lock(path.path(), false).unwrap();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(articles.len())).collect();
        cuts.extend([0, articles.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let (mut parts, mut id) = (Vec::new(), 1);
        for range in cuts.windows(2) {
            let head = head(100 + range[0] as u64, &articles[range[0]..range[1]]);
            parts.extend(seal(&folder, &head, &mut id).unwrap());
        }
        let mut go_on = || Ok(ControlFlow::Continue(()));
        let merged = merge(&folder, &parts, id, last, &mut go_on).unwrap().unwrap();
        prop_assert_eq!(merged.shape().key_bytes, if last { 2 } else { 4 });
        check(&merged, 100, &articles);
        // And once more, as it happens when a part of the window was forgotten.
        let head = head(100 + articles.len() as u64, &articles);
        let more = seal(&folder, &head, &mut (id + 1)).unwrap();
        let both = [vec![merged], more].concat();
        let merged = merge(&folder, &both, id + 2, true, &mut go_on).unwrap().unwrap();
        check(&merged, 100, &[articles.clone(), articles].concat());
    }
}

#[test]
fn a_merge_that_is_stopped_leaves_no_file() {
    let path = tempfile::tempdir().unwrap();
    let folder = Folder::lock(path.path(), false).unwrap();
    let mut parts = seal(&folder, &head(0, &vec![vec![(1, 1)]; 5]), &mut 1).unwrap();
    parts.extend(seal(&folder, &head(5, &vec![vec![(1, 1)]; 5]), &mut 2).unwrap());
    let stopped = merge(&folder, &parts, 3, true, &mut || Ok(ControlFlow::Break(()))).unwrap();
    assert!(stopped.is_none());
    let listing = folder.list().unwrap();
    assert_eq!(
        (listing.segments, listing.unfinished.len()),
        (vec![1, 2], 0)
    );
}

/// A key in the same bucket.
fn other(key: u64, number: u64) -> u64 {
    key ^ (number << 30)
}

/// Many postings of one key are found by halving, and looking up stops early.
#[test]
fn a_key_of_many_articles() {
    let path = tempfile::tempdir().unwrap();
    let folder = Folder::lock(path.path(), false).unwrap();
    let popular = key(1);
    let articles: Articles = (0..3_000)
        .map(|number| vec![(popular, 1), (other(popular, number % 3 + 1), 2)])
        .collect();
    let segments = seal(&folder, &head(0, &articles), &mut 1).unwrap();
    for key in [popular, other(popular, 1), other(popular, 4)] {
        let mut expected: Vec<u64> = (0..3_000)
            .filter(|number| key == popular || other(popular, number % 3 + 1) == key)
            .collect();
        let numbers = |postings: Vec<Posting>| -> Vec<u64> {
            postings.iter().map(|posting| posting.article).collect()
        };
        assert_eq!(numbers(oldest(&*segments[0], key)), expected);
        expected.reverse();
        assert_eq!(numbers(newest(&*segments[0], key)), expected);
    }
    let mut seen = 0;
    let outcome = segments[0].newest(popular, &mut |posting| {
        seen += 1;
        assert_eq!(posting.article, 3_000 - seen);
        if seen == 5 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    assert!(outcome.is_break());
    assert_eq!(seen, 5);
}
