//! What a verdict costs: the fingerprint of a story, and judging it among many. `cargo bench --bench dedup`
//!
//! The storage alone, up to ten million articles on disk, is in `index.rs`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use newsstage::article::{Message, Position};
use newsstage::config::Config;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::Pipeline;

/// Articles that are remembered before the measurement.
const REMEMBERED: usize = 20_000;
/// Articles of one measured batch.
const BATCH: usize = 500;
/// Words of an article: about 3 kB.
const WORDS: usize = 480;

/// A story of invented words; every fourth repeats two thirds of an earlier one.
fn story(number: usize) -> String {
    let of = if number % 4 == 3 { number - 3 } else { number };
    let words: Vec<String> = (0..WORDS)
        .map(|word| {
            let seed = if word < WORDS / 3 { number } else { of };
            let mut value = (seed as u64) << 32 | word as u64;
            value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let stop = if word % 60 == 59 { ".\\n" } else { "" };
            format!("w{:x}{stop}", value % 40_000)
        })
        .collect();
    words.join(" ")
}

fn messages(numbers: std::ops::Range<usize>) -> Vec<Message> {
    numbers
        .map(|number| Message {
            position: Position {
                topic: Arc::from("raw"),
                partition: 0,
                offset: number as i64,
            },
            key: None,
            payload: Some(
                format!(
                    r#"{{"url":"https://s{}.example/{number}","title":"story {number} of many","text":"{}"}}"#,
                    number % 50,
                    story(number)
                )
                .into_bytes(),
            ),
            headers: Vec::new(),
            timestamp_ms: None,
        })
        .collect()
}

fn pipeline(dedup: bool) -> Pipeline {
    let mut config = Config::default();
    config.stages.language = false;
    config.stages.topics = false;
    config.stages.dedup = dedup;
    config.threads = Some(1);
    let info = ProcessInfo::default();
    Pipeline::in_memory(&config, Metrics::new(&info)).expect("the stages can be built")
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("500 articles of 3 kB, one thread");
    group.sample_size(20);
    for (name, dedup) in [
        ("without dedup", false),
        ("with dedup, 20,000 remembered", true),
    ] {
        let mut pipeline = pipeline(dedup);
        let mut next = 0;
        for _ in 0..REMEMBERED / BATCH {
            pipeline
                .process(&messages(next..next + BATCH), 0)
                .expect("an index in memory");
            next += BATCH;
        }
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    next += BATCH;
                    messages(next - BATCH..next)
                },
                |batch| black_box(pipeline.process(&batch, 0).expect("an index in memory")).len(),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
