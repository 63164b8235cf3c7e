//! Cost of dedup: the fingerprint, a judgement among a million articles, and writing a batch.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use newsstage::article::{IdSource, Position, RawArticle, SplicePlan};
use newsstage::dedup::{DedupIndex, DedupSettings, Fingerprint};
use newsstage::text::{Block, Document, DocumentField, Role, Token, ZoneKind};
use xxhash_rust::xxh3::xxh3_128;

const MILLION: u64 = 1_000_000;

/// An article of 3 kB with a body of 500 words.
fn article(payload: &str) -> (RawArticle<'_>, Document) {
    let mut document = Document::default();
    for number in 0..500_u32 {
        let folded_start = document.folded.len() as u32;
        document.folded.push_str(
            ["haven", "ferry", "and", "windless", "mon", "shipping"][number as usize * 7 % 6],
        );
        let folded_end = document.folded.len() as u32;
        document.tokens.push(Token {
            folded_start,
            folded_end,
            field: 0,
            start: 0,
            end: 0,
            single: false,
            capital: false,
        });
    }
    let block = Block {
        kind: ZoneKind::Main,
        bytes: 0..0,
        span: 0..0,
        tokens: 0..500,
        reason: None,
    };
    let (role, pointer, text) = (Role::Body, "/text".to_owned(), String::new());
    document.fields.push(DocumentField {
        role,
        pointer,
        text,
        blocks: vec![block],
    });
    let article = RawArticle {
        payload,
        splice: SplicePlan {
            brace: 0,
            cut: Vec::new(),
            comma: false,
        },
        id: "https://news.example.com/2026/11/24/the-ferry-stays-in-port".to_owned(),
        id_source: IdSource::Field,
        url: None,
        canonical_url: Some(
            "https://news.example.com/2026/11/24/the-ferry-stays-in-port".to_owned(),
        ),
        source: Some("news.example.com".to_owned()),
        source_name: None,
        title: None,
        body: None,
        summary: None,
        language: None,
        published: None,
        authors: Vec::new(),
        tags: Vec::new(),
        warnings: Vec::new(),
    };
    (article, document)
}

/// The message with this number: an id of 60 bytes, a URL, and every third text that of an earlier article.
fn message(topic: &Arc<str>, number: u64) -> (Position, Fingerprint) {
    let position = Position {
        topic: topic.clone(),
        partition: (number % 12) as i32,
        offset: (number / 12) as i64,
    };
    let id = format!(
        "https://news.example.com/world/{:029}",
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    );
    let text = if number % 3 == 2 { number / 2 } else { number };
    let key = Some(xxh3_128(id.as_bytes()));
    let text_key = xxh3_128(&text.to_le_bytes());
    let print = Fingerprint {
        id,
        id_key: key,
        url_key: key.map(|key| !key),
        content_key: Some(text_key),
        text_key,
        payload_key: number,
    };
    (position, print)
}

fn settings(path: &Path, max_articles: usize, fsync: bool) -> DedupSettings {
    let max_articles = max_articles.try_into().expect("not zero");
    DedupSettings {
        path: path.to_owned(),
        max_articles,
        fsync,
        ..DedupSettings::default()
    }
}

fn filled(mut index: DedupIndex, topic: &Arc<str>) -> DedupIndex {
    for number in 0..MILLION {
        let (position, print) = message(topic, number);
        index.judge(&position, &print, 0);
        if number % 2_000 == 1_999 {
            index.flush().expect("flush");
        }
    }
    index
}

fn fingerprint(criterion: &mut Criterion) {
    let payload = "x".repeat(3_000);
    let (article, document) = article(&payload);
    let settings = DedupSettings::default();
    criterion.bench_function("dedup/fingerprint of 500 words", |bencher| {
        bencher.iter(|| Fingerprint::of(black_box(&article), black_box(&document), &settings));
    });
}

/// Judges new messages, then the same again, with the million in one segment and in sixteen.
fn judge(criterion: &mut Criterion) {
    let topic: Arc<str> = "articles".into();
    for (segments, capacity) in [(1, 64 * MILLION), (17, MILLION)] {
        let settings = settings(Path::new(""), capacity as usize, false);
        let mut index = filled(DedupIndex::in_memory(&settings), &topic);
        println!(
            "{segments} segments: {} B of memory each",
            index.memory_bytes() / MILLION
        );
        let mut next = MILLION;
        criterion.bench_function(
            &format!("dedup/judge new, 1 M in {segments} segments"),
            |bencher| {
                bencher.iter_batched(
                    || {
                        next += 1;
                        message(&topic, next)
                    },
                    |(position, print)| index.judge(&position, &print, 0),
                    BatchSize::SmallInput,
                );
            },
        );
        let mut again = 0;
        criterion.bench_function(
            &format!("dedup/judge replay, 1 M in {segments} segments"),
            |bencher| {
                bencher.iter_batched(
                    || {
                        again = (again + 7_919) % MILLION;
                        message(&topic, again)
                    },
                    |(position, print)| index.judge(&position, &print, 0),
                    BatchSize::SmallInput,
                );
            },
        );
    }
}

fn disk(criterion: &mut Criterion) {
    let topic: Arc<str> = "articles".into();
    for fsync in [false, true] {
        let folder = tempfile::tempdir().expect("folder");
        let settings = settings(folder.path(), 20 * MILLION as usize, fsync);
        let (mut index, _) = DedupIndex::open(&settings, 0).expect("open");
        let mut next = 0;
        criterion.bench_function(
            &format!("dedup/judge and flush 2,000, fsync {fsync}"),
            |bencher| {
                bencher.iter_batched(
                    || {
                        next += 2_000;
                        (next - 2_000..next)
                            .map(|number| message(&topic, number))
                            .collect::<Vec<_>>()
                    },
                    |batch| {
                        for (position, print) in &batch {
                            index.judge(position, print, 0);
                        }
                        index.flush().expect("flush");
                    },
                    BatchSize::LargeInput,
                );
            },
        );
    }
    let folder = tempfile::tempdir().expect("folder");
    let settings = settings(folder.path(), MILLION as usize, false);
    let index = filled(DedupIndex::open(&settings, 0).expect("open").0, &topic);
    println!(
        "{} B of disk, {} of memory each",
        index.disk_bytes() / MILLION,
        index.memory_bytes() / MILLION
    );
    drop(index);
    criterion.bench_function("dedup/open 1 M", |bencher| {
        bencher.iter_with_large_drop(|| DedupIndex::open(&settings, 0).expect("open"));
    });
    let (index, _) = DedupIndex::open(&settings, 0).expect("open");
    println!(
        "{} B of memory each after a restart",
        index.memory_bytes() / MILLION
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = fingerprint, judge, disk
}
criterion_main!(benches);
