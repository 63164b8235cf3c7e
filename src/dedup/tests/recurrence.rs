//! Repeated paragraphs, and the passages that are shown.

use proptest::prelude::*;

use super::super::passages::passages;
use super::super::recurrence::{BELOW, REPEATED};
use super::*;
use crate::article::{ArticleReader, ReaderSettings};
use crate::text::{Document, DocumentBuilder, TextSettings, ZoneKind};

/// The document of a body with these paragraphs.
fn document(paragraphs: &[&str]) -> Document {
    let payload = serde_json::json!({ "title": "Bridge reopens", "text": paragraphs.join("\n\n") })
        .to_string();
    let reader = ArticleReader::new(&ReaderSettings::default(), "enrichment").unwrap();
    let article = reader.read(payload.as_bytes(), None).unwrap();
    let settings = TextSettings::default();
    DocumentBuilder::new(&settings)
        .unwrap()
        .build(&article, 400_000)
}

/// A paragraph of so many words that no other has.
fn words(name: &str, count: usize) -> String {
    let list: Vec<String> = (0..count).map(|number| format!("{name}{number}")).collect();
    format!("{}.", list.join(" "))
}

/// The kinds of the blocks after setting aside what was seen so often.
fn set_aside(document: &mut Document, seen: &[u32]) -> Vec<(ZoneKind, Option<String>)> {
    let paragraphs = Paragraphs::of(document, Some(7));
    paragraphs.repeated(seen).apply(document);
    let body = document.fields.last().unwrap();
    let kinds = body.blocks.iter();
    kinds
        .map(|block| (block.kind, block.reason.as_deref().map(str::to_owned)))
        .collect()
}

#[test]
fn a_paragraph_of_two_other_stories_is_the_sites_and_ends_the_story() {
    let [a, b, c, d] = [
        words("first", 30),
        words("second", 30),
        words("site", 20),
        words("tail", 9),
    ];
    let mut page = document(&[&a, &b, &c, &d]);
    let kinds = set_aside(&mut page, &[0, 0, 2, 0]);
    assert!(
        kinds[..2].iter().all(|(kind, _)| kind.is_content()),
        "{kinds:?}"
    );
    assert_eq!(kinds[2], (ZoneKind::Repeated, Some(REPEATED.to_owned())));
    assert_eq!(kinds[3], (ZoneKind::Repeated, Some(BELOW.to_owned())));
}

#[test]
fn what_one_other_story_has_is_furniture_only_at_the_end_of_both() {
    let [a, b, c, d] = [
        words("first", 30),
        words("second", 30),
        words("other", 20),
        words("tail", 9),
    ];
    // In the middle it may be a quotation.
    let mut page = document(&[&a, &c, &b, &d]);
    assert!(
        set_aside(&mut page, &[0, 1, 0, 0])
            .iter()
            .all(|(kind, _)| kind.is_content())
    );
    let mut page = document(&[&a, &b, &c, &d]);
    let kinds = set_aside(&mut page, &[0, 0, 1, 1]);
    assert!(
        kinds[2..]
            .iter()
            .all(|(kind, _)| *kind == ZoneKind::Repeated),
        "{kinds:?}"
    );
    // A page that is mostly what another one has is a copy of it, not furniture.
    let mut page = document(&[&a, &b, &c, &d]);
    assert!(
        set_aside(&mut page, &[0, 1, 1, 1])
            .iter()
            .all(|(kind, _)| kind.is_content())
    );
}

#[test]
fn without_a_source_nothing_is_looked_up() {
    let page = document(&[&words("first", 30), &words("second", 30)]);
    let paragraphs = Paragraphs::of(&page, None);
    assert!(paragraphs.list.iter().all(|each| each.key.is_none()));
    assert_eq!(paragraphs.keys(&[0, 0]), Vec::<u64>::new());
    // On two sources the same paragraph has two keys.
    let keys = |source| Paragraphs::of(&page, Some(source)).keys(&[0, 0]);
    assert_eq!(keys(1).len(), 2);
    assert!(keys(1).iter().all(|key| !keys(2).contains(key)));
}

#[test]
fn a_passage_is_a_run_of_shared_words_in_the_published_field() {
    let text = [words("first", 12), words("second", 12)];
    let page = document(&[&text[0], &text[1]]);
    let mut print = print("a", "", "a story");
    print.sketch = Sketch::of(&page);
    let from_body =
        |shingle: &super::super::sketch::Shingle| page.tokens[shingle.token as usize].field == 1;
    let body: Vec<u32> = (0..print.sketch.shingles.len() as u32)
        .filter(|at| from_body(&print.sketch.shingles[*at as usize]))
        .collect();
    let shared = [&body[1..4], &body[9..10]].concat();
    let found = passages(&page, &print, &shared, 0);
    let field = joined(&text);
    let shown: Vec<String> = found
        .iter()
        .map(|each| {
            field
                .chars()
                .skip(each.start as usize)
                .take((each.end - each.start) as usize)
                .collect()
        })
        .collect();
    assert_eq!(
        shown,
        [
            "first1 first2 first3 first4 first5",
            "first9 first10 first11"
        ]
    );
    assert_eq!(
        found.iter().map(|each| each.tokens).collect::<Vec<_>>(),
        [5, 3]
    );
}

#[test]
fn passages_are_joined_over_what_the_sample_leaves_out() {
    let text = [words("first", 300)];
    let page = document(&[&text[0]]);
    let mut print = print("a", "", "a story");
    print.sketch = Sketch::of(&page);
    let level = print.sketch.level;
    assert!(level > 0, "a long text keeps a sample");
    // The earlier article is longer: of these shingles it kept those of a coarser level, and all of them are shared.
    let coarser = level + 2;
    let shared: Vec<u32> = (0..print.sketch.shingles.len() as u32)
        .filter(|at| print.sketch.shingles[*at as usize].level >= coarser)
        .collect();
    assert!(shared.len() > 2 && shared.len() < print.sketch.shingles.len());
    let found = passages(&page, &print, &shared, coarser);
    assert_eq!(found.len(), 1, "{found:?}");
    // At the level of its own sketch the same shingles lie apart.
    assert!(passages(&page, &print, &shared, level).len() > 1);
    // One that is missing parts two passages.
    let gap = [&shared[..1], &shared[2..]].concat();
    assert_eq!(passages(&page, &print, &gap, coarser).len(), 2);
    // Shingles whose words overlap are one passage, whatever their ranks.
    let short = document(&[&words("one", 20)]);
    print.sketch = Sketch::of(&short);
    let every_second: Vec<u32> = (0..18).step_by(2).collect();
    let found = passages(&short, &print, &every_second, 0);
    let tokens: Vec<u32> = found.iter().map(|each| each.tokens).collect();
    assert_eq!(tokens, [19], "{found:?}");
}

fn joined(text: &[String]) -> String {
    text.join("\n\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_looked_up_and_set_aside_within_bounds(
        title in ".{0,60}",
        text in proptest::collection::vec(prop_oneof![".{0,120}", "[a-zا-ي一-龥 .،]{0,300}"], 0..80),
        seen in proptest::collection::vec(0..7_u32, 0..90),
        shared in proptest::collection::vec(any::<u16>(), 0..40),
    ) {
        let payload = serde_json::json!({ "title": title, "text": text.join("\n") }).to_string();
        let reader = ArticleReader::new(&ReaderSettings::default(), "enrichment").unwrap();
        let Ok(article) = reader.read(payload.as_bytes(), None) else { return Ok(()) };
        let settings = TextSettings::default();
        let mut page = DocumentBuilder::new(&settings).unwrap().build(&article, 400_000);
        let paragraphs = Paragraphs::of(&page, Some(1));
        prop_assert!(paragraphs.keys(&seen).len() <= 8);
        prop_assert!(paragraphs.embedded.len() <= 8);
        let repeated = paragraphs.repeated(&seen);
        prop_assert!(repeated.runs.windows(2).all(|pair| pair[0].end < pair[1].start));
        // What few stories have stays, wherever it stands; and nothing is set aside twice.
        if seen.iter().all(|seen| *seen == 0) {
            prop_assert!(repeated.is_empty());
        }
        repeated.apply(&mut page);
        let once = page.clone();
        repeated.apply(&mut page);
        prop_assert_eq!(format!("{once:?}"), format!("{page:?}"));
        let mut print = print("a", "", "a story");
        print.sketch = Sketch::of(&page);
        let mut shared: Vec<u32> = shared.into_iter().map(u32::from).collect();
        shared.sort_unstable();
        shared.dedup();
        for level in [0, 3, 15] {
            let found = passages(&page, &print, &shared, level);
            for each in &found {
                prop_assert!(each.start < each.end && each.tokens > 0, "{each:?}");
                prop_assert!(each.field < page.fields.len());
            }
            for pair in found.windows(2) {
                prop_assert!(pair[0].field < pair[1].field || pair[0].end <= pair[1].start, "{pair:?}");
            }
        }
    }
}
