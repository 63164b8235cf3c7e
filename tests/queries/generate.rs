//! Random queries and articles in many scripts, out of pieces that meet often.

use proptest::prelude::*;
use proptest::sample::select;

use crate::tree::{Distance, LEAD, MAIN, TITLE, Tree};

const WORDS: [&str; 26] = [
    "oil",
    "Gas",
    "price",
    "OPEC",
    "naïve",
    "strike",
    "US",
    "Ёлка",
    "нефть",
    "straße",
    "النفط",
    "أوبك",
    "الحكومة",
    "حكومة",
    "روسيا",
    "مصر",
    "ایران",
    "وزير",
    "北京",
    "東京都",
    "京都",
    "ไทย",
    "U.S",
    "covid-19",
    "opec+",
    "AT&T",
];
const PATTERNS: [&str; 12] = [
    "oil*",
    "*ice",
    "pri?e",
    "*ri*",
    "o*c",
    "st*k?",
    "неф*",
    "حكوم*",
    "الحكوم*",
    "الح*",
    "*وسي*",
    "?as",
];
const TAGS: [&str; 4] = ["#oil", "#oil_price", "#نفط", "#oi*"];
const RAWS: [&str; 6] = ["OPEC", "C++", "U.S.", "oil, ", "naïve", "وبالنفط"];
const PIECES: [&str; 52] = [
    "oil",
    "Oil",
    "oils",
    "gas",
    "Gas",
    "GAS",
    "price",
    "prices",
    "pride",
    "OPEC",
    "opec",
    "opec+",
    "Naive",
    "NAÏVE",
    "naïve",
    "strike",
    "strikes",
    "striking",
    "US",
    "us",
    "U.S.",
    "Mr.",
    "the",
    "C++",
    "C",
    "нефть",
    "нефти",
    "Елка",
    "ёлка",
    "STRASSE",
    "straße",
    "النفط",
    "وبالنفط",
    "نفط",
    "أوبك",
    "اوبك",
    "الحكومة",
    "للحكومة",
    "والحكومه",
    "حكومتنا",
    "روسيا",
    "بروسيا",
    "لمصر",
    "مصر",
    "ايران",
    "إیران",
    "وزير",
    "北京",
    "東京都",
    "京都",
    "ไทย",
    "#oil",
];
const RARE: [&str; 8] = [
    "#oil_price",
    "#نفط",
    " @opec ",
    " @Oil_News ",
    "covid-19",
    "AT&T",
    "a#oil",
    "كمال",
];
const SEPARATORS: [&str; 16] = [
    " ", " ", " ", " ", " ", ", ", ". ", ".\n", "\n", "\n\n", "! ", "؟ ", "。", "-", ".” ", " — ",
];

/// An article of the tests.
#[derive(Debug, Clone)]
pub struct Article {
    pub title: Option<String>,
    pub body: String,
    pub language: &'static str,
    pub host: &'static str,
    pub source_name: &'static str,
    pub country: &'static str,
    pub path: &'static str,
    pub authors: Vec<&'static str>,
    pub tags: Vec<&'static str>,
    pub topics: Vec<&'static str>,
}

/// A query of the tests. It may refer to those before it.
#[derive(Debug, Clone)]
pub struct Query {
    pub tree: Tree,
    pub zones: u8,
    pub langs: Vec<String>,
    pub whole: bool,
}

fn text(most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![12 => select(PIECES.to_vec()), 1 => select(RARE.to_vec())];
    prop::collection::vec((piece, select(SEPARATORS.to_vec())), 0..most).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|(piece, separator)| format!("{piece}{separator}"))
            .collect()
    })
}

pub fn article() -> impl Strategy<Value = Article> {
    let some =
        |values: &[&'static str], most| prop::collection::vec(select(values.to_vec()), 0..most);
    (
        prop::option::of(text(7)),
        text(34),
        select(vec!["en", "ar", "fa", "ru", "zh-Hans", "und", "ary", "en"]),
        select(vec!["news.bbc.co.uk", "example.ma", "opec.org"]),
        select(vec!["Oil News", "هسبريس", "BBC"]),
        select(vec!["", "Morocco", "GB", "x"]),
        select(vec!["oil/price-1", "www/sport", "2026/النفط"]),
        some(&["Jane Gas", "أحمد روسيا"], 3),
        some(&["oil price", "Sport", "نفط"], 3),
        some(&["medtop:04000000", "medtop:11000000"], 3),
    )
        .prop_map(
            |(title, body, language, host, source_name, country, path, authors, tags, topics)| {
                Article {
                    title,
                    body,
                    language,
                    host,
                    source_name,
                    country,
                    path,
                    authors,
                    tags,
                    topics,
                }
            },
        )
}

fn word() -> BoxedStrategy<Tree> {
    select(WORDS.to_vec())
        .prop_map(|word| Tree::Word(word.to_owned()))
        .boxed()
}

fn phrase() -> BoxedStrategy<Tree> {
    let word =
        prop_oneof![8 => select(WORDS.to_vec()), 2 => select(PATTERNS.to_vec()), 1 => Just("*")];
    let plain = (prop::collection::vec(word.clone(), 1..4)).prop_map(|words| (words, 0));
    let sloppy = (
        prop::collection::vec(
            select(vec!["oil", "gas", "price", "*", "oil*", "النفط", "OPEC"]),
            2..4,
        ),
        1_u32..4,
    );
    prop_oneof![2 => plain, 1 => sloppy]
        .prop_filter("some word", |(words, _)| {
            words.iter().any(|word| *word != "*")
        })
        .prop_map(|(words, slop)| {
            Tree::Phrase(words.into_iter().map(str::to_owned).collect(), slop)
        })
        .boxed()
}

fn leaf() -> BoxedStrategy<Tree> {
    let owned = |text: &str| text.to_owned();
    let pattern = select(PATTERNS.to_vec()).prop_map(move |word| Tree::Word(owned(word)));
    let cased = prop_oneof![
        select(WORDS.to_vec()).prop_map(move |word| Tree::Word(owned(word))),
        select(vec!["oil*", "Op*", "*S"])
            .prop_filter("letters", |word| word.len() > 2)
            .prop_map(move |word| Tree::Word(owned(word))),
        Just(Tree::Phrase(vec!["Oil".to_owned(), "price".to_owned()], 0)),
    ];
    prop_oneof![
        8 => word(),
        3 => pattern,
        3 => phrase(),
        1 => select(TAGS.to_vec()).prop_map(move |word| Tree::Word(owned(word))),
        1 => select(vec!["@opec", "@oil*"]).prop_map(move |word| Tree::Word(owned(word))),
        1 => cased.prop_map(|inner| Tree::Case(Box::new(inner))),
        1 => select(RAWS.to_vec()).prop_map(move |text| Tree::Raw(owned(text))),
        1 => select(vec!["strike", "prices", "нефть", "النفط", "oil"]).prop_map(move |word| Tree::Stem(Box::new(Tree::Word(owned(word))))),
        1 => select(vec!["京都", "北京", "東京都", "oil"]).prop_map(move |word| Tree::WholeWord(Box::new(Tree::Word(owned(word))))),
    ]
    .boxed()
}

fn zone() -> impl Strategy<Value = u8> {
    select(vec![TITLE, LEAD, LEAD | MAIN])
}

fn distance() -> impl Strategy<Value = Distance> {
    prop_oneof![
        4 => (0_u32..9).prop_map(Distance::Words),
        1 => Just(Distance::Sentence),
        1 => Just(Distance::Paragraph),
    ]
}

/// What has places.
fn placed() -> BoxedStrategy<Tree> {
    leaf()
        .prop_recursive(2, 8, 3, |inner| {
            let near = (
                prop::collection::vec(inner.clone(), 2..4),
                prop::collection::vec((any::<bool>(), distance()), 2),
            )
                .prop_map(|(parts, mut ops)| {
                    ops.truncate(parts.len() - 1);
                    Tree::Near(parts, ops)
                });
            prop_oneof![
                2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Tree::Or),
                3 => near,
                1 => (zone(), inner).prop_map(|(zones, inner)| Tree::Zoned(zones, Box::new(inner))),
            ]
        })
        .boxed()
}

fn meta() -> BoxedStrategy<Tree> {
    select(vec![
        ("lang", "ar"),
        ("lang", "zh"),
        ("lang", "zh-hans"),
        ("country", "MA"),
        ("country", "GB"),
        ("source", "bbc.co.uk"),
        ("source", "opec.org"),
        ("source", "oil news"),
        ("source", "هسبريس"),
        ("author", "jane"),
        ("author", "روسيا"),
        ("tag", "oil"),
        ("tag", "oil pri*"),
        ("url", "oil/price"),
        ("url", "النفط"),
        ("topic", "medtop:11000000"),
    ])
    .prop_map(|(field, value)| Tree::Meta(field, value.to_owned()))
    .boxed()
}

fn tree() -> BoxedStrategy<Tree> {
    let base = prop_oneof![
        6 => placed(),
        1 => (2_usize..4, placed()).prop_map(|(count, inner)| Tree::AtLeast(count, Box::new(inner))),
        1 => meta(),
        1 => select(vec!["q0", "q1", "q2"]).prop_map(|id| Tree::Topic(id.to_owned())),
    ];
    base.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(Tree::And),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Tree::Or),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::And(vec![a, Tree::Not(Box::new(b))])),
            1 => (zone(), placed()).prop_map(|(zones, inner)| Tree::Zoned(zones, Box::new(inner))),
        ]
    })
    .boxed()
}

pub fn query() -> impl Strategy<Value = Query> {
    (
        tree(),
        prop_oneof![4 => Just(7_u8), 1 => zone()],
        prop_oneof![3 => Just(Vec::new()), 1 => Just(vec!["ar".to_owned(), "zh".to_owned()]), 1 => Just(vec!["en".to_owned()])],
        prop::bool::weighted(0.1),
    )
        .prop_map(|(tree, zones, langs, whole)| Query { tree, zones, langs, whole })
}
