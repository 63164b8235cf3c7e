//! Words and spans stand where they say, whatever the page.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::page_tests::{AGGREGATOR, article, build, check_positions};
use super::*;
use crate::article::{ArticleReader, ReaderSettings};
use ZoneKind::{Lead, Main};

#[test]
fn links_and_accounts_have_no_tokens_but_hashtags_do() {
    let document = build(
        None,
        Some("Write to desk@example.org, see https://example.org/path or ask @desk #harbour_news"),
        None,
    );
    let forms: Vec<_> = document
        .tokens
        .iter()
        .map(|token| document.form(token))
        .collect();
    assert_eq!(
        forms,
        ["write", "to", "see", "or", "ask", "harbour", "news"]
    );
}

#[test]
fn positions_of_html_are_those_of_the_published_field() {
    let html = "<p>Der F&auml;hrhafen von <b>Brell</b> bleibt offen.</p><p>Das sagte die B&uuml;rgermeisterin am Montag.</p>";
    let payload =
        serde_json::json!({ "title": "Hafen", "content_html": html, "text": html }).to_string();
    let reader =
        ArticleReader::new(&ReaderSettings::default(), "enrichment").expect("default settings");
    let raw = reader.read(payload.as_bytes(), None).expect("an article");
    let builder = DocumentBuilder::new(&TextSettings::default()).expect("shipped phrases");
    let document = builder.build(&raw, 400_000);
    let published: Vec<char> = html.chars().collect();
    let place = |form: &str| {
        let token = document
            .tokens
            .iter()
            .find(|token| document.form(token) == form)
            .expect("a token");
        published[token.start as usize..token.end as usize]
            .iter()
            .collect::<String>()
    };
    assert_eq!(place("fahrhafen"), "F&auml;hrhafen");
    assert_eq!(place("brell"), "Brell");
    assert_eq!(place("burgermeisterin"), "B&uuml;rgermeisterin");
    let body: Vec<_> = document
        .fields
        .iter()
        .filter(|field| field.role == Role::Body)
        .flat_map(|field| &field.blocks)
        .collect();
    assert_eq!(
        body.iter().map(|block| block.kind).collect::<Vec<_>>(),
        [Lead, Main]
    );
}

#[test]
fn zoning_can_be_switched_off() {
    let builder = DocumentBuilder::new(&TextSettings { zones: false }).expect("shipped phrases");
    let document = builder.build(&article(None, Some(AGGREGATOR), None), 400_000);
    assert!(
        document.fields[0]
            .blocks
            .iter()
            .all(|block| block.kind.is_content())
    );
}

#[test]
fn long_texts_are_cut_in_code_points() {
    let builder = DocumentBuilder::new(&TextSettings::default()).expect("shipped phrases");
    let document = builder.build(&article(Some("نبأ"), Some("وصلت السفينة"), None), 7);
    assert!(document.truncated);
    assert_eq!(
        (document.characters, document.fields[1].text.as_str()),
        (7, "وصلت")
    );
    assert!(
        !builder
            .build(&article(Some("نبأ"), Some("وصلت السفينة"), None), 15)
            .truncated
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn any_page_gives_true_positions(lines in prop::collection::vec(prop_oneof![
        Just("إقرأ أيضاً:".to_owned()), Just("Tags:".to_owned()), Just("Source: x".to_owned()), Just("• one two".to_owned()),
        Just("— N (@n) May".to_owned()), Just("see https://t.co/a @b c@d.e".to_owned()), Just("相关新闻".to_owned()), ".{0,30}",
    ], 0..16), title in prop::option::of(".{0,12}"), limit in 0_usize..200) {
        let body = lines.join("\n");
        let raw = article(title.as_deref(), Some(&body), None);
        let builder = DocumentBuilder::new(&TextSettings::default()).expect("shipped phrases");
        let document = builder.build(&raw, limit);
        let published: Vec<&str> = document.fields.iter()
            .map(|field| if field.role == Role::Title { title.as_deref().unwrap_or_default() } else { body.as_str() })
            .collect();
        check_positions(&document, &published);
        prop_assert!(document.characters as usize <= limit);
        let whole = builder.build(&raw, 400_000);
        let words = folded_words(&body).len();
        let body_blocks: Vec<_> = whole.fields.iter().filter(|field| field.role == Role::Body).flat_map(|field| &field.blocks).collect();
        let kept = body_blocks.iter().any(|block| block.kind.is_content() && !block.tokens.is_empty());
        prop_assert!(words == 0 || kept || body.contains("://") || body.contains('@') || body.contains('/'));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(2), ..ProptestConfig::default() })]

    #[test]
    fn every_word_of_a_page_lies_in_one_block(pieces in prop::collection::vec((prop_oneof![
        Just("إقرأ أيضاً:".to_owned()), Just("Tags: ferry, Brell".to_owned()), Just("Source: Arden News".to_owned()),
        Just("Home | World | Sport | Culture | Business".to_owned()), Just("— N (@n) May 5, 2031".to_owned()),
        Just("see https://t.co/a".to_owned()), Just("相关新闻：".to_owned()), Just("关键词：临江、大桥".to_owned()),
        Just("All rights reserved.".to_owned()), Just("Photo: Tom Arden (Reuters)".to_owned()),
        Just("The harbour council of Brell voted on Tuesday evening to keep its old ferry.".to_owned()), ".{0,20}",
    ], prop::sample::select(vec![" ", ". ", " | ", "\n", "\n\n", "：", " — ", ", "])), 0..24)) {
        let body: String = pieces.iter().flat_map(|(piece, separator)| [piece.as_str(), separator]).collect();
        let document = build(None, Some(&body), None);
        check_positions(&document, &[&body]);
        let (mut end, mut words) = (0, 0);
        for block in document.fields.iter().flat_map(|field| &field.blocks) {
            prop_assert!(block.bytes.start >= end);
            end = block.bytes.end;
            words += tokens_of(&body[block.bytes.clone()]);
        }
        let all: usize = body.split(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}')).map(tokens_of).sum();
        prop_assert_eq!(words, all);
    }
}

fn tokens_of(text: &str) -> usize {
    folded_words(text).len()
}
