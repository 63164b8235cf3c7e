//! Tests of the fingerprint, on documents made by hand.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::article::SplicePlan;
use crate::dedup::Recall;
use crate::text::{Block, DocumentField, Token, ZoneKind};

/// The fingerprint of an article without a past.
fn fingerprint(
    article: &RawArticle<'_>,
    document: &Document,
    settings: &DedupSettings,
) -> Fingerprint {
    Fingerprint::of(
        Identity::of(article),
        document,
        &Recall::default(),
        settings,
    )
}

const STORY: &str =
    "the ferry to the island stays in port because the wind has not dropped since monday";

fn article<'a>(
    id: &str,
    id_source: IdSource,
    source: Option<&str>,
    url: Option<&str>,
) -> RawArticle<'a> {
    RawArticle {
        payload: "{}",
        splice: SplicePlan {
            brace: 1,
            cut: Vec::new(),
            comma: false,
        },
        id: id.to_owned(),
        id_source,
        url: None,
        canonical_url: url.map(str::to_owned),
        source: source.map(str::to_owned),
        source_name: None,
        country: None,
        title: None,
        body: None,
        summary: None,
        language: None,
        published: None,
        authors: Vec::new(),
        tags: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A document of one block for each field; words stand between spaces, or are single characters.
fn document(fields: &[(Role, ZoneKind, &str)], single: bool) -> Document {
    let mut document = Document::default();
    for (index, (role, kind, text)) in fields.iter().enumerate() {
        let first = document.tokens.len() as u32;
        let words: Vec<Cow<'_, str>> = if single {
            text.chars()
                .map(|character| character.to_string().into())
                .collect()
        } else {
            text.split_whitespace().map(Cow::from).collect()
        };
        for word in words.iter().filter(|_| kind.is_content()) {
            let folded_start = document.folded.len() as u32;
            document.folded.push_str(word);
            let folded_end = document.folded.len() as u32;
            let field = index as u16;
            document.tokens.push(Token {
                folded_start,
                folded_end,
                field,
                start: 0,
                end: 0,
                single,
                ..Token::default()
            });
        }
        let tokens = first..document.tokens.len() as u32;
        let block = Block {
            kind: *kind,
            bytes: 0..text.len(),
            span: 0..0,
            tokens,
            reason: None,
        };
        document.fields.push(DocumentField {
            role: *role,
            pointer: String::new(),
            text: (*text).to_owned(),
            blocks: vec![block],
        });
    }
    document
}

fn of(fields: &[(Role, ZoneKind, &str)]) -> Fingerprint {
    let article = article("x", IdSource::Text, None, None);
    fingerprint(
        &article,
        &document(fields, false),
        &DedupSettings::default(),
    )
}

fn keys(id: &str, id_source: IdSource, source: Option<&str>, url: Option<&str>) -> Fingerprint {
    let document = document(&[(Role::Body, ZoneKind::Main, STORY)], false);
    fingerprint(
        &article(id, id_source, source, url),
        &document,
        &DedupSettings::default(),
    )
}

#[test]
fn only_declared_ids_are_identity_and_hosts_keep_them_apart() {
    let here = keys("7", IdSource::Field, Some("coast.example"), None);
    assert_eq!(
        here.identity.id_key,
        keys("7", IdSource::Key, Some("coast.example"), None)
            .identity
            .id_key
    );
    assert_ne!(
        here.identity.id_key,
        keys("7", IdSource::Field, Some("hills.example"), None)
            .identity
            .id_key
    );
    assert_ne!(
        here.identity.id_key,
        keys("7", IdSource::Field, None, None).identity.id_key
    );
    assert!(here.identity.id_key.is_some());
    assert_eq!(keys("7", IdSource::Url, None, None).identity.id_key, None);
    assert_eq!(keys("7", IdSource::Text, None, None).identity.id_key, None);
}

#[test]
fn a_front_page_is_no_article() {
    for url in [
        "https://coast.example",
        "https://coast.example/",
        "http://coast.example:8080/",
    ] {
        assert_eq!(
            keys("7", IdSource::Field, None, Some(url)).identity.url_key,
            None,
            "{url}"
        );
    }
    let key = |url| keys("7", IdSource::Field, None, Some(url)).identity.url_key;
    assert!(key("https://coast.example/a").is_some());
    assert!(key("https://coast.example/?p=7").is_some());
    assert_ne!(
        key("https://coast.example/a"),
        key("https://coast.example/b")
    );
}

#[test]
fn the_body_without_furniture_and_headline_is_the_text() {
    let plain = of(&[
        (Role::Title, ZoneKind::Title, "no ferry"),
        (Role::Body, ZoneKind::Main, STORY),
    ]);
    let page = of(&[
        (Role::Title, ZoneKind::Title, "island cut off"),
        (Role::Body, ZoneKind::Share, "follow us"),
        (Role::Body, ZoneKind::Lead, STORY),
    ]);
    assert_eq!(plain.content_key, page.content_key);
    assert!(plain.content_key.is_some());
    let other = of(&[(
        Role::Body,
        ZoneKind::Main,
        &STORY.replace("monday", "friday"),
    )]);
    assert_ne!(plain.content_key, other.content_key);
}

#[test]
fn short_texts_do_not_identify_a_story() {
    let briefing = of(&[(Role::Body, ZoneKind::Main, "morning briefing")]);
    assert_eq!(briefing.content_key, None);
    assert_eq!(
        briefing.text_key,
        of(&[(Role::Body, ZoneKind::Main, "morning briefing")]).text_key
    );
    let eleven = "one two three four five six seven eight nine ten eleven";
    assert_eq!(
        of(&[(Role::Body, ZoneKind::Main, eleven)]).content_key,
        None
    );
    assert!(
        of(&[(Role::Body, ZoneKind::Main, &format!("{eleven} twelve"))])
            .content_key
            .is_some()
    );
    assert_eq!(
        of(&[(
            Role::Title,
            ZoneKind::Title,
            "one two three four five six seven"
        )])
        .content_key,
        None
    );
    assert!(
        of(&[(
            Role::Title,
            ZoneKind::Title,
            "one two three four five six seven eight"
        )])
        .content_key
        .is_some()
    );
    let teaser = [
        (Role::Title, ZoneKind::Title, "one two three four"),
        (Role::Summary, ZoneKind::Main, "five six seven eight"),
    ];
    assert_eq!(of(&teaser).content_key, None);
}

#[test]
fn characters_of_scripts_without_spaces_count_half() {
    let of = |text: &str| {
        let document = document(&[(Role::Body, ZoneKind::Main, text)], true);
        fingerprint(
            &article("x", IdSource::Text, None, None),
            &document,
            &DedupSettings::default(),
        )
    };
    assert_eq!(of(&"海".repeat(23)).content_key, None);
    assert!(of(&"海".repeat(24)).content_key.is_some());
}

#[test]
fn word_borders_count() {
    let left = of(&[(Role::Body, ZoneKind::Main, "ab c")]);
    assert_ne!(
        left.text_key,
        of(&[(Role::Body, ZoneKind::Main, "a bc")]).text_key
    );
}

#[test]
fn a_page_of_furniture_is_compared_as_it_is() {
    let page = of(&[(Role::Body, ZoneKind::Share, "follow us everywhere")]);
    assert_eq!(page.content_key, None);
    assert_ne!(
        page.text_key,
        of(&[(Role::Body, ZoneKind::Share, "subscribe here")]).text_key
    );
    assert_eq!(of(&[]).content_key, None);
}

#[test]
fn token_ranges_outside_the_document_are_ignored() {
    let mut broken = document(&[(Role::Body, ZoneKind::Main, STORY)], false);
    broken.fields[0].blocks[0].tokens = 3..4_000_000;
    let print = fingerprint(
        &article("x", IdSource::Text, None, None),
        &broken,
        &DedupSettings::default(),
    );
    assert_eq!(print.content_key, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_a_fingerprint(id in any::<String>(), host in any::<Option<String>>(), url in any::<String>(), text in any::<String>()) {
        let article = article(&id, IdSource::Field, host.as_deref(), Some(&url));
        let document = document(&[(Role::Title, ZoneKind::Title, &url), (Role::Body, ZoneKind::Main, &text)], false);
        let print = fingerprint(&article, &document, &DedupSettings::default());
        prop_assert!(print.content_key.is_none_or(|key| key == print.text_key));
        let longer = article_with(&article, &format!("{id}x"));
        prop_assert_ne!(fingerprint(&longer, &document, &DedupSettings::default()).identity.id_key, print.identity.id_key);
    }
}

fn article_with<'a>(article: &RawArticle<'a>, id: &str) -> RawArticle<'a> {
    RawArticle {
        id: id.to_owned(),
        ..article.clone()
    }
}

#[test]
fn an_enrichment_does_not_change_what_a_payload_is() {
    let key = |json: &str| {
        let settings = crate::config::Config::default().reader_settings();
        let reader = crate::article::ArticleReader::new(&settings, "enrichment").unwrap();
        Identity::of(&reader.read(json.as_bytes(), None).unwrap()).payload_key
    };
    let raw = key(r#"{"id":"a","title":"The ferry stays in port" }"#);
    assert_eq!(
        raw,
        key(r#"{"id":"a","title":"The ferry stays in port" ,"enrichment":{"v":1,"x":[{}]}}"#)
    );
    assert_ne!(raw, key(r#"{"id":"a","title":"The ferry stays in port"}"#));
}

#[test]
fn names_and_figures_are_told_apart() {
    let article = article("x", IdSource::Field, None, None);
    let text = "Ana Berg paid 12 and 340 crowns to Karl in Oslo on 7 May";
    let mut document = document(&[(Role::Body, ZoneKind::Main, text)], false);
    let capitals = ["Ana", "Berg", "Karl", "Oslo", "May"];
    for (token, word) in document.tokens.iter_mut().zip(text.split(' ')) {
        token.capital = capitals.contains(&word);
    }
    let print = fingerprint(&article, &document, &DedupSettings::default());
    assert_eq!(print.figures.hashes().len(), 3);
    assert_eq!(print.names.hashes().len(), 5);
    assert_eq!(print.names.agreement(&print.names).of_smaller(3), Some(1.0));
    assert_eq!(
        print.names.agreement(&print.figures).of_smaller(3),
        Some(0.0)
    );
    assert_eq!(
        print.headline.agreement(&print.headline).of_smaller(1),
        None
    );
}
