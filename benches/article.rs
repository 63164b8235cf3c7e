//! Parse and splice: from the bytes of a raw article to its fields and back to bytes with an enrichment.
//!
//! Run with `cargo bench --bench article`. Articles are about 3 kB of our own text in the shape news-please writes.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use newsstage::article::{ArticleReader, ReaderSettings, canonical_url, published_at, splice};

const ENGLISH: &str = "The harbour council voted on Tuesday to widen the northern quay, a plan that traders had asked for since the spring floods. \
    Engineers expect the work to take two winters, and ferries will use the old pier until then. ";
const ARABIC: &str = "صوّت مجلس الميناء يوم الثلاثاء على توسيع الرصيف الشمالي، وهي خطة طالب بها التجار منذ فيضانات الربيع. \
    ويتوقع المهندسون أن يستغرق العمل شتاءين، وستستخدم العبّارات الرصيف القديم حتى ذلك الحين. ";
const ENRICHMENT: &[u8] =
    br#"{"v":1,"dedup":{"status":"unique"},"language":{"code":"en"},"topics":[]}"#;

/// An article of about `bytes` bytes with a body of repeated sentences.
fn article(sentence: &str, bytes: usize, newline: bool) -> String {
    let mut body = String::new();
    while body.len() + sentence.len() < bytes.saturating_sub(650) {
        body.push_str(sentence);
        if newline {
            body.push('\n');
        }
    }
    serde_json::json!({
        "authors": ["Mara Lind"], "date_download": "None", "date_modify": "None", "date_publish": "2026-11-20 08:30:00",
        "description": sentence, "filename": "quay.json", "image_url": "https://www.example.com/quay.jpg", "language": "en",
        "localpath": null, "source_domain": "www.example.com", "maintext": body, "text": null, "title": "Council widens the quay",
        "title_page": null, "title_rss": null, "url": "https://www.example.com/2026/11/20/quay?utm_source=feed"
    })
    .to_string()
}

/// The same JSON with every character beyond ASCII as a `\u` escape, as Python writes it.
fn escaped(json: &str) -> String {
    let mut output = String::new();
    for char in json.chars() {
        if char.is_ascii() {
            output.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(output, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
    output
}

fn html(json: &str) -> String {
    json.replace("\\n", "</p><p>")
        .replace("\"maintext\":\"", "\"maintext\":\"<p>")
}

fn benches(criterion: &mut Criterion) {
    let reader = ArticleReader::new(&ReaderSettings::default(), "enrichment")
        .expect("default settings are valid");
    let english = article(ENGLISH, 3000, false);
    let arabic = article(ARABIC, 3000, false);
    let payloads = [
        ("en 3 kB", english.clone()),
        ("ar 3 kB", arabic.clone()),
        ("ar 3 kB escaped", escaped(&arabic)),
        ("en 3 kB with line breaks", article(ENGLISH, 3000, true)),
        ("en 3 kB HTML", html(&article(ENGLISH, 3000, true))),
        ("ar 3 kB HTML", html(&article(ARABIC, 3000, true))),
    ];
    let mut group = criterion.benchmark_group("article");
    for (name, payload) in &payloads {
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(format!("read and splice, {name}"), |bencher| {
            bencher.iter(|| {
                let article = reader
                    .read(black_box(payload.as_bytes()), None)
                    .expect("the article is readable");
                splice(article.payload, &article.splice, "enrichment", ENRICHMENT)
            });
        });
    }
    for (name, payload) in payloads.iter().take(2) {
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(format!("check and splice, {name}"), |bencher| {
            bencher.iter(|| {
                let (text, plan) = reader
                    .passthrough(black_box(payload.as_bytes()))
                    .expect("the article is readable");
                splice(text, &plan, "enrichment", ENRICHMENT)
            });
        });
    }
    group.finish();
    let mut parts = criterion.benchmark_group("article parts");
    parts.bench_function("canonical URL", |bencher| {
        bencher.iter(|| {
            canonical_url(black_box(
                "https://www.example.com/2026/11/20/quay?utm_source=feed",
            ))
        });
    });
    parts.bench_function("date", |bencher| {
        bencher.iter(|| published_at(black_box("2026-11-20 08:30:00")))
    });
    parts.finish();
}

criterion_group! {
    name = article_group;
    config = Criterion::default().sample_size(50).without_plots();
    targets = benches
}
criterion_main!(article_group);
