//! Whole pages: what is story and what is furniture, in several languages.

use std::borrow::Cow;

use super::*;
use crate::article::{Field, IdSource, RawArticle, SplicePlan, TextField};

pub(super) const AGGREGATOR: &str = include_str!("../../tests/fixtures/pages/aggregator_ar.txt");

fn field(pointer: &str, text: &str) -> Field<'static> {
    Field {
        pointer: pointer.to_owned(),
        text: Cow::Owned(text.to_owned()),
    }
}

/// An article with these fields, all of them plain text.
pub(super) fn article(
    title: Option<&str>,
    body: Option<&str>,
    summary: Option<&str>,
) -> RawArticle<'static> {
    let text = |pointer: &str, text: &str| TextField {
        field: field(pointer, text),
        extracted: None,
    };
    RawArticle {
        payload: "{}",
        splice: SplicePlan {
            brace: 1,
            cut: Vec::new(),
            comma: false,
        },
        id: "example".to_owned(),
        id_source: IdSource::Text,
        url: None,
        canonical_url: None,
        source: None,
        source_name: None,
        country: None,
        title: title.map(|title| field("/title", title)),
        body: body.map(|body| text("/text", body)),
        summary: summary.map(|summary| text("/summary", summary)),
        language: None,
        published: None,
        authors: Vec::new(),
        tags: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The document of an article with these fields.
pub(crate) fn build(title: Option<&str>, body: Option<&str>, summary: Option<&str>) -> Document {
    let builder = DocumentBuilder::new(&TextSettings::default()).expect("shipped phrases");
    builder.build(&article(title, body, summary), 400_000)
}

fn kinds(body: &str) -> Vec<ZoneKind> {
    let document = build(None, Some(body), None);
    document
        .fields
        .iter()
        .flat_map(|field| &field.blocks)
        .map(|block| block.kind)
        .collect()
}

/// Every token lies where it says, within its block.
pub(super) fn check_positions(document: &Document, published: &[&str]) {
    for (index, field) in document.fields.iter().enumerate() {
        let characters: Vec<char> = published[index].chars().collect();
        for block in &field.blocks {
            let tokens = &document.tokens[block.tokens.start as usize..block.tokens.end as usize];
            assert!(block.kind.is_content() || tokens.is_empty());
            assert_eq!(block.kind.is_content(), block.reason.is_none());
            for token in tokens {
                assert!(token.start >= block.span.start && token.end <= block.span.end);
                let piece: String = characters[token.start as usize..token.end as usize]
                    .iter()
                    .collect();
                assert_eq!(folded_words(&piece), [document.form(token)]);
                assert_eq!(usize::from(token.field), index);
            }
        }
    }
}

use ZoneKind::{
    Byline, Caption, EmbeddedPost, HeadlineList, KeywordCloud, Lead, Legal, Main, ReadAlso, Share,
};

#[test]
fn an_aggregator_page_falls_into_its_parts() {
    let found = kinds(AGGREGATOR);
    let mut expected = vec![Lead];
    expected.extend([Main; 19]);
    expected.extend([Byline, KeywordCloud]);
    expected.extend([ReadAlso; 5]);
    expected.extend([EmbeddedPost, EmbeddedPost, ReadAlso]);
    expected.extend([HeadlineList; 7]);
    assert_eq!(found, expected);
    check_positions(&build(None, Some(AGGREGATOR), None), &[AGGREGATOR]);
}

/// Code points of `page` that are content.
fn content(page: &str) -> usize {
    let document = build(None, Some(page), None);
    let blocks = document.fields.iter().flat_map(|field| &field.blocks);
    let content = blocks.filter(|block| block.kind.is_content());
    content.map(|block| block.span.len()).sum()
}

#[test]
fn an_aggregator_page_in_one_line_falls_into_its_parts_too() {
    let page = AGGREGATOR.lines().collect::<Vec<_>>().join(" ");
    let lines = AGGREGATOR.lines().filter(|line| !line.is_empty());
    let story: usize = lines.take(20).map(|line| line.chars().count() + 1).sum();
    let found = content(&page);
    assert!(found.abs_diff(story) < story / 10, "{found} for {story}");
    check_positions(&build(None, Some(&page), None), &[&page]);
}

#[test]
fn furniture_says_why() {
    let document = build(None, Some(AGGREGATOR), None);
    let reasons: Vec<_> = document.fields[0]
        .blocks
        .iter()
        .filter_map(|block| block.reason.as_deref())
        .collect();
    assert_eq!(reasons[0], "marker: المصدر");
    assert_eq!(reasons[2], "marker: إقرأ أيضاً");
    assert_eq!(reasons[3], "after marker: إقرأ أيضاً");
    assert_eq!(reasons[8], "signature of a post");
    assert_eq!(reasons.last(), Some(&"after marker: مقالات مشابهة"));
}

#[test]
fn the_sample_page_keeps_its_nineteen_paragraphs() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/seed/000_c8b9c0e6c7d9ba57.txt"
    );
    let Ok(page) = std::fs::read_to_string(path) else {
        eprintln!("skipped: no sample page beside the project");
        return;
    };
    let found = kinds(&page);
    let mut expected = vec![Lead];
    expected.extend([Main; 18]);
    expected.extend([Byline, KeywordCloud]);
    expected.extend([ReadAlso; 5]);
    expected.extend([EmbeddedPost, EmbeddedPost, ReadAlso]);
    expected.extend([HeadlineList; 11]);
    assert_eq!(found, expected);
}

#[test]
fn a_link_in_the_middle_does_not_swallow_the_story() {
    let page = "The harbour town of Brell voted on Sunday to keep its ferry, the council said.\n\n\
        Turnout reached 71 per cent, the highest since the bridge was built.\n\n\
        Read also: Five things to know about the Brell ferry\n\n\
        The mayor, Ines Calder, called the result \"a promise to the islands\".\n\n\
        Read more:\n\
        Ferry prices to rise in spring\n\n\
        Opponents said that they would study the costs before deciding on an appeal.\n\n\
        The first boats of the new timetable leave on 3 March.\n\n\
        Source: Brell Courier\n\
        Tags: ferry, vote, Brell\n\
        Follow us on the usual networks\n\
        © 2031 Brell Courier. All rights reserved.";
    assert_eq!(
        kinds(page),
        [
            Lead,
            Main,
            ReadAlso,
            Main,
            ReadAlso,
            ReadAlso,
            Main,
            Main,
            Byline,
            KeywordCloud,
            Share,
            Legal
        ]
    );
}

#[test]
fn a_marker_alone_without_an_end_above_takes_only_headlines() {
    let page = "Le conseil municipal a adopté mardi le budget de la ville, après un débat de six heures.\n\n\
        À LIRE AUSSI\n\
        Pourquoi la piscine restera fermée cet hiver\n\n\
        Le texte prévoit la rénovation de deux écoles et l'achat de douze autobus électriques.\n\n\
        L'opposition a quitté la salle avant le vote final, dénonçant un manque de transparence.\n\n\
        Photo : la mairie vue du fleuve\n\
        Mots-clés : budget, écoles, transports\n\
        Articles similaires\n\
        Deux candidats pour la mairie\n\
        Le marché couvert rouvre samedi";
    assert_eq!(
        kinds(page),
        [
            Lead,
            ReadAlso,
            ReadAlso,
            Main,
            Main,
            Caption,
            KeywordCloud,
            HeadlineList,
            HeadlineList,
            HeadlineList
        ]
    );
}

#[test]
fn a_second_article_after_the_source_line_is_not_main_text() {
    let page = "Жители посёлка Ольховка во вторник вышли на субботник и за день очистили берег озера от мусора.\n\
        По словам главы посёлка, в работе участвовали более трёхсот человек, в том числе школьники и пенсионеры.\n\
        Собранный мусор вывезли на шести грузовиках, а к вечеру на набережной установили новые скамейки и фонари.\n\
        Осенью здесь посадят аллею из сорока лип, пообещали в администрации.\n\
        Источник: Ольховский вестник\n\
        Читайте также:\n\
        В Ольховке откроют библиотеку\n\
        Новая библиотека примет первых читателей в сентябре, сообщили в отделе культуры.\n\
        В фонде будет двадцать тысяч книг.\n\
        Похожие новости\n\
        Озеро под Ольховкой признали чистым\n\
        Школьники посадили липы";
    assert_eq!(
        kinds(page),
        [
            Lead,
            Main,
            Main,
            Main,
            Byline,
            ReadAlso,
            ReadAlso,
            ReadAlso,
            ReadAlso,
            HeadlineList,
            HeadlineList,
            HeadlineList
        ]
    );
}

#[test]
fn chinese_pages_have_furniture_too() {
    let page = "临江市政府周三宣布，新的跨江大桥将于明年春天通车，届时两岸居民的通勤时间可缩短一半。\n\
        负责人表示，桥面设有六条车道和两条自行车道，总投资约为四十亿元。\n\
        当地商户希望大桥能够带来更多游客。\n\
        来源：临江日报\n\
        责任编辑：王小雨\n\
        相关新闻\n\
        临江地铁二号线开工\n\
        老码头将改建为公园";
    assert_eq!(
        kinds(page),
        [
            Lead,
            Main,
            Main,
            Byline,
            Byline,
            HeadlineList,
            HeadlineList,
            HeadlineList
        ]
    );
}

#[test]
fn bullets_inside_a_story_stay() {
    let page = "The plan has three parts, the ministry said on Monday, and all of them start next year in the north.\n\
        • Cheaper tickets for pupils\n\
        • Night buses on four lines\n\
        • A new depot in Brell\n\
        Drivers welcomed the plan but asked for longer breaks between shifts, a union spokesman said on Tuesday evening.\n\
        • Storm closes two mountain roads\n\
        • Museum shows the oldest map of the coast\n\
        • Choir wins prize in the capital";
    assert_eq!(
        kinds(page),
        [
            Lead,
            Main,
            Main,
            Main,
            Main,
            HeadlineList,
            HeadlineList,
            HeadlineList
        ]
    );
}

#[test]
fn where_all_is_furniture_all_is_main() {
    assert_eq!(
        kinds("Tags: harbour, ferry\nFollow us on the usual networks"),
        [Lead, Main]
    );
    assert_eq!(
        kinds("• One ship\n• Two ships\n• Three ships"),
        [Lead, Main, Main]
    );
}

#[test]
fn fields_come_in_order_and_the_summary_stands_in() {
    let roles = |document: &Document| {
        document
            .fields
            .iter()
            .map(|field| field.role)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        roles(&build(Some("A"), Some("B c."), Some("D"))),
        [Role::Title, Role::Body]
    );
    assert_eq!(
        roles(&build(Some("A"), Some(" \n… "), Some("D"))),
        [Role::Title, Role::Summary]
    );
    assert_eq!(roles(&build(Some("A"), None, None)), [Role::Title]);
    assert!(build(None, None, None).tokens.is_empty());
}
