//! Words, documents and languages of articles of about 3 kB.

use std::borrow::Cow;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use newsstage::article::{Field, IdSource, RawArticle, SplicePlan, TextField};
use newsstage::language::{LanguageDetector, LanguageSettings};
use newsstage::text::{DocumentBuilder, TextSettings, tokenize};

const BYTES: usize = 3000;
const CHARACTERS: usize = 400_000;

const ARABIC: &str = include_str!("../tests/fixtures/pages/aggregator_ar.txt");
const ENGLISH: [&str; 5] = [
    "The harbour council of Brell voted on Tuesday evening to keep its old ferry for another three years, after a debate \
     that lasted until midnight and drew more than two hundred residents into the town hall.",
    "Mayor Ines Calder said that the decision was \"a promise to the islands\", where some six thousand people depend on \
     the boat for work, school and hospital visits during the winter months.",
    "Opponents had argued that a bridge would be cheaper in the long run, but engineers warned in a report published \
     last month that the sea bed was too soft for the pillars which the plan required.",
    "Ticket prices will rise by 4.5 per cent in spring, while pupils and pensioners keep their discount; the council \
     will also buy a second-hand vessel from the port of Ostrel for emergencies.",
    "Fishermen welcomed the vote but asked for a fixed timetable, because delays of up to ninety minutes had spoiled \
     catches worth thousands of crowns since the beginning of the year.",
];
const CHINESE: &str = "临江市政府周三宣布，新的跨江大桥将于明年春天通车，届时两岸居民的通勤时间可缩短一半。负责人表示，桥面设有六条车道。\n";

/// The start of a text, at most [`BYTES`] long.
fn start(text: &str) -> &str {
    let end = (0..=BYTES.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

fn texts() -> [(&'static str, String); 3] {
    let english = ENGLISH.join("\n\n");
    [
        ("ar", start(ARABIC).to_owned()),
        (
            "en",
            start(&format!("{english}\n\n{english}\n\n{english}\n\n{english}")).to_owned(),
        ),
        ("zh", start(&CHINESE.repeat(40)).to_owned()),
    ]
}

fn article(body: &str) -> RawArticle<'_> {
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
        title: None,
        body: Some(TextField {
            field: Field {
                pointer: "/text".to_owned(),
                text: Cow::Borrowed(body),
            },
            extracted: None,
        }),
        summary: None,
        language: None,
        published: None,
        authors: Vec::new(),
        tags: Vec::new(),
        country: None,
        warnings: Vec::new(),
    }
}

fn text(criterion: &mut Criterion) {
    let builder = DocumentBuilder::new(&TextSettings::default()).expect("shipped phrases");
    let detector = LanguageDetector::new(&LanguageSettings::default()).expect("shipped tables");
    for (language, text) in texts() {
        let mut bytes = 0;
        criterion.bench_function(&format!("tokenize/{language}"), |bencher| {
            bencher.iter(|| tokenize(black_box(&text), |form, _, _, _| bytes += form.len()));
        });
        black_box(bytes);
        let raw = article(&text);
        criterion.bench_function(&format!("build/{language}"), |bencher| {
            bencher.iter(|| builder.build(black_box(&raw), CHARACTERS));
        });
        let document = builder.build(&raw, CHARACTERS);
        criterion.bench_function(&format!("detect/{language}"), |bencher| {
            bencher.iter(|| detector.detect(black_box(&document), None));
        });
    }
}

criterion_group!(benches, text);
criterion_main!(benches);
